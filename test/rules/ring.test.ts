import { describe, expect, it } from 'vitest'
import { activeKey, readRing, sealedFor, stateOf } from '../../src/objects/ring.ts'
import type { Ring, RingKey } from '../../src/objects/ring.ts'
import { publicKeys } from '../../src/tokens/keys.ts'

const key = (kid: string, activeFrom: number, alg: RingKey['alg'] = 'ES256'): RingKey => ({
  kid,
  alg,
  use: 'sig',
  publicJwk: { kty: 'EC', crv: 'P-256', x: kid, y: kid },
  sealed: `sealed-${kid}`,
  publishedAt: 0,
  activeFrom,
})
const ring: Ring = {
  format: 1,
  issuer: 'bank',
  keys: [key('next', 300), key('old', 100), key('now', 200), key('other', 250, 'PS256')],
}

describe('a ring of keys', () => {
  it('SP-CR-11 signs with the key whose time came last, of the wanted algorithm', () => {
    expect(activeKey(ring, 'ES256', 99)?.kid).toBeUndefined()
    expect(activeKey(ring, 'ES256', 100)?.kid).toBe('old')
    expect(activeKey(ring, 'ES256', 299)?.kid).toBe('now')
    expect(activeKey(ring, 'ES256', 300)?.kid).toBe('next')
    expect(activeKey(ring, 'PS256', 299)?.kid).toBe('other')
    expect(activeKey(ring, 'Ed25519', 299)).toBeUndefined()
  })

  it('SP-CR-11 tells next, active and retiring keys apart by the clock alone', () => {
    const states = (now: number) => ring.keys.map((one) => stateOf(ring, one, now))
    expect(states(260)).toEqual(['next', 'retiring', 'active', 'active'])
    expect(states(300)).toEqual(['active', 'retiring', 'retiring', 'active'])
  })

  it('SP-CR-09 publishes public members only, each with kid, alg and use', () => {
    for (const published of publicKeys(ring, 300).keys) {
      const members = Object.keys(published).sort()
      expect(members).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    }
    expect(JSON.stringify(publicKeys(ring, 300))).not.toContain('sealed')
  })

  it('SP-CR-11 publishes no key past its time, whether or not it was swept', () => {
    const [first, ...others] = ring.keys
    if (first === undefined) throw new Error('a key is expected')
    const leaving = { ...ring, keys: [{ ...first, removeAt: 500 }, ...others] }
    const kidsAt = (now: number) => publicKeys(leaving, now).keys.length
    expect([kidsAt(499), kidsAt(500)]).toEqual([ring.keys.length, ring.keys.length - 1])
  })

  it('seals each key under its own name', () => {
    const names = ['a', 'b'].flatMap((issuer) => ring.keys.map((one) => sealedFor(issuer, one)))
    expect(new Set(names).size).toBe(names.length)
  })

  it('is read from its copy, and only when it is one', () => {
    expect(readRing(JSON.stringify(ring))).toEqual(ring)
    expect(readRing(ring)).toEqual(ring)
    for (const value of [null, undefined, '', 'x', '{}', '{"format":2}', [], 1]) {
      expect(readRing(value)).toBeUndefined()
    }
  })
})
