import { evictDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { copyKeys } from '../../src/objects/names.ts'
import { jwksLifetime } from '../../src/objects/ring.ts'
import type { Ring } from '../../src/objects/ring.ts'
import { publicKeys } from '../../src/tokens/keys.ts'
import { env, holdingsOf, nothing, parallel, runAlarm, setClock, start } from './support/objects.ts'
import {
  giveSecret,
  keysIn,
  openKey,
  ringObject,
  ringOf,
  signWith,
  verifies,
} from './support/rings.ts'

/** Seconds a rotated key is published before it signs: twice the JWKS lifetime. */
const ahead = 2 * jwksLifetime
/** When its predecessor leaves: the longest token has ended everywhere. */
const ended = ahead + 300 + 2 * jwksLifetime

const copy = () => env.COPIES.get(copyKeys.ring('bank', 'signing'))
const kids = (keys: Ring['keys']) => keys.map(({ kid }) => kid)
/** A master secret; a different one for each letter. */
const secret = (letter: string) => `n1:${letter.repeat(42)}A`

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('KeyRing.ring', () => {
  it('makes one key for 50 parallel first calls, which signs at once', async () => {
    const answers = await parallel(50, () => ringObject('race').ring('bank'))
    const rings = answers.map(({ value }) => JSON.stringify(value.ring))
    expect(new Set(rings).size).toBe(1)
    const ring = await ringOf('race')
    expect(ring.keys).toHaveLength(1)
    expect(keysIn(ring, 'active')).toHaveLength(1)
    expect(await verifies(ring, await signWith(ring))).toBe(true)
  })

  it('tells that it is fresh once, and writes nothing when it is only read', async () => {
    expect((await ringObject('fresh').ring('bank')).value.fresh).toBe(true)
    const second = await ringObject('fresh').ring('bank')
    expect([second.value.fresh, second.rows]).toEqual([false, 0])
  })

  it('survives eviction', async () => {
    const before = await ringOf('evicted')
    await evictDurableObject(ringObject('evicted'))
    expect(await ringOf('evicted')).toEqual(before)
  })

  it('SP-CR-09 never stores or copies a private key in the clear, nor publishes it', async () => {
    await ringObject('sealed').rotate('bank')
    const ring = await ringOf('sealed')
    expect(ring.keys).toHaveLength(2)
    const stored = JSON.stringify((await holdingsOf(ringObject('sealed'))).values)
    const copied = (await copy()) ?? ''
    const published = JSON.stringify(publicKeys(ring, Date.now()))
    for (const key of ring.keys) {
      const { d } = JSON.parse((await openKey(key)) ?? '{}') as JsonWebKey
      expect(d).toMatch(/^[\w-]{43}$/)
      for (const text of [stored, copied]) {
        expect(text).toContain(key.sealed)
        expect(text).not.toContain(d)
        expect(text).not.toMatch(/"d"|\bd:/)
      }
      expect(published).toContain(key.kid)
      expect(published).not.toContain(d)
      expect(published).not.toContain(key.sealed)
    }
  })

  it('SP-CR-09 seals each key for its own kid, alg, use and issuer', async () => {
    await ringObject('bound').rotate('bank')
    const [one, two] = (await ringOf('bound')).keys
    if (one === undefined || two === undefined) throw new Error('two keys are expected')
    expect(await openKey(one)).toBeDefined()
    expect(await openKey({ ...one, kid: two.kid })).toBeUndefined()
    expect(await openKey({ ...one, sealed: two.sealed })).toBeUndefined()
    expect(await openKey({ ...one, alg: 'PS256' })).toBeUndefined()
    expect(await openKey({ ...one, kid: two.kid, sealed: two.sealed })).toBeDefined()
    const elsewhere = { ...one, sealed: (await otherIssuersKey()).sealed }
    expect(await openKey(elsewhere)).toBeUndefined()
  })

  async function otherIssuersKey() {
    const [key] = (await ringObject('elsewhere').ring('other')).value.ring.keys
    if (key === undefined) throw new Error('a key is expected')
    return key
  }
})

describe('KeyRing.rotate', () => {
  it('SP-CR-11 publishes the next key for two JWKS lifetimes before it signs, and old tokens verify on', async () => {
    const name = 'rotated'
    const [first] = kids((await ringOf(name)).keys)
    await ringObject(name).rotate('bank')
    const [next] = kids(keysIn(await ringOf(name), 'next'))
    setClock(ahead - 1)
    const old = await signWith(await ringOf(name))
    expect(old.kid).toBe(first)
    setClock(ahead)
    await runAlarm(ringObject(name))
    expect((await signWith(await ringOf(name))).kid).toBe(next)
    expect(kids(keysIn(await ringOf(name), 'retiring'))).toEqual([first])
    setClock(ahead + 299)
    await runAlarm(ringObject(name))
    expect(await verifies(await ringOf(name), old)).toBe(true)
    setClock(ended)
    await runAlarm(ringObject(name))
    expect(kids((await ringOf(name)).keys)).toEqual([next])
  })

  it('keeps one next key, however often it is asked', async () => {
    await ringOf('often')
    await parallel(50, () => ringObject('often').rotate('bank'))
    const ring = await ringOf('often')
    expect([keysIn(ring, 'active').length, keysIn(ring, 'next').length]).toEqual([1, 1])
    const [next] = kids(keysIn(ring, 'next'))
    setClock(ahead - 1)
    await ringObject('often').rotate('bank')
    setClock(ahead)
    expect((await signWith(await ringOf('often'))).kid).toBe(next)
  })

  it('brings forward a key that was published a day ahead', async () => {
    await ringOf('forward')
    setClock(29 * 86_400)
    await runAlarm(ringObject('forward'))
    const [next] = keysIn(await ringOf('forward'), 'next')
    expect(next?.activeFrom).toBe(start + 30 * 86_400_000 - 60_000)
    setClock(29 * 86_400 + ahead + 1)
    await ringObject('forward').rotate('bank')
    expect(kids(keysIn(await ringOf('forward'), 'active'))).toEqual([next?.kid])
  })
})

describe('KeyRing.revoke', () => {
  it('SP-CR-11 drops the signing key at once, and a new key signs at once', async () => {
    const before = await ringOf('revoked')
    const old = await signWith(before)
    expect((await ringObject('revoked').revoke('bank', old.kid)).value).toBe(true)
    const ring = await ringOf('revoked')
    expect(kids(ring.keys)).not.toContain(old.kid)
    expect(await verifies(ring, old)).toBe(false)
    expect(await verifies(ring, await signWith(ring))).toBe(true)
    expect(await copy()).not.toContain(old.kid)
  })

  it('lets the next key take over when the signing key is dropped', async () => {
    const { kid } = await signWith(await ringOf('takeover'))
    await ringObject('takeover').rotate('bank')
    const [next] = kids(keysIn(await ringOf('takeover'), 'next'))
    await ringObject('takeover').revoke('bank', kid)
    const ring = await ringOf('takeover')
    expect([kids(ring.keys), kids(keysIn(ring, 'active'))]).toEqual([[next], [next]])
  })

  it('never lets a retiring key sign again, whenever the signing key is dropped', async () => {
    for (const seconds of [0, 5, 59, 61, 299].map((late) => ahead + late)) {
      const name = `retiring ${seconds}`
      setClock(0)
      const { kid: retiring } = await signWith(await ringOf(name))
      await ringObject(name).rotate('bank')
      setClock(seconds)
      const { kid: signing } = await signWith(await ringOf(name))
      expect(signing).not.toBe(retiring)
      await ringObject(name).revoke('bank', signing)
      const { kid: successor } = await signWith(await ringOf(name))
      expect([retiring, signing]).not.toContain(successor)
      await ringObject(name).revoke('bank', successor)
      expect([retiring, signing, successor]).not.toContain((await signWith(await ringOf(name))).kid)
    }
  })

  it('keeps the signing key when only the next key is dropped, and rotates in time', async () => {
    const name = 'next dropped'
    const { kid } = await signWith(await ringOf(name))
    await ringObject(name).rotate('bank')
    const [next = ''] = kids(keysIn(await ringOf(name), 'next'))
    await ringObject(name).revoke('bank', next)
    for (const seconds of [ahead, ended, 86_400, 28 * 86_400]) {
      setClock(seconds)
      await runAlarm(ringObject(name))
      expect(kids((await ringOf(name)).keys)).toEqual([kid])
    }
    setClock(29 * 86_400)
    await runAlarm(ringObject(name))
    const ring = await ringOf(name)
    expect([kids(keysIn(ring, 'active')), keysIn(ring, 'next').length]).toEqual([[kid], 1])
  })

  it('drops a retiring key, and the others stay', async () => {
    const { kid } = await signWith(await ringOf('retired'))
    await ringObject('retired').rotate('bank')
    setClock(ahead + 100)
    const signing = kids(keysIn(await ringOf('retired'), 'active'))
    await ringObject('retired').revoke('bank', kid)
    expect(kids((await ringOf('retired')).keys)).toEqual(signing)
  })

  it('answers that it does not know a key and changes nothing', async () => {
    const before = await ringOf('strange')
    expect((await ringObject('strange').revoke('bank', 'strange')).value).toBe(false)
    expect(await ringOf('strange')).toEqual(before)
    expect(await ringObject('empty').revoke('bank', 'strange')).toEqual({ value: false, rows: 0 })
    await runAlarm(ringObject('empty'))
    expect(await holdingsOf(ringObject('empty'))).toEqual(nothing)
  })
})

describe('the master secret of a ring', () => {
  it('changes without changing the keys: rewrap seals them again', async () => {
    await ringObject('rewrapped').rotate('bank')
    const before = await ringOf('rewrapped')
    await giveSecret(ringObject('rewrapped'), `${secret('B')},${env.MASTER_SECRET}`)
    expect((await ringObject('rewrapped').rewrap('bank')).value).toEqual({ rewrapped: 2, lost: 0 })
    await giveSecret(ringObject('rewrapped'), secret('B'))
    const after = await ringOf('rewrapped')
    expect(kids(after.keys)).toEqual(kids(before.keys))
    for (const key of after.keys) {
      expect(key.sealed).toMatch(/^n1\./)
      expect(await openKey(key)).toBeUndefined()
      expect(await openKey(key, secret('B'))).toBeDefined()
    }
  })

  it('costs the keys when it is lost, and never a start', async () => {
    const name = 'lost'
    const old = await signWith(await ringOf(name))
    const strange = secret('C')
    await giveSecret(ringObject(name), strange)
    const answers = await parallel(20, () => ringOf(name))
    expect(new Set(answers.map((ring) => JSON.stringify(ring))).size).toBe(1)
    const ring = await ringOf(name)
    const [active] = keysIn(ring, 'active')
    expect(active?.kid).not.toBe(old.kid)
    expect(active && (await openKey(active, strange))).toBeDefined()
    expect(await verifies(ring, old)).toBe(true)
    expect((await ringObject(name).rewrap('bank')).value).toEqual({ rewrapped: 1, lost: 1 })
  })

  it('costs one new key when it is lost just after a rotation', async () => {
    const name = 'lost after rotation'
    await ringOf(name)
    await ringObject(name).rotate('bank')
    setClock(ahead + 10)
    const before = await ringOf(name)
    const strange = secret('D')
    await giveSecret(ringObject(name), strange)
    const ring = await ringOf(name)
    const [active] = keysIn(ring, 'active')
    expect(active && (await openKey(active, strange))).toBeDefined()
    expect((await ringOf(name)).keys).toHaveLength(before.keys.length + 1)
  })

  it('lets a key that was announced take over later, and lets it stay while it signs', async () => {
    const name = 'lost before takeover'
    const [first] = keysIn(await ringOf(name), 'active')
    const newer = secret('E')
    await giveSecret(ringObject(name), `${newer},${env.MASTER_SECRET}`)
    await ringObject(name).rotate('bank')
    const [next] = keysIn(await ringOf(name), 'next')
    // The key that signs can no longer be opened: one that nobody announced stands in for it.
    await giveSecret(ringObject(name), newer)
    const [standIn] = keysIn(await ringOf(name), 'active')
    expect([first?.kid, next?.kid]).not.toContain(standIn?.kid)
    const token = await signWith(await ringOf(name), newer)
    setClock(ahead)
    expect(keysIn(await ringOf(name), 'active').map(({ kid }) => kid)).toEqual([next?.kid])
    expect(await verifies(await ringOf(name), token)).toBe(true)
    const late = ended + 1
    setClock(late)
    await runAlarm(ringObject(name))
    const ring = await ringOf(name)
    expect(kids(ring.keys)).toEqual([next?.kid])
    expect(await verifies(ring, await signWith(ring, newer))).toBe(true)
  })
})
