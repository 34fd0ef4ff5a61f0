import type { Algorithm } from '../profiles/profile.ts'
import type { Issuer, JsonWebKeySet, ResponseMode } from '../types.ts'
import { contentEncryptionAlgorithms, problemWithEncryption } from './encryption.ts'
import type { ContentEncryption, KeyEncryption } from './encryption.ts'
import { problemWithSigning } from './signed-answers.ts'

/**
 * What clients register for signed messages (RFC 9101 10.5, FAPI2 MS 5.3.3, JARM 3, RFC 9701 6). A client
 * may be held to more than its issuer's profile demands, never to less.
 */
export type MessageMetadata = {
  readonly request_object_signing_alg?: Algorithm
  readonly require_signed_request_object?: boolean
  /** What the client may encrypt request objects with; absent: all that is offered. */
  readonly request_object_encryption_alg?: KeyEncryption
  readonly request_object_encryption_enc?: ContentEncryption
  /** The only response modes it may use; absent: all the profile has. */
  readonly response_modes?: readonly string[]
  readonly authorization_signed_response_alg?: Algorithm
  readonly authorization_encrypted_response_alg?: KeyEncryption
  readonly authorization_encrypted_response_enc?: ContentEncryption
  readonly introspection_signed_response_alg?: Algorithm
  readonly introspection_encrypted_response_alg?: KeyEncryption
  readonly introspection_encrypted_response_enc?: ContentEncryption
}

export const messageMembers = [
  'request_object_signing_alg', 'require_signed_request_object', 'request_object_encryption_alg',
  'request_object_encryption_enc', 'response_modes', 'authorization_signed_response_alg',
  'authorization_encrypted_response_alg', 'authorization_encrypted_response_enc',
  'introspection_signed_response_alg', 'introspection_encrypted_response_alg',
  'introspection_encrypted_response_enc',
] as const satisfies readonly (keyof MessageMetadata)[] // prettier-ignore

const signedAnswers = [
  'authorization_signed_response_alg',
  'introspection_signed_response_alg',
] as const

type Registration = MessageMetadata & { readonly jwks_uri?: string }

type Context = { readonly issuer: Issuer; readonly jwks: JsonWebKeySet | undefined }

/** What is wrong with the part about signed messages, in words. Shapes were checked before. */
export function problemWithMessages(metadata: Registration, context: Context): string | undefined {
  return (
    problemWithRequests(metadata, context.issuer) ??
    problemWithModes(metadata, context.issuer) ??
    problemWithSigning(signedAnswers, metadata, context.issuer) ??
    problemWithEncryption('authorization', metadata, context.jwks) ??
    problemWithEncryption('introspection', metadata, context.jwks)
  )
}

function problemWithRequests(metadata: Registration, issuer: Issuer): string | undefined {
  const { profile, decryptionAlgorithms } = issuer
  const signing = metadata.request_object_signing_alg
  if (signing !== undefined && !profile.algorithms.includes(signing)) {
    return `request_object_signing_alg must be one of ${profile.algorithms.join(', ')}`
  }
  if (metadata.require_signed_request_object === false && profile.requestObjects === 'required') {
    return 'require_signed_request_object cannot be false: this issuer takes signed requests only'
  }
  const { request_object_encryption_alg: alg, request_object_encryption_enc: enc } = metadata
  if (alg !== undefined && !decryptionAlgorithms.includes(alg)) {
    return decryptionAlgorithms.length === 0
      ? 'request_object_encryption_alg is of no use: this issuer has no key to decrypt with'
      : `request_object_encryption_alg must be one of ${decryptionAlgorithms.join(', ')}`
  }
  if (enc !== undefined && !contentEncryptionAlgorithms.includes(enc)) {
    return `request_object_encryption_enc must be ${contentEncryptionAlgorithms.join(', ')}`
  }
  return (alg === undefined) === (enc === undefined)
    ? undefined
    : 'request_object_encryption_alg and request_object_encryption_enc belong together'
}

function problemWithModes({ response_modes: modes }: Registration, { profile }: Issuer) {
  if (modes === undefined) return undefined
  const sound = modes.length > 0 && modes.every((mode) => profile.responseModes.includes(mode))
  return sound ? undefined : `response_modes may hold ${profile.responseModes.join(', ')}`
}

const modeOf: Readonly<Record<string, ResponseMode>> = {
  query: 'query',
  jwt: 'query.jwt',
  'query.jwt': 'query.jwt',
  'fragment.jwt': 'fragment.jwt',
  'form_post.jwt': 'form_post.jwt',
}

/** The response mode a name stands for: `jwt` with `code` is `query.jwt` (JARM 2.3.4). */
export const responseModeOf = (name: string): ResponseMode | undefined =>
  Object.hasOwn(modeOf, name) ? modeOf[name] : undefined

/** Whether a client may use a mode (FAPI2 MS 5.3.3). */
export function mayRespondBy({ response_modes: modes }: MessageMetadata, mode: ResponseMode) {
  return modes === undefined || modes.some((name) => responseModeOf(name) === mode)
}
