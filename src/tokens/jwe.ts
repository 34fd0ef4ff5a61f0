/**
 * Encryption by jose, beside `jwt.ts` because only few clients ask for it: imported when the first of
 * them comes. Algorithms are arguments; the key was chosen for them.
 */
import { importJWK } from 'jose'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import type { ContentEncryption, KeyEncryption } from '../clients/encryption.ts'
import type { PublicJwk } from '../clients/jwks.ts'
import { utf8 } from '../encoding.ts'

export type EncryptionOrder = {
  readonly jwk: PublicJwk
  readonly alg: KeyEncryption
  readonly enc: ContentEncryption
}

/** Encrypts a signed JWT (RFC 7519 5.2: nested, so `cty` is `JWT`). Throws on keys that do not fit. */
export async function encryptJwt(jwt: string, { jwk, alg, enc }: EncryptionOrder): Promise<string> {
  const { kty, crv, x, y, n, e, kid } = jwk
  const bare = kty === 'RSA' ? { kty, n, e } : { kty, crv, x, y }
  const key = await importJWK(bare as Parameters<typeof importJWK>[0], alg)
  return new CompactEncrypt(utf8(jwt))
    .setProtectedHeader({ alg, enc, cty: 'JWT', ...(kid === undefined ? {} : { kid }) })
    .encrypt(key)
}
