import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fillTables } from '../../../trials/scale/document.ts'
import { roundTrip, somewhere, storageLatency } from '../../../trials/scale/latency.ts'
import { measuredToken } from '../../../trials/scale/measured.ts'
import { costOfMillion, metersOf } from '../../../trials/scale/prices.ts'
import { queueWait, shardsFor, spreadLoad } from '../../../trials/scale/shards.ts'
import { makeTables } from '../../../trials/scale/tables.ts'
import { hints, regions } from '../../../trials/scale/world.ts'
import { poisson, seededRandom } from '../../../trials/support/random.ts'

describe('seeded chance', () => {
  it('is the same for the same seed, and another for another', () => {
    const take = (seed: number) => Array.from({ length: 5 }, seededRandom(seed))
    expect(take(1)).toEqual(take(1))
    expect(take(1)).not.toEqual(take(2))
  })

  it.each([0.5, 20, 400])(
    'counts rare things %d times on average, as widely as it should',
    (mean) => {
      const random = seededRandom(3)
      const counts = Array.from({ length: 4_000 }, () => poisson(random, mean))
      const average = counts.reduce((sum, one) => sum + one, 0) / counts.length
      const variance = counts.reduce((sum, one) => sum + (one - average) ** 2, 0) / counts.length
      expect(average / mean).toBeCloseTo(1, 1)
      expect(Math.abs(variance / mean - 1)).toBeLessThan(0.15)
    },
  )
})

describe('the simulation of scale', () => {
  it('spreads all phones over the regions, as their shares say', () => {
    const shares = hints.map((hint) => regions[hint].share)
    expect(shares.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9)
    const random = seededRandom(5)
    const places = Array.from({ length: 5_000 }, () => somewhere(random))
    const there = places.filter((place) => place === 'weur').length / places.length
    expect(there).toBeCloseTo(regions.weur.share, 1)
  })

  it('knows that a way is as long back as there, and that Europe is nearer to itself than to Oceania', () => {
    expect(roundTrip('weur', 'oc')).toBeCloseTo(roundTrip('oc', 'weur'), 9)
    expect(roundTrip('weur', 'weur')).toBe(0)
    expect(roundTrip('weur', 'eeur')).toBeLessThan(roundTrip('weur', 'oc') / 5)
  })

  it('lets an object that cannot keep up wait without end, and an idle one hardly', () => {
    expect(queueWait(seededRandom(1), 1_500)).toBe(Infinity)
    expect(queueWait(seededRandom(1), 10)).toBeLessThan(1)
    expect(queueWait(seededRandom(1), 100)).toBeLessThan(queueWait(seededRandom(1), 1_000))
  })

  it('plans as many objects as the load needs, and has the busiest above the mean', () => {
    expect([shardsFor(1), shardsFor(300), shardsFor(301)]).toEqual([1, 1, 2])
    const load = spreadLoad(seededRandom(1), { perSecond: 3_000, shards: 10, seconds: 10 })
    expect(load.mean).toBe(300)
    expect(load.worst).toBeGreaterThan(300)
  })

  it('is never slower side by side than one by one', () => {
    for (const from of hints) {
      const ask = (order: 'side by side' | 'one by one') =>
        storageLatency(seededRandom(9), { from, placement: { client: 'weur', order }, count: 500 })
      expect(ask('side by side').p50).toBeLessThan(ask('one by one').p50)
      expect(ask('side by side').p99).toBeLessThanOrEqual(ask('one by one').p99)
    }
  })

  it('counts every meter of a token', () => {
    const token = { calls: 3, rows: 3, sweptRows: 0, cpu: 1 }
    expect(costOfMillion(metersOf(token))).toBeCloseTo(0.3 + 0.02 + 3 * 0.15 + 3, 9)
    const dearer = { ...token, sweptRows: 1 }
    expect(costOfMillion(metersOf(dearer)) - costOfMillion(metersOf(token))).toBeCloseTo(1, 9)
  })

  it('says in its document what it computes', () => {
    const path = join(import.meta.dirname, '../../../docs/scale.md')
    const document = readFileSync(path, 'utf8')
    expect(document).toBe(fillTables(document, makeTables(measuredToken())))
    expect(() => fillTables('nothing', makeTables(measuredToken()))).toThrow(/no place/)
  }, 60_000)
})
