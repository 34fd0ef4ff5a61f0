/** The only importer of jose, beside `jwe.ts`. The allowed algorithm is always an argument; a header never chooses it. */
import { CompactSign, calculateJwkThumbprint, compactVerify, importJWK } from 'jose'
import { fromBase64Url, isBase64Url, isRecord, parseJson, utf8 } from '../encoding.ts'
import type { Algorithm } from '../profiles/profile.ts'

export type JwtParts = {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** Longest compact JWS this server looks at where nothing else is said, in characters. */
const mostCharacters = 8_192

/**
 * Splits a compact JWS without believing any of it. Undefined unless it is three base64url parts with
 * JSON objects in the first two.
 */
export function decodeJwt(token: string, longest = mostCharacters): JwtParts | undefined {
  if (token.length > longest) return undefined
  const parts = token.split('.')
  const [head, body, signature] = parts
  if (parts.length !== 3 || head === undefined || body === undefined) return undefined
  if (signature === undefined || fromBase64Url(signature) === undefined) return undefined
  const header = decodePart(head)
  const claims = decodePart(body)
  if (header === undefined || claims === undefined) return undefined
  return { header, claims }
}

function decodePart(part: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = fromBase64Url(part)
  if (bytes === undefined) return undefined
  try {
    const value = parseJson(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
    )
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** `typ` without its optional prefix, in small letters (RFC 7515 4.1.9); what is no text stays as it is. */
export const typeName = (typ: unknown): unknown =>
  typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ

/** `aud` names exactly this, alone or in a list. */
export const isFor = (audience: unknown, wanted: string): boolean =>
  audience === wanted || (Array.isArray(audience) && audience.includes(wanted))

/** Imports a public or private JWK for exactly one algorithm. Throws on keys that do not fit. */
export async function importKey(jwk: JsonWebKey, alg: Algorithm): Promise<CryptoKey> {
  const key = await importJWK(jwk as Parameters<typeof importJWK>[0], alg)
  if (key instanceof Uint8Array) throw new Error('a symmetric key')
  return key
}

/**
 * Whether the signature over `token` verifies with `key` under exactly `alg`. Any `crit` is refused, the
 * `b64` that jose understands included: a JWT must not use it (RFC 7797 7). A signature has one text: jose
 * passes over blanks in it (RFC 7515 2 has none).
 */
export async function verifySignature(
  token: string,
  key: CryptoKey,
  alg: Algorithm,
): Promise<boolean> {
  if (!isBase64Url(token.slice(token.lastIndexOf('.') + 1))) return false
  try {
    const { protectedHeader } = await compactVerify(token, key, { algorithms: [alg] })
    return protectedHeader.crit === undefined
  } catch {
    return false
  }
}

/** Signs claims. `header.typ` and `header.kid` are set by the caller. */
export async function signJwt(
  key: CryptoKey,
  header: { readonly alg: Algorithm; readonly typ: string; readonly kid: string },
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  return new CompactSign(utf8(JSON.stringify(claims))).setProtectedHeader(header).sign(key)
}

/** RFC 7638 SHA-256 thumbprint. */
export async function thumbprintOf(jwk: JsonWebKey): Promise<string> {
  return calculateJwkThumbprint(jwk as Parameters<typeof calculateJwkThumbprint>[0], 'sha256')
}
