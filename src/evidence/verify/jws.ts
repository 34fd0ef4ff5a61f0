import { isRecord } from '../../encoding.ts'
import type { Algorithm } from '../../profiles/profile.ts'
import { decodeJwt, importKey, typeName, verifySignature } from '../../tokens/jwt.ts'
import type { JwtParts } from '../../tokens/jwt.ts'

/** What FAPI 2.0 signs with (SP 5.4.1). */
const algorithms: readonly Algorithm[] = ['ES256', 'PS256', 'EdDSA', 'Ed25519']

/** A compact JWS taken apart, nothing of it believed. Of any length: request objects may be long. */
export const takeApart = (text: unknown): JwtParts | undefined =>
  typeof text === 'string' ? decodeJwt(text, Infinity) : undefined

/** The algorithm a header names, when it is one of FAPI's. */
export const algorithmOf = ({ header }: JwtParts): Algorithm | undefined =>
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

/** `typ` of a JWT; empty where there is none, undefined where it is no text. */
export function typeOf({ header }: JwtParts): string | undefined {
  const name = typeName(header['typ'])
  if (name === undefined) return ''
  return typeof name === 'string' ? name : undefined
}
