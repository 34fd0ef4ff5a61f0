import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ReplayGuard } from '../../src/objects/replay-guard.ts'
import { env, runAlarm } from './support/objects.ts'

const guard = (name: string) => env.REPLAY_GUARD.getByName(name)

afterEach(() => vi.useRealTimers())

describe('ReplayGuard', () => {
  it('accepts one of 50 parallel uses of the same proof', async () => {
    const stub = guard('race')
    const until = Date.now() + 60_000
    const answers = await Promise.all(Array.from({ length: 50 }, () => stub.use('proof', until)))
    const values = answers.map((answer) => answer.value)
    expect(values.filter((value) => value === 'fresh')).toHaveLength(1)
    expect(values.filter((value) => value === 'used')).toHaveLength(49)
  })

  it('accepts 50 different proofs in parallel', async () => {
    const until = Date.now() + 60_000
    const uses = Array.from({ length: 50 }, (_, index) =>
      guard('many').use(`proof ${index}`, until),
    )
    const values = (await Promise.all(uses)).map((answer) => answer.value)
    expect(values.every((value) => value === 'fresh')).toBe(true)
  })

  it('still knows a used proof after it was evicted', async () => {
    const until = Date.now() + 60_000
    expect((await guard('evicted').use('proof', until)).value).toBe('fresh')
    await evictDurableObject(guard('evicted'))
    expect((await guard('evicted').use('proof', until)).value).toBe('used')
    expect((await guard('evicted').use('another', until)).value).toBe('fresh')
  })

  it('never accepts a proof again at any time after it was accepted once, sweeps included', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const start = Date.UTC(2026, 0, 1)
    vi.setSystemTime(start)
    const until = start + 360_000
    expect((await guard('window').use('proof', until)).value).toBe('fresh')
    for (let second = 0; second <= 1_200; second += 15) {
      vi.setSystemTime(start + second * 1000)
      await runAlarm(guard('window'))
      expect((await guard('window').use('proof', until)).value).not.toBe('fresh')
    }
  })

  it('never accepts a proof again when its clock goes back after a sweep', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const start = Date.UTC(2026, 0, 1)
    vi.setSystemTime(start)
    const until = start + 360_000
    expect((await guard('back').use('proof', until)).value).toBe('fresh')
    vi.setSystemTime(start + 1_200_000)
    expect(await runAlarm(guard('back'))).toBe(true)
    vi.setSystemTime(start)
    const isRefused = () =>
      runInDurableObject(guard('back'), (instance: ReplayGuard) =>
        expect(() => instance.use('proof', until)).toThrow('the clock went back'),
      )
    await isRefused()
    await evictDurableObject(guard('back'))
    await isRefused()
    // What ends later than anything that was dropped is taken as ever.
    expect((await guard('back').use('another', start + 900_000)).value).toBe('fresh')
    expect((await guard('back').use('another', start + 900_000)).value).toBe('used')
  })

  it('knows a used key whatever end of validity it comes with', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const start = Date.UTC(2026, 0, 1)
    vi.setSystemTime(start)
    expect((await guard('moved').use('key', start + 60_000)).value).toBe('fresh')
    // In the same slot, in a later one, and in one that exists already.
    expect((await guard('moved').use('key', start + 120_000)).value).toBe('used')
    expect((await guard('moved').use('key', start + 400_000)).value).toBe('used')
    expect((await guard('moved').use('other', start + 400_000)).value).toBe('fresh')
    await evictDurableObject(guard('moved'))
    expect((await guard('moved').use('key', start + 400_000)).value).toBe('used')
    expect((await guard('moved').use('other', start + 60_000)).value).toBe('used')
  })

  it('writes one row for a proof and none for a replay', async () => {
    const until = Date.now() + 60_000
    await guard('rows').use('first', until)
    expect((await guard('rows').use('second', until)).rows).toBe(1)
    expect((await guard('rows').use('second', until)).rows).toBe(0)
  })
})
