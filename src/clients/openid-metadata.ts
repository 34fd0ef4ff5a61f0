import type { Algorithm, Profile } from '../profiles/profile.ts'
import type { Issuer, JsonWebKeySet } from '../types.ts'
import { problemWithEncryption } from './encryption.ts'
import type { ContentEncryption, KeyEncryption } from './encryption.ts'
import { checkOutboundUrl } from './outbound.ts'
import type { OutboundAllowance } from './outbound.ts'
import { problemWithRedirectUri } from './redirect-uri.ts'
import { problemWithSector } from './sector.ts'
import { problemWithSigning } from './signed-answers.ts'

/**
 * What clients register for OpenID Connect (Registration 2, RP-Initiated Logout 3.1, Back-Channel
 * Logout 2.2).
 */
export type OpenIdMetadata = {
  /** Absent: `public`. */
  readonly subject_type?: 'public' | 'pairwise'
  readonly sector_identifier_uri?: string
  readonly id_token_signed_response_alg?: Algorithm
  readonly id_token_encrypted_response_alg?: KeyEncryption
  readonly id_token_encrypted_response_enc?: ContentEncryption
  readonly userinfo_signed_response_alg?: Algorithm
  readonly userinfo_encrypted_response_alg?: KeyEncryption
  readonly userinfo_encrypted_response_enc?: ContentEncryption
  readonly post_logout_redirect_uris?: readonly string[]
  readonly backchannel_logout_uri?: string
  readonly backchannel_logout_session_required?: boolean
}

export const openIdMembers = [
  'subject_type', 'sector_identifier_uri', 'id_token_signed_response_alg', 'id_token_encrypted_response_alg',
  'id_token_encrypted_response_enc', 'userinfo_signed_response_alg', 'userinfo_encrypted_response_alg',
  'userinfo_encrypted_response_enc', 'post_logout_redirect_uris', 'backchannel_logout_uri',
  'backchannel_logout_session_required',
] as const satisfies readonly (keyof OpenIdMetadata)[] // prettier-ignore

/** What a registration is judged by, beside its members. */
export type OpenIdContext = {
  readonly issuer: Issuer
  readonly allowed: OutboundAllowance | undefined
  /** The checked keys of the registration itself; undefined: they are at an address, or there are none. */
  readonly jwks: JsonWebKeySet | undefined
}

/** It travels in the sealed question whether to sign out. */
const longestReturn = 1_024

type Registration = OpenIdMetadata & {
  readonly redirect_uris: readonly string[]
  readonly application_type: 'web' | 'native'
  readonly jwks_uri?: string
}

const signedAnswers = ['id_token_signed_response_alg', 'userinfo_signed_response_alg'] as const

/** What is wrong with the OpenID Connect part of a registration, in words. Shapes were checked before. */
export function problemWithOpenId(
  metadata: Registration,
  context: OpenIdContext,
): string | undefined {
  return (
    problemWithSigning(signedAnswers, metadata, context.issuer) ??
    problemWithEncryption('id_token', metadata, context.jwks) ??
    problemWithEncryption('userinfo', metadata, context.jwks) ??
    problemWithUnsigned(metadata) ??
    problemWithAddresses(metadata, context) ??
    problemWithSector(metadata) ??
    problemWithLogout(metadata, context.issuer.profile)
  )
}

/** Anybody can encrypt for a published key: only the signature inside says who wrote it. */
const problemWithUnsigned = (metadata: Registration): string | undefined =>
  metadata.userinfo_encrypted_response_alg !== undefined &&
  metadata.userinfo_signed_response_alg === undefined
    ? 'userinfo_encrypted_response_alg needs userinfo_signed_response_alg'
    : undefined

function problemWithAddresses(
  metadata: Registration,
  { issuer, allowed }: OpenIdContext,
): string | undefined {
  for (const member of ['sector_identifier_uri', 'backchannel_logout_uri'] as const) {
    const address = metadata[member]
    const problem =
      address === undefined ? undefined : checkOutboundUrl(address, issuer, allowed, member)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** A person is sent to these addresses as to a redirect URI, so they are judged as one. */
function problemWithLogout(metadata: Registration, profile: Profile): string | undefined {
  for (const uri of metadata.post_logout_redirect_uris ?? []) {
    const problem = problemWithRedirectUri(uri, metadata.application_type, profile)
    if (problem !== undefined) return `a post_logout_redirect_uri ${problem}`
    if (uri.length > longestReturn) {
      return `a post_logout_redirect_uri is longer than ${longestReturn} characters`
    }
  }
  return metadata.backchannel_logout_session_required === true &&
    metadata.backchannel_logout_uri === undefined
    ? 'backchannel_logout_session_required needs backchannel_logout_uri'
    : undefined
}
