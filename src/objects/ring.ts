import { parseJson, tuple } from '../encoding.ts'
import { deriveKeys } from '../secrets.ts'
import type { MasterSecret, SecretKeys } from '../secrets.ts'
import { purposeOf } from './ring-name.ts'
import type { KeyAlgorithm, Purpose, RingName } from './ring-name.ts'

/** A key of an issuer. Its state follows from the clock; see `stateOf`. */
export type RingKey = {
  readonly kid: string
  readonly alg: KeyAlgorithm
  readonly use: 'sig' | 'enc'
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
  /** Absent: the default signing ring. */
  readonly name?: RingName
  readonly keys: readonly RingKey[]
}

/** Seconds the JWKS may be cached by others: a revoked key is gone everywhere within a minute. */
export const jwksLifetime = 60

export type KeyState = 'next' | 'active' | 'retiring'

/** The key that is used: of those whose time has come the one that came last. */
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

/** What the private keys of a purpose are sealed with: no other purpose's code can open them. */
export const ringSecrets = (secret: MasterSecret, issuerId: string, purpose: Purpose): SecretKeys =>
  deriveKeys(secret, 'aes', [issuerId, `${purpose}-keys`])

export const sealedFor = (issuerId: string, key: Pick<RingKey, 'kid' | 'alg' | 'use'>): string =>
  tuple(issuerId, key.kid, key.alg, key.use)

/** Past its time, whether or not the sweep has come. */
export const hasLeft = (key: RingKey, now: number): boolean => (key.removeAt ?? Infinity) <= now

/** As others may have it: of the sealed private halves only by which master secret they are sealed. */
export const withoutPrivate = (ring: Ring): Ring => ({
  ...ring,
  keys: ring.keys.map((key) => ({ ...key, sealed: key.sealed.split('.')[0] ?? '' })),
})

/** Whether private halves may leave the ring's object, sealed: the evidence key signs inside it. */
export const lendsKeys = (name: RingName): boolean => purposeOf(name) !== 'evidence'

/** Reads a ring from its KV copy. */
export function readRing(value: unknown): Ring | undefined {
  const ring = typeof value === 'string' ? parseJson(value) : value
  return typeof ring === 'object' && ring !== null && (ring as Ring).format === 1
    ? (ring as Ring)
    : undefined
}
