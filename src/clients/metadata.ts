import { isRecord } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { Algorithm, ClientAuthenticationMethod } from '../profiles/profile.ts'
import { parseDistinguishedName } from '../proof/distinguished-name.ts'
import type { Issuer, JsonWebKeySet } from '../types.ts'
import { clientIdForm } from './ids.ts'
import { checkPublicJwks, mayVerify } from './jwks.ts'
import type { PublicJwk } from './jwks.ts'
import { messageMembers, problemWithMessages } from './message-metadata.ts'
import type { MessageMetadata } from './message-metadata.ts'
import { subjectMembers, wrongType } from './metadata-shapes.ts'
import type { SubjectMember } from './metadata-shapes.ts'
import { openIdMembers, problemWithOpenId } from './openid-metadata.ts'
import type { OpenIdMetadata } from './openid-metadata.ts'
import type { OutboundAllowance } from './outbound.ts'
import { checkOutboundUrl } from './outbound.ts'
import { problemWithRedirectUri } from './redirect-uri.ts'

export const grantTypeNames = ['authorization_code', 'refresh_token', 'client_credentials'] as const
export type GrantTypeName = (typeof grantTypeNames)[number]

/**
 * Validated client metadata under its registered names (RFC 7591, RFC 8705, RFC 9449). Only
 * `checkClientMetadata` makes it.
 */
export type ClientMetadata = {
  readonly client_name: string
  readonly application_type: 'web' | 'native'
  readonly redirect_uris: readonly string[]
  readonly grant_types: readonly GrantTypeName[]
  readonly response_types: readonly string[]
  readonly scope: string
  readonly token_endpoint_auth_method: ClientAuthenticationMethod
  readonly token_endpoint_auth_signing_alg?: Algorithm
  readonly jwks?: JsonWebKeySet
  readonly jwks_uri?: string
  readonly dpop_bound_access_tokens: boolean
  readonly tls_client_certificate_bound_access_tokens: boolean
  readonly use_mtls_endpoint_aliases: boolean
  readonly client_uri?: string
  readonly policy_uri?: string
  readonly tos_uri?: string
  readonly contacts?: readonly string[]
  /** Types of authorization details it may use (RFC 9396 10); absent: none. */
  readonly authorization_details_types?: readonly string[]
  /** The operator knows whose client this is. Not a client's own word: see `checkOperatorMembers`. */
  readonly operator_verified?: boolean
} & OpenIdMetadata &
  MessageMetadata & { readonly [member in SubjectMember]?: string }

const invalid = (description: string) => refuse('invalid_client_metadata', description)

/** Client ids are chosen by operators or by this server, never by a client. */
export function checkClientId(id: unknown): Result<string> {
  return typeof id === 'string' && clientIdForm.test(id)
    ? accept(id)
    : invalid(
        "client_id must be 1 to 128 of A-Z a-z 0-9 . _ ~ : - and not begin with 'operator.' or 'user-'",
      )
}

/**
 * The one validator of client metadata: file, admin API, registration and update. Unknown members are
 * dropped (RFC 7591 2). Errors: `invalid_client_metadata`, `invalid_redirect_uri`.
 */
