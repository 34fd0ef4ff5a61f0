/**
 * Encryption by jose, beside `jwt.ts` because only few clients ask for it: imported when the first of
 * them comes. Algorithms are arguments; the key was chosen for them.
 */
import { importJWK } from 'jose'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'
import { contentEncryptionAlgorithms } from '../clients/encryption.ts'
import type { ContentEncryption, KeyEncryption } from '../clients/encryption.ts'
import type { PublicJwk } from '../clients/jwks.ts'
import { fromBase64Url, isBase64Url, isRecord, parseJson, utf8 } from '../encoding.ts'
import type { DecryptionKey } from './decrypt.ts'

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

/** Longest compact JWE this server looks at, in characters: the longest request object, encrypted. */
const mostCharacters = 48 * 1024

/**
 * Opens a compact JWE with the one key its `kid` names, or without a `kid` with the keys of its
 * algorithm in turn. The key's algorithm is the only one allowed, nothing is decompressed. `no-key`: no
 * key has this `kid`. Undefined: it cannot be opened.
 */
export async function decryptJwt(
  jwe: string,
  keys: readonly DecryptionKey[],
): Promise<string | 'no-key' | undefined> {
  const header = headerOf(jwe)
  if (header === undefined) return undefined
  const { kid, alg } = header
  const fitting = keys.filter((key) => key.alg === alg && (kid === undefined || key.kid === kid))
  if (fitting.length === 0) return 'no-key'
  for (const key of fitting) {
    const plain = await open(jwe, key)
    if (plain !== undefined) return plain
  }
  return undefined
}

/** Each part in its one text (RFC 7516 2): jose passes over blanks in them. */
function headerOf(jwe: string): Readonly<Record<string, unknown>> | undefined {
  const parts = jwe.split('.')
  if (jwe.length > mostCharacters || parts.length !== 5 || !parts.every(isBase64Url))
    return undefined
  const bytes = fromBase64Url(parts[0] ?? '')
  const header = parseJson(new TextDecoder().decode(bytes))
  return isRecord(header) ? header : undefined
}

async function open(jwe: string, { jwk, alg }: DecryptionKey): Promise<string | undefined> {
  try {
    const key = await importJWK(jwk as Parameters<typeof importJWK>[0], alg)
    const { plaintext } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: [alg],
      contentEncryptionAlgorithms: [...contentEncryptionAlgorithms],
      maxDecompressedLength: 0,
    })
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext)
  } catch {
    return undefined
  }
}
