import { fromBase64Url } from '../encoding.ts'
import type { JsonWebKeySet } from '../types.ts'
import type { PublicJwk } from './jwks.ts'
import type { OpenIdMetadata } from './openid-metadata.ts'

/** How keys and content of encrypted answers are encrypted (RFC 7518 4.3, 4.6, 5.3). */
export const keyEncryptionAlgorithms = ['RSA-OAEP-256', 'ECDH-ES'] as const
export type KeyEncryption = (typeof keyEncryptionAlgorithms)[number]
export const contentEncryptionAlgorithms = ['A256GCM'] as const
export type ContentEncryption = (typeof contentEncryptionAlgorithms)[number]

/** What a client may have encrypted. */
export type Encryptable = 'id_token' | 'userinfo'

/** What a client registered; undefined: nothing is encrypted. */
export function encryptionOf(metadata: OpenIdMetadata, what: Encryptable) {
  const alg = metadata[`${what}_encrypted_response_alg`]
  const enc = metadata[`${what}_encrypted_response_enc`]
  return alg === undefined || enc === undefined ? undefined : { alg, enc }
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
