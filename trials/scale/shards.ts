import { quantile } from '../bench/figures.ts'
import { poisson } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import { platform } from './world.ts'

/** What the busiest of many objects has to take. */
export type ShardLoad = {
  readonly shards: number
  /** Requests a second of one object, on average. */
  readonly mean: number
  /** Requests of the busiest object in its worst second. */
  readonly worst: number
  /** Milliseconds a request waits for those before it: the 99th percentile, at that mean. */
  readonly wait: number
}

/** Objects needed so that none has more than what is planned for. */
export const shardsFor = (perSecond: number): number =>
  Math.max(1, Math.ceil(perSecond / platform.objectPlan))

/**
 * Spreads `perSecond` requests over objects by chance, as a random `n` in a nonce or a hash of a `jti`
 * does, and watches them for some seconds.
 */
export function spreadLoad(
  random: Random,
  order: { readonly perSecond: number; readonly shards: number; readonly seconds?: number },
): ShardLoad {
  const { perSecond, shards, seconds = 60 } = order
  const mean = perSecond / shards
  let worst = 0
  for (let second = 0; second < seconds; second += 1) {
    for (let shard = 0; shard < shards; shard += 1) worst = Math.max(worst, poisson(random, mean))
  }
  return { shards, mean, worst, wait: queueWait(random, mean) }
}

/**
 * Milliseconds the 99th of 100 requests waits in front of one object that takes them one after the
 * other: arrivals by chance, each served in the same time. Infinite where it cannot keep up.
 */
export function queueWait(random: Random, perSecond: number, service = platform.service): number {
  if (perSecond * service >= 1_000) return Infinity
  const waits: number[] = []
  let clock = 0
  let freeAt = 0
  for (let request = 0; request < 10_000; request += 1) {
    clock += (-Math.log(1 - random()) * 1_000) / perSecond
    waits.push(Math.max(0, freeAt - clock))
    freeAt = Math.max(clock, freeAt) + service
  }
  return quantile(waits, 0.99)
}
