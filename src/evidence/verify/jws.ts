import { fromBase64Url, isRecord, parseJson } from '../../encoding.ts'
import type { Algorithm } from '../../profiles/profile.ts'
import { importKey, verifySignature } from '../../tokens/jwt.ts'

export type Jws = {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** What FAPI 2.0 signs with (SP 5.4.1). */
const algorithms: readonly Algorithm[] = ['ES256', 'PS256', 'EdDSA', 'Ed25519']

/** A compact JWS taken apart, nothing of it believed. Of any length: request objects may be long. */
export function takeApart(text: unknown): Jws | undefined {
  const parts = typeof text === 'string' ? text.split('.').map(fromBase64Url) : []
  const [header, claims, signature] = parts
  if (parts.length !== 3 || signature === undefined) return undefined
  const read = [header, claims].map((bytes) =>
    bytes === undefined ? undefined : parseJson(new TextDecoder().decode(bytes)),
  )
  const [head, body] = read
  return isRecord(head) && isRecord(body) ? { header: head, claims: body } : undefined
}

/** The algorithm a header names, when it is one of FAPI's. */
export const algorithmOf = ({ header }: Jws): Algorithm | undefined =>
  algorithms.find((alg) => alg === header['alg'])

/** Whether `jwk`, a public key, verifies the signature under exactly `alg`. */
export async function isSignedBy(text: string, jwk: unknown, alg: Algorithm): Promise<boolean> {
  if (!isRecord(jwk) || ['d', 'p', 'q', 'k'].some((name) => Object.hasOwn(jwk, name))) return false
  try {
    return await verifySignature(text, await importKey(jwk as unknown as JsonWebKey, alg), alg)
  } catch {
    return false
  }
}

/** `typ` of a JWT without its optional prefix, in small letters (RFC 7515 4.1.9). */
export function typeOf({ header }: Jws): string | undefined {
  const { typ } = header
  if (typ === undefined) return ''
  return typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : undefined
}

/** `aud` names exactly this, alone or in a list. */
export const isFor = (audience: unknown, wanted: string): boolean =>
  audience === wanted || (Array.isArray(audience) && audience.includes(wanted))
