import type { Issuer } from '../types.ts'
import { activeKey, jwksLifetime } from './ring.ts'
import type { Ring, RingKey } from './ring.ts'
import { algorithmOf, purposeOf } from './ring-name.ts'
import type { RingName } from './ring-name.ts'

/** A key that is needed at once is active for callers whose clock is behind, too (ms). */
export const clockDifference = 60_000
/** Milliseconds a key for encryption stays after its successor came: clients remember it that long. */
const decryptionOverlap = 86_400_000

export const emptyRing = (issuer: string, name: RingName): Ring => ({
  format: 1,
  issuer,
  ...(name === 'signing' ? {} : { name }),
  keys: [],
})

/** Which ring a stored value is. */
export const nameOf = (ring: Ring): RingName => ring.name ?? 'signing'

/** How long (ms) a key stays after its successor came. */
function overlapOf(ring: Ring, issuer: Issuer): number {
  const purpose = purposeOf(nameOf(ring))
  if (purpose === 'decryption') return decryptionOverlap
  // Its public half stays in the history for good.
  if (purpose === 'evidence') return clockDifference
  const { accessToken, idToken } = issuer.lifetimes
  return (Math.max(accessToken, idToken) + 2 * jwksLifetime) * 1000
}

/**
 * Adds or replaces the key that is to be used; its predecessors leave once nobody needs them: whoever
 * signed, when the longest token of theirs has expired. A key that was announced to take over later
 * still does: nothing that is in use is on its way out.
 */
export function withKey(ring: Ring, successor: RingKey, issuer: Issuer): Ring {
  const { removeAt: _planned, ...key } = successor
  const overlap = overlapOf(ring, issuer)
  const leavesAfter = ({ activeFrom }: RingKey): number => activeFrom + overlap
  const isLater = (other: RingKey): boolean =>
    other.alg === key.alg && other.activeFrom > key.activeFrom
  const others = ring.keys.filter((other) => other.kid !== key.kid)
  const later = others.find(isLater)
  const kept = others.map((other) =>
    isLater(other)
      ? other
      : { ...other, removeAt: Math.min(other.removeAt ?? Infinity, leavesAfter(key)) },
  )
  const added = later === undefined ? key : { ...key, removeAt: leavesAfter(later) }
  return { ...ring, keys: [...kept, added] }
}

/** Drops a key. Without a next one, whoever is in use now stays so: it does not retire any more. */
export function withoutKey(ring: Ring, kid: string, issuer: Issuer, now: number): Ring {
  const keys = ring.keys.filter((key) => key.kid !== kid)
  const active = activeOf(ring, issuer, now)
  const hasNext = keys.some((key) => isNext(ring, key, issuer, now))
  if (active === undefined || hasNext) return { ...ring, keys }
  const { removeAt: _removeAt, ...staying } = active
  return { ...ring, keys: keys.map((key) => (key.kid === active.kid ? staying : key)) }
}

/** The key of a ring that is in use now. */
export const activeOf = (ring: Ring, issuer: Issuer, now: number): RingKey | undefined =>
  activeKey(ring, algorithmOf(issuer, nameOf(ring)), now)

export const isNext = (ring: Ring, key: RingKey, issuer: Issuer, now: number): boolean =>
  key.alg === algorithmOf(issuer, nameOf(ring)) && key.activeFrom > now

/**
 * Since when a key is in use that is needed at once: for no caller before the one it takes over from.
 * What the evidence key signs says when, by the ring's own clock: there nothing begins in the past.
 */
export function urgently(ring: Ring, issuer: Issuer, now: number): number {
  const earliest = nameOf(ring) === 'evidence' ? now : now - clockDifference
  return Math.max(earliest, activeOf(ring, issuer, now)?.activeFrom ?? 0)
}
