import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import type { JsonWebKey, KeyObject } from 'node:crypto'

export type PrivateKey = JsonWebKey & { readonly kid: string }

/** A new ES256 key as a private JWK. */
export function makeKey(kid: string): PrivateKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }
}

/** Its public members and its name. */
export function publicOf(jwk: JsonWebKey): Readonly<Record<string, string>> {
  const names = ['kty', 'crv', 'x', 'y', 'kid', 'alg', 'use']
  return Object.fromEntries(
    names.flatMap((name) => (name in jwk ? [[name, String(jwk[name])]] : [])),
  )
}

/** The bare public key, as a proof carries it. */
export function bareOf({ kty, crv, x, y }: JsonWebKey): JsonWebKey {
  return { kty, crv, x, y } as JsonWebKey
}

/** RFC 7638. */
export const thumbprintOf = ({ crv, kty, x, y }: JsonWebKey): string =>
  createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')

const opened = new WeakMap<JsonWebKey, KeyObject>()

/** Signs with ES256 as fast as Node can: the key is opened once. */
export function signJws(jwk: JsonWebKey, header: object, claims: object): string {
  const key = opened.get(jwk) ?? createPrivateKey({ key: jwk, format: 'jwk' })
  opened.set(jwk, key)
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode(header)}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}
