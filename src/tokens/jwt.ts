/** The only importer of jose, beside `jwe.ts`. The allowed algorithm is always an argument; a header never chooses it. */
import { CompactSign, calculateJwkThumbprint, importJWK } from 'jose'
import { remember } from '../bounded.ts'
import { alone, fromBase64Url, isBounded, isRecord, parseJson, textOf, utf8 } from '../encoding.ts'
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
  const header = decodeHeader(head)
  const claims = decodePart(body)
  if (header === undefined || claims === undefined) return undefined
  return { header, claims }
}

/** Headers as this isolate read them. Whoever signs with one key sends one header, again and again. */
const headers = new Map<string, JwtParts['header']>()
const mostHeaders = 2_000
const mostHeaderCharacters = 1_024
/** A header with a key has eight. Nested texts take up to fifty times their length in memory. */
const mostInHeader = { depth: 2, values: 32 }

function decodeHeader(part: string): JwtParts['header'] | undefined {
  const known = headers.get(part)
  if (known !== undefined) return known
  const header = decodePart(part)
  if (header === undefined || part.length > mostHeaderCharacters) return header
  if (!isBounded(header, mostInHeader)) return header
  // Shared by all who send it, so nobody may change it.
  for (const value of Object.values(header)) Object.freeze(value)
  remember(headers, mostHeaders, alone(part), Object.freeze(header))
  return header
}

function decodePart(part: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = fromBase64Url(part)
  if (bytes === undefined) return undefined
  try {
    const value = parseJson(textOf(bytes))
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
 * How WebCrypto verifies each algorithm, and which keys are for it (RFC 7518 3.4, 3.5; RFC 8037 3.1).
 * `EdDSA` is the older name of the same (RFC 9864 2.2).
 */
const ed25519 = { how: { name: 'Ed25519' }, fits: (key: KeyFacts) => key.name === 'Ed25519' }
const verifiers: Readonly<Record<Algorithm, Verifier>> = {
  ES256: {
    how: { name: 'ECDSA', hash: 'SHA-256' },
    fits: ({ name, namedCurve }) => name === 'ECDSA' && namedCurve === 'P-256',
  },
  PS256: {
    how: { name: 'RSA-PSS', saltLength: 32 },
    fits: ({ name, hash, modulusLength = 0 }) =>
      name === 'RSA-PSS' && hashName(hash) === 'SHA-256' && modulusLength >= 2_048,
  },
  EdDSA: ed25519,
  Ed25519: ed25519,
}

type Verifier = {
  readonly how: { readonly name: string; readonly hash?: string; readonly saltLength?: number }
  readonly fits: (key: KeyFacts) => boolean
}

/** What a `CryptoKey` says of itself. */
type KeyFacts = {
  readonly name: string
  readonly namedCurve?: string
  readonly modulusLength?: number
  readonly hash?: string | { readonly name: string }
}

/** Keys found to be for an algorithm: what a key is for never changes. */
const suited = new WeakMap<CryptoKey, Algorithm>()

const hashName = (hash: KeyFacts['hash']) => (typeof hash === 'string' ? hash : hash?.name)

/**
 * Whether the signature over `token` verifies with `key` under exactly `alg` (RFC 7515 5.2), by WebCrypto
 * itself. Any `crit` is refused, `b64` included: a JWT must not use it (RFC 7797 7). A signature has one
 * text (RFC 7515 2).
 */
export async function verifySignature(
  token: string,
  key: CryptoKey,
  alg: Algorithm,
): Promise<boolean> {
  const [head = '', body, signature, ...more] = token.split('.')
  const header = decodeHeader(head)
  const bytes = signature === undefined ? undefined : fromBase64Url(signature)
  if (body === undefined || bytes === undefined || more.length > 0) return false
  if (header?.['alg'] !== alg || header['crit'] !== undefined) return false
  const { how, fits } = verifiers[alg]
  if (suited.get(key) !== alg) {
    if (!fits(key.algorithm)) return false
    suited.set(key, alg)
  }
  try {
    return await crypto.subtle.verify(how, key, bytes, utf8(`${head}.${body}`))
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
