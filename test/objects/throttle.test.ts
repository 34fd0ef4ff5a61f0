import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { delayAfter } from '../../src/objects/throttle-delay.ts'
import type { ThrottleKind } from '../../src/objects/throttle-delay.ts'
import type { Attempt } from '../../src/objects/throttle.ts'
import { env, holdingsOf, parallel, runAlarm, setClock } from './support/objects.ts'

const throttle = (name: string) => env.THROTTLE.getByName(name)

/** Begins an attempt; answers the seconds to wait, 0 when it was allowed. */
async function wait(name: string, key: string, kind: ThrottleKind = 'name'): Promise<number> {
  const attempt: Attempt = (await throttle(name).begin(key, kind)).value
  return attempt.allowed ? 0 : attempt.waitSeconds
}

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('Throttle', () => {
  it.each([
    ['name', 5],
    ['address', 20],
    ['departure', 300],
  ] as const)('ATK-A1-32 makes guesses at one %s wait after %i failures', async (kind, free) => {
    for (let failure = 0; failure <= free; failure += 1) {
      expect(await wait(kind, 'somebody', kind)).toBe(0)
    }
    expect(await wait(kind, 'somebody', kind)).toBe(delayAfter(free + 1, kind))
    expect(await wait(kind, 'somebody else', kind)).toBe(0)
  })

  it('ATK-A1-32 lets the delay grow up to five minutes and never locks anybody out', async () => {
    let now = 0
    const waits: number[] = []
    for (let attempt = 0; attempt < 40; attempt += 1) {
      const seconds = await wait('growing', 'somebody')
      if (seconds === 0) continue
      waits.push(seconds)
      setClock(now + seconds - 0.001)
      expect(await wait('growing', 'somebody')).toBe(1)
      now += seconds
      setClock(now)
    }
    expect(waits.slice(0, 9)).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300])
    expect(new Set(waits.slice(8))).toEqual(new Set([300]))
    expect(delayAfter(1_000_000, 'name')).toBe(300)
    expect(
      [301, 302, 303, 304, 305, 1_000_000].map((many) => delayAfter(many, 'departure')),
    ).toEqual([1, 2, 4, 8, 10, 10])
  })

  it('ATK-A1-32 counts 50 parallel guesses as if they came one by one', async () => {
    const waits = await parallel(50, () => wait('parallel', 'somebody'))
    expect(waits.filter((seconds) => seconds === 0)).toHaveLength(6)
    expect(waits.filter((seconds) => seconds > 0)).toHaveLength(44)
  })

  it('does not count attempts that were told to wait', async () => {
    await parallel(6, () => wait('waiting', 'somebody'))
    await parallel(50, () => wait('waiting', 'somebody'))
    setClock(2)
    expect(await wait('waiting', 'somebody')).toBe(0)
    expect(await wait('waiting', 'somebody')).toBe(4)
  })

  it('starts again from nothing after a success', async () => {
    await parallel(6, () => wait('cleared', 'somebody'))
    expect(await wait('cleared', 'somebody')).toBeGreaterThan(0)
    await throttle('cleared').clear('somebody')
    const waits = await parallel(6, () => wait('cleared', 'somebody'))
    expect(waits.every((seconds) => seconds === 0)).toBe(true)
  })

  it('ATK-A1-32 takes one failure off an address after a success and keeps the others', async () => {
    const address = () => wait('forgiven', 'an address', 'address')
    for (let failure = 0; failure < 20; failure += 1) expect(await address()).toBe(0)
    await throttle('forgiven').forgive('an address')
    expect(await address()).toBe(0)
    expect(await address()).toBe(0)
    expect(await address()).toBe(2)
    await throttle('forgiven').forgive('an address')
    expect(await address()).toBe(0)
    expect(await address()).toBe(2)
  })

  it('does not go below nothing when more successes than failures are told', async () => {
    await throttle('below').forgive('an address')
    await wait('below', 'an address', 'address')
    for (let success = 0; success < 30; success += 1) await throttle('below').forgive('an address')
    const waits = await parallel(22, () => wait('below', 'an address', 'address'))
    expect(waits.filter((seconds) => seconds > 0)).toHaveLength(1)
  })

  it('is swept in time however often it is evicted and used', async () => {
    await wait('worn', 'somebody')
    const { alarm } = await holdingsOf(throttle('worn'))
    setClock(3_600)
    await evictDurableObject(throttle('worn'))
    await wait('worn', 'somebody else')
    expect((await holdingsOf(throttle('worn'))).alarm).toBe(alarm)
    expect(alarm).not.toBeNull()
  })

  it('ATK-A1-32 still knows the failures after it was evicted', async () => {
    await parallel(6, () => wait('evicted', 'somebody'))
    await evictDurableObject(throttle('evicted'))
    expect(await wait('evicted', 'somebody')).toBe(2)
  })

  it('forgets the failures six hours after the last of them', async () => {
    await parallel(6, () => wait('forgotten', 'somebody'))
    setClock(6 * 3600)
    expect(await runAlarm(throttle('forgotten'))).toBe(true)
    expect(await rowsOf('forgotten')).toBe(0)
    expect((await holdingsOf(throttle('forgotten'))).alarm).toBeNull()
    const waits = await parallel(6, () => wait('forgotten', 'somebody'))
    expect(waits.every((seconds) => seconds === 0)).toBe(true)
  })

  it('keeps younger failures when it sweeps, and sweeps again', async () => {
    await wait('swept', 'early')
    setClock(3 * 3600)
    await parallel(6, () => wait('swept', 'late'))
    setClock(6 * 3600)
    expect(await runAlarm(throttle('swept'))).toBe(true)
    expect(await rowsOf('swept')).toBe(1)
    expect((await holdingsOf(throttle('swept'))).alarm).not.toBeNull()
    await evictDurableObject(throttle('swept'))
    expect(await runAlarm(throttle('swept'))).toBe(true)
    expect((await holdingsOf(throttle('swept'))).alarm).not.toBeNull()
  })

  it('writes at most two rows for an attempt', async () => {
    await wait('rows', 'first')
    expect((await throttle('rows').begin('second', 'name')).rows).toBe(1)
    await evictDurableObject(throttle('rows'))
    expect((await throttle('rows').begin('third', 'name')).rows).toBeLessThanOrEqual(2)
  })

  const rowsOf = (name: string): Promise<number> =>
    runInDurableObject(
      throttle(name),
      (_object, { storage }) =>
        storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM attempts').one().n,
    )
})
