import { constants, createHmac, createPrivateKey, sign as signBytes } from 'node:crypto'
import type { JsonWebKey } from 'node:crypto'
import type { PrivateJwk } from './fixtures.ts'

/** A compact JWS under any `alg`, sound or not. */
export function signAny(
  jwk: PrivateJwk,
  header: Readonly<Record<string, unknown>>,
  claims: unknown,
): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${signature(jwk, header, Buffer.from(input)).toString('base64url')}`
}

function signature(jwk: PrivateJwk, header: Readonly<Record<string, unknown>>, input: Buffer) {
  const { alg } = header
  if (alg === 'none') return Buffer.alloc(0)
  if (alg === 'HS256') {
    return createHmac('sha256', JSON.stringify(header['jwk'])).update(input).digest()
  }
  const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
  if (jwk.kty === 'OKP') return signBytes(null, input, key)
  if (jwk.kty === 'EC') {
    const hash = jwk['crv'] === 'P-384' ? 'sha384' : 'sha256'
    return signBytes(hash, input, { key, dsaEncoding: 'ieee-p1363' })
  }
  if (alg !== 'PS256') return signBytes('sha256', input, key)
  return signBytes('sha256', input, {
    key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: 32,
  })
}

/** Signs header and payload as the texts they are: doubled members and numbers no encoder writes. */
export async function signTexts(jwk: PrivateJwk, header: string, payload: string): Promise<string> {
  const { kty, crv, x, y, d } = jwk
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const bare = { kty, crv, x, y, d } as globalThis.JsonWebKey
  const key = await crypto.subtle.importKey('jwk', bare, algorithm, false, ['sign'])
  const input = [header, payload].map((text) => Buffer.from(text).toString('base64url')).join('.')
  const signature = await crypto.subtle.sign(algorithm, key, Buffer.from(input))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}
