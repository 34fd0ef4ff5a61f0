import { seededRandom } from '../support/random.ts'

/** Choices that can be repeated: the same seed, the same choices. */
export type Random = {
  /** From 0 up to, not including, 1. */
  readonly next: () => number
  /** A whole number below `most`. */
  readonly below: (most: number) => number
  readonly chance: (share: number) => boolean
  readonly pick: <T>(list: readonly T[]) => T
  /** Another source that this seed decides, for somebody who acts beside others. */
  readonly fork: (name: string) => Random
}

/** Makes it from a seed. */
export function seeded(seed: number): Random {
  const next = seededRandom(seed)
  const below = (most: number): number => Math.floor(next() * most)
  return {
    next,
    below,
    chance: (share) => next() < share,
    pick: (list) => {
      const picked = list[below(list.length)]
      if (picked === undefined) throw new Error('nothing to pick from')
      return picked
    },
    fork: (name) => seeded(seed ^ hash(name)),
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const char of text) value = Math.imul(value ^ char.charCodeAt(0), 0x01000193)
  return value >>> 0
}
