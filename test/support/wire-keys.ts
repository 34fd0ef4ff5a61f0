import { createHash, randomBytes } from 'node:crypto'
import { CompactSign, calculateJwkThumbprint, importJWK } from 'jose'
import type { JWK } from 'jose'
import type { PrivateJwk } from './fixtures.ts'

/** How far a server's clock was moved, in seconds; what its clients sign follows it. */
export type Clock = { offset: number }

export const newClock = (): Clock => ({ offset: 0 })

/** The time at a server whose clock was moved like this, in seconds since the epoch. */
export const secondsBy = (clock: Clock): number => Math.floor(Date.now() / 1000) + clock.offset

export type DpopKey = {
  readonly jwk: PrivateJwk
  readonly publicJwk: JWK
  readonly alg: string
  readonly jkt: string
}

/** A new key for proofs. */
export async function makeDpopKey(alg: 'ES256' | 'PS256' | 'EdDSA' = 'ES256'): Promise<DpopKey> {
  const algorithm = {
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    PS256: {
      name: 'RSA-PSS',
      modulusLength: 2048,
      publicExponent: Uint8Array.of(1, 0, 1),
      hash: 'SHA-256',
    },
    EdDSA: { name: 'Ed25519' },
  }[alg]
  const pair = (await crypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const bare = (jwk: JsonWebKey) => {
    const { ext: _ext, key_ops: _ops, alg: _alg, ...members } = jwk
    return members
  }
  const jwk = bare(
    (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JsonWebKey,
  ) as PrivateJwk
  const publicJwk = bare(
    (await crypto.subtle.exportKey('jwk', pair.publicKey)) as JsonWebKey,
  ) as JWK
  return { jwk, publicJwk, alg, jkt: await calculateJwkThumbprint(publicJwk) }
}

/** Signs any header and claims: nothing is checked, members set to `undefined` are left out. */
export async function sign(
  jwk: PrivateJwk,
  header: Readonly<Record<string, unknown>> & { readonly alg: string },
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const key = await importJWK({ ...jwk, alg: undefined } as unknown as JWK, header.alg)
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  return new CompactSign(payload).setProtectedHeader(header as { alg: string }).sign(key)
}

export type ProofOptions = {
  readonly method?: string
  readonly nonce?: string | undefined
  readonly accessToken?: string
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
}

/** Makes a DPoP proof; `claims` and `header` override anything. */
export async function proof(
  key: DpopKey,
  url: string,
  options: ProofOptions & { readonly clock: Clock },
): Promise<string> {
  const { accessToken } = options
  const header = { typ: 'dpop+jwt', alg: key.alg, jwk: key.publicJwk, ...options.header }
  return sign(key.jwk, header, {
    jti: randomBytes(16).toString('base64url'),
    htm: options.method ?? 'POST',
    htu: url,
    iat: secondsBy(options.clock),
    nonce: options.nonce,
    ...(accessToken === undefined
      ? {}
      : { ath: createHash('sha256').update(accessToken).digest('base64url') }),
    ...options.claims,
  })
}