export function checkClientMetadata(
  input: unknown,
  issuer: Issuer,
  allowed?: OutboundAllowance,
): Result<ClientMetadata> {
  if (!isRecord(input)) return invalid('client metadata must be an object')
  const wrong = wrongType(input)
  if (wrong !== undefined) return invalid(wrong)
  // The types of all members were checked just above.
  const metadata = input as Partial<ClientMetadata>
  const grantTypes = metadata.grant_types ?? ['authorization_code']
  const applicationType = metadata.application_type ?? 'web'
  const checked =
    problemWithGrants(grantTypes, metadata) ??
    problemWithAuthentication(metadata, issuer, allowed) ??
    problemWithSender(metadata, issuer) ??
    problemWithScope(metadata.scope ?? '', issuer) ??
    problemWithDetailTypes(metadata.authorization_details_types ?? [], issuer)
  if (checked !== undefined) return invalid(checked)
  const redirectUris = metadata.redirect_uris ?? []
  for (const uri of redirectUris) {
    const problem = problemWithRedirectUri(uri, applicationType, issuer.profile)
    if (problem !== undefined) return refuse('invalid_redirect_uri', `a redirect_uri ${problem}`)
  }
  if (grantTypes.includes('authorization_code') && redirectUris.length === 0) {
    return refuse('invalid_redirect_uri', 'redirect_uris is required for authorization_code')
  }
  const keys = metadata.jwks === undefined ? undefined : checkPublicJwks(metadata.jwks)
  if (keys?.ok === false) return keys
  const openId = problemWithOpenId(
    { ...metadata, redirect_uris: redirectUris, application_type: applicationType },
    { issuer, allowed, jwks: keys?.value },
  )
  const messages = problemWithMessages(metadata, { issuer, jwks: keys?.value })
  const unfit = openId ?? messages
  if (unfit !== undefined) return invalid(unfit)
  const { client_name: name } = metadata
  const method = metadata.token_endpoint_auth_method
  if (name === undefined || method === undefined) return invalid('client_name is required')
  return accept(
    Object.freeze({
      client_name: name,
      application_type: applicationType,
      redirect_uris: redirectUris,
      grant_types: grantTypes,
      response_types: grantTypes.includes('authorization_code') ? ['code'] : [],
      // RFC 7591 2: without `scope` the server registers a default set, here all it knows.
      scope: metadata.scope ?? knownScopes(issuer).join(' '),
      token_endpoint_auth_method: method,
      dpop_bound_access_tokens: metadata.dpop_bound_access_tokens ?? false,
      tls_client_certificate_bound_access_tokens:
        metadata.tls_client_certificate_bound_access_tokens ?? false,
      use_mtls_endpoint_aliases: metadata.use_mtls_endpoint_aliases ?? false,
      ...(keys === undefined ? {} : { jwks: keys.value }),
      ...present(metadata, optionalMembers),
    }),
  )
}

const optionalMembers = [
  'token_endpoint_auth_signing_alg', 'jwks_uri', 'client_uri', 'policy_uri', 'tos_uri', 'contacts', 'authorization_details_types',
  ...openIdMembers, ...messageMembers, ...subjectMembers,
] as const // prettier-ignore

