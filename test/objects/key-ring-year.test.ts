import { afterEach, expect, it, vi } from 'vitest'
import { jwksLifetime } from '../../src/objects/ring.ts'
import type { RingKey } from '../../src/objects/ring.ts'
import { holdingsOf, runAlarm, setClock, start } from './support/objects.ts'
import { keysIn, ringObject, ringOf, signWith, verifies } from './support/rings.ts'

afterEach(() => vi.useRealTimers())

const day = 86_400
const name = 'year'
const alarm = async () => ((await holdingsOf(ringObject(name))).alarm ?? NaN) - start

it('SP-CR-11 rotates by its alarm through a year: published before it signs, verifiable until its tokens end', async () => {
  let now = 0
  let signed: Awaited<ReturnType<typeof signWith>> & { at: number } = { kid: '', token: '', at: 0 }
  let signing: RingKey | undefined
  const signers: RingKey[] = []

  /** Looks at the ring as everybody sees it at this moment. */
  async function look(): Promise<void> {
    setClock(now)
    const ring = await ringOf(name)
    const active = keysIn(ring, 'active')
    expect(active).toHaveLength(1)
    const [key] = active
    if (key !== undefined && key.kid !== signing?.kid) {
      if (signing !== undefined)
        expect(start + now * 1000 - key.publishedAt).toBeGreaterThanOrEqual(600_000)
      signing = key
      signers.push(key)
    }
    // Whoever signed stays until the longest token (300 s) of theirs has ended for every cache.
    const [last, before] = signers.slice(-2).reverse()
    if (
      last !== undefined &&
      before !== undefined &&
      now * 1000 + start < last.activeFrom + (300 + jwksLifetime) * 1000
    ) {
      expect(ring.keys.map(({ kid }) => kid)).toContain(before.kid)
    }
    if (signed.token !== '' && now - signed.at < 300)
      expect(await verifies(ring, signed)).toBe(true)
    signed = { ...(await signWith(ring)), at: now }
    expect(signed.kid).toBe(key?.kid)
    expect(ring.keys.length).toBeLessThanOrEqual(2)
  }

  await look()
  while (now < 365 * day) {
    const due = Math.ceil((await alarm()) / 1000)
    expect(due).toBeGreaterThan(now - 60)
    if (due > now + day) {
      now += day
      await look()
      continue
    }
    now = Math.max(now, due - 1)
    await look()
    now += 1
    setClock(now)
    expect(await runAlarm(ringObject(name))).toBe(true)
    await look()
  }
  expect(signers).toHaveLength(13)
  const lives = signers
    .slice(1)
    .map((key, index) => key.activeFrom - (signers[index]?.activeFrom ?? 0))
  expect(new Set(lives)).toEqual(new Set([30 * day * 1000]))
}, 60_000)
