import { fromBase64Url } from '../encoding.ts'
import type { JsonWebKeySet } from '../types.ts'
import type { PublicJwk } from './jwks.ts'

/** How keys and content of encrypted answers are encrypted (RFC 7518 4.3, 4.6, 5.3). */
export const keyEncryptionAlgorithms = ['RSA-OAEP-256', 'ECDH-ES'] as const
export type KeyEncryption = (typeof keyEncryptionAlgorithms)[number]
export const contentEncryptionAlgorithms = ['A256GCM'] as const
export type ContentEncryption = (typeof contentEncryptionAlgorithms)[number]

/** What a client may have encrypted. */
export const encryptables = ['id_token', 'userinfo', 'authorization', 'introspection'] as const
export type Encryptable = (typeof encryptables)[number]

/** What a client registers for that (OIDC Registration 2, JARM 3, RFC 9701 6). */
export type EncryptionMetadata = {
  readonly [member in `${Encryptable}_encrypted_response_alg`]?: KeyEncryption
} & { readonly [member in `${Encryptable}_encrypted_response_enc`]?: ContentEncryption }

/** What a client registered; undefined: nothing is encrypted. */
export function encryptionOf(metadata: EncryptionMetadata, what: Encryptable) {
  const alg = metadata[`${what}_encrypted_response_alg`]
  const enc = metadata[`${what}_encrypted_response_enc`]
  return alg === undefined || enc === undefined ? undefined : { alg, enc }
}

/**
 * What is wrong with what a client registered, in words. Both algorithms are named by the client: the
 * standard's default for `enc`, A128CBC-HS256, is not offered, and another one must not be what an absent
 * member means (OIDC Registration 2). `jwks`: the checked keys of the registration itself.
 */
export function problemWithEncryption(
  what: Encryptable,
  metadata: EncryptionMetadata & { readonly jwks_uri?: string },
  jwks: JsonWebKeySet | undefined,
): string | undefined {
  const alg = metadata[`${what}_encrypted_response_alg`]
  const enc = metadata[`${what}_encrypted_response_enc`]
  if (alg === undefined) {
    return enc === undefined ? undefined : `${what}_encrypted_response_enc needs the alg beside it`
  }
  if (!keyEncryptionAlgorithms.includes(alg)) {
    return `${what}_encrypted_response_alg must be one of ${keyEncryptionAlgorithms.join(', ')}`
  }
  if (enc === undefined || !contentEncryptionAlgorithms.includes(enc)) {
    return `${what}_encrypted_response_enc must be ${contentEncryptionAlgorithms.join(', ')}`
  }
  if (metadata.jwks_uri !== undefined) return undefined
  return encryptionKey(jwks, alg) === undefined
    ? `jwks holds no key with use enc for ${what}_encrypted_response_alg`
    : undefined
}

/**
 * The first key of a set that was published for encryption with `alg`: `use` must say so, because a
 * key that verifies signatures must not encrypt as well (RFC 7517 4.2, OIDC Registration 2).
 */
export function encryptionKey(
  jwks: JsonWebKeySet | undefined,
  alg: KeyEncryption,
): PublicJwk | undefined {
  return ((jwks?.keys ?? []) as readonly PublicJwk[]).find((jwk) => mayEncrypt(jwk, alg))
}

function mayEncrypt(jwk: PublicJwk, alg: KeyEncryption): boolean {
  if (jwk.use !== 'enc' || (jwk.alg !== undefined && jwk.alg !== alg)) return false
  if (alg === 'RSA-OAEP-256') return jwk.kty === 'RSA'
  return jwk.kty === 'EC' && jwk.crv === 'P-256' && hasPoint(jwk)
}

const hasPoint = ({ x, y }: PublicJwk): boolean =>
  [x, y].every((part) => part !== undefined && fromBase64Url(part)?.length === 32)