function present(
  metadata: Partial<ClientMetadata>,
  members: readonly (keyof ClientMetadata)[],
): Partial<ClientMetadata> {
  const entries = members.map((member) => [member, metadata[member]] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

function problemWithGrants(
  grantTypes: readonly string[],
  metadata: Partial<ClientMetadata>,
): string | undefined {
  const known: readonly string[] = grantTypeNames
  if (grantTypes.length === 0) return 'grant_types must not be empty'
  if (!grantTypes.every((type) => known.includes(type))) {
    return `grant_types may hold ${grantTypeNames.join(', ')}`
  }
  if (grantTypes.includes('refresh_token') && !grantTypes.includes('authorization_code')) {
    return 'refresh_token needs authorization_code'
  }
  if ((metadata.response_types ?? ['code']).some((type) => type !== 'code')) {
    return 'response_types may hold code only'
  }
  return undefined
}

function problemWithAuthentication(
  metadata: Partial<ClientMetadata>,
  issuer: Issuer,
  allowed: OutboundAllowance | undefined,
): string | undefined {
  const method = metadata.token_endpoint_auth_method
  const { clientAuthentication, algorithms } = issuer.profile
  if (method === undefined || !clientAuthentication.includes(method)) {
    return `token_endpoint_auth_method must be one of ${clientAuthentication.join(', ')}`
  }
  const alg = metadata.token_endpoint_auth_signing_alg
  if (alg !== undefined && !algorithms.includes(alg)) {
    return `token_endpoint_auth_signing_alg must be one of ${algorithms.join(', ')}`
  }
  if (method !== 'private_key_jwt' && issuer.mtlsOrigin === undefined) {
    return `${method} needs an issuer with an mtls_origin`
  }
  return method === 'tls_client_auth'
    ? (problemWithSubject(metadata) ?? problemWithKeyPlace(metadata, issuer, allowed))
    : (problemWithSubjectless(metadata) ?? problemWithKeys(metadata, issuer, allowed))
}

/** RFC 8705 2.1.2: exactly one of the five. */
function problemWithSubject(metadata: Partial<ClientMetadata>): string | undefined {
  const named = subjectMembers.filter((member) => metadata[member] !== undefined)
  if (named.length !== 1) return `tls_client_auth needs exactly one of ${subjectMembers.join(', ')}`
  const dn = metadata.tls_client_auth_subject_dn
  if (dn !== undefined && parseDistinguishedName(dn) === undefined) {
    return 'tls_client_auth_subject_dn is not a distinguished name (RFC 4514)'
  }
  return undefined
}

function problemWithSubjectless(metadata: Partial<ClientMetadata>): string | undefined {
  const named = subjectMembers.find((member) => metadata[member] !== undefined)
  return named === undefined ? undefined : `${named} is for tls_client_auth only`
}

/** RFC 7591 2: never both; an address must be one that may be called, whether it is needed or not. */
function problemWithKeyPlace(
  metadata: Partial<ClientMetadata>,
  issuer: Issuer,
  allowed: OutboundAllowance | undefined,
): string | undefined {
  const { jwks, jwks_uri: uri } = metadata
  if (jwks !== undefined && uri !== undefined) return 'exactly one of jwks and jwks_uri is allowed'
  return uri === undefined ? undefined : checkOutboundUrl(uri, issuer, allowed)
}

function problemWithKeys(
  metadata: Partial<ClientMetadata>,
  issuer: Issuer,
  allowed: OutboundAllowance | undefined,
): string | undefined {
  const { jwks, jwks_uri: uri } = metadata
  if (jwks === undefined && uri === undefined) return 'exactly one of jwks and jwks_uri is required'
  const place = problemWithKeyPlace(metadata, issuer, allowed)
  if (place !== undefined || uri !== undefined) return place
  const checked = checkPublicJwks(jwks)
  if (!checked.ok) return checked.refusal.description
  if (metadata.token_endpoint_auth_method !== 'private_key_jwt') return undefined
  const registered = metadata.token_endpoint_auth_signing_alg
  const algorithms = registered === undefined ? issuer.profile.algorithms : [registered]
  const usable = checked.value.keys.some((key) =>
    algorithms.some((alg) => mayVerify(key as PublicJwk, alg)),
  )
  return usable ? undefined : 'jwks holds no key that could verify a client assertion'
}

function problemWithSender(metadata: Partial<ClientMetadata>, issuer: Issuer): string | undefined {
  const { senderConstraint } = issuer.profile
  if (metadata.dpop_bound_access_tokens === true && !senderConstraint.includes('dpop')) {
    return 'this issuer does not offer DPoP'
  }
  const bound = metadata.tls_client_certificate_bound_access_tokens === true
  if (bound && (!senderConstraint.includes('mtls') || issuer.mtlsOrigin === undefined)) {
    return 'this issuer does not offer certificate-bound tokens'
  }
  return undefined
}

function problemWithScope(scope: string, issuer: Issuer): string | undefined {
  const known = knownScopes(issuer)
  const unknown = scope.split(' ').find((name) => name !== '' && !known.includes(name))
  return unknown === undefined ? undefined : 'scope holds a scope this issuer does not know'
}

function problemWithDetailTypes(types: readonly string[], issuer: Issuer): string | undefined {
  const known = types.every((type) => Object.hasOwn(issuer.detailTypes, type))
  return known ? undefined : 'authorization_details_types holds a type this issuer does not know'
}

export const openidScopes = [
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline_access',
] as const

/** Scopes of the grants endpoint (Grant Management 6). */
export const managementScopes = ['grant_management_query', 'grant_management_revoke'] as const

export const isManagement = (scope: string): boolean =>
  (managementScopes as readonly string[]).includes(scope)

/** All scopes of an issuer. `admin` is not among them: it belongs to operators alone. */
export function knownScopes(issuer: Issuer): readonly string[] {
  const configured = issuer.resourceServers.flatMap((server) => server.scopes)
  const all = [...openidScopes, ...managementScopes, ...configured, ...Object.keys(issuer.scopes)]
  return [...new Set(all)].filter((scope) => scope !== 'admin')
}
