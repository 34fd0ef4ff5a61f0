import { parseJson, tuple } from '../encoding.ts'
import { deriveKeys } from '../secrets.ts'
import type { MasterSecret, SecretKeys } from '../secrets.ts'
import type { Issuer } from '../types.ts'

/** A signing key of an issuer. Its state follows from the clock; see `stateOf`. */
export type RingKey = {
  readonly kid: string
  readonly alg: Issuer['signingAlgorithm']
  readonly use: 'sig'
  readonly publicJwk: JsonWebKey
  /** The private JWK, sealed with the master secret (AES-GCM; AAD: issuer, kid, alg, use). */
  readonly sealed: string
  /** Milliseconds. */
  readonly publishedAt: number
  readonly activeFrom: number
  /** When the public half leaves the JWKS; unset while no successor is known. */
  readonly removeAt?: number
}

export type Ring = {
  readonly format: 1
  readonly issuer: string
  readonly keys: readonly RingKey[]
}

/** Seconds the JWKS may be cached by others: a revoked key is gone everywhere within a minute. */
export const jwksLifetime = 60

export type KeyState = 'next' | 'active' | 'retiring'

/** The key that signs: of those whose time has come the one that came last. */
export function activeKey(ring: Ring, alg: string, now: number): RingKey | undefined {
  const ready = ring.keys.filter((key) => key.alg === alg && key.activeFrom <= now)
  return ready.reduce<RingKey | undefined>(
    (latest, key) => (latest === undefined || key.activeFrom >= latest.activeFrom ? key : latest),
    undefined,
  )
}

export function stateOf(ring: Ring, key: RingKey, now: number): KeyState {
  if (key.activeFrom > now) return 'next'
  return activeKey(ring, key.alg, now)?.kid === key.kid ? 'active' : 'retiring'
}

export const signingKeySecrets = (secret: MasterSecret, issuerId: string): SecretKeys =>
  deriveKeys(secret, 'aes', [issuerId, 'signing-keys'])

export const sealedFor = (issuerId: string, key: Pick<RingKey, 'kid' | 'alg' | 'use'>): string =>
  tuple(issuerId, key.kid, key.alg, key.use)

/** Reads a ring from its KV copy. */
export function readRing(value: unknown): Ring | undefined {
  const ring = typeof value === 'string' ? parseJson(value) : value
  return typeof ring === 'object' && ring !== null && (ring as Ring).format === 1
    ? (ring as Ring)
    : undefined
}
