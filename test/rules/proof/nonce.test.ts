import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { locationHints } from '../../../src/proof/location.ts'
import { mintNonce, readNonce, slotSeconds } from '../../../src/proof/nonce.ts'
import type { NonceKeys, NonceRole } from '../../../src/proof/nonce.ts'
import { deriveKeys, parseMasterSecret } from '../../../src/secrets.ts'
import { anyText, holdsAsync } from '../support/property.ts'

const secret = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64url')}`
const one = secret('one', 1)
const two = secret('longest8', 2)

/** Each call is another isolate: nothing remembered. */
const keysOf = (
  list = one,
  role: NonceRole = 'authorization-server',
  issuer = 'bank',
): NonceKeys => {
  const parsed = parseMasterSecret(list)
  if (typeof parsed === 'string') throw new Error(parsed)
  return { role, secret: deriveKeys(parsed, 'hmac', [issuer, 'nonce', role]) }
}
const slot = slotSeconds * 1000
const now = 10_000_000 * slot
const place = { hint: 'weur', guards: 4 } as const

describe('a nonce', () => {
  it('DPOP-AS-10 names a guard near the caller, until the end of its last slot', async () => {
    for (const hint of locationHints) {
      const nonce = await mintNonce(keysOf(), { hint, guards: 1 }, now + 1)
      const route = await readNonce(keysOf(), nonce, now + 1)
      expect(route).toEqual({ hint, n: 0, validUntil: now + 2 * slot })
    }
  })

  it('DPOP-AS-10 has only characters a nonce may have, and at least 6 random bytes and 16 of proof', async () => {
    const nonce = await mintNonce(keysOf(two), place, now)
    expect(nonce).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
    expect(nonce.length).toBeLessThanOrEqual(64)
    const others = await Promise.all(Array.from({ length: 50 }, () => mintNonce(keysOf(), { hint: 'weur', guards: 1 }, now))) // prettier-ignore
    expect(new Set(others).size).toBe(50)
  })

  it('spreads callers over many guards by both of its random bytes', async () => {
    const guards = Array.from({ length: 64 }, async () => {
      const nonce = await mintNonce(keysOf(), { hint: 'weur', guards: 1_024 }, now)
      return (await readNonce(keysOf(), nonce, now))?.n ?? -1
    })
    const met = await Promise.all(guards)
    expect(met.some((n) => n > 255)).toBe(true)
    expect(met.some((n) => n % 256 !== 0)).toBe(true)
  })

  it('DPOP-AS-10 is made once for a guard and a slot by the same isolate', async () => {
    const keys = keysOf()
    const alone = { hint: 'weur', guards: 1 } as const
    const nonce = await mintNonce(keys, alone, now)
    expect(await mintNonce(keys, alone, now + slot - 1)).toBe(nonce)
    expect(await mintNonce(keys, { ...alone, hint: 'afr' }, now)).not.toBe(nonce)
    expect(await mintNonce(keysOf(), alone, now)).not.toBe(nonce)
  })

  it('spreads callers of one place over its guards, and over no other', async () => {
    for (const guards of [1, 3, 1024]) {
      const keys = keysOf()
      const numbers = new Set<number>()
      for (let i = 0; i < 60; i += 1) {
        const route = await readNonce(keys, await mintNonce(keys, { hint: 'oc', guards }, now), now)
        expect(route?.hint).toBe('oc')
        numbers.add(route?.n ?? -1)
      }
      expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
      expect(Math.max(...numbers)).toBeLessThan(guards)
      expect(numbers.size).toBeGreaterThan(guards === 1 ? 0 : 1)
    }
  })

  it('DPOP-AS-09 ATK-A5-05 is valid in its own and in the next slot only', async () => {
    const nonce = await mintNonce(keysOf(), place, now)
    const valid = async (at: number) => (await readNonce(keysOf(), nonce, at)) !== undefined
    expect(await valid(now - 1)).toBe(false)
    expect(await valid(now)).toBe(true)
    expect(await valid(now + slot - 1)).toBe(true)
    expect(await valid(now + 2 * slot - 1)).toBe(true)
    expect(await valid(now + 2 * slot)).toBe(false)
    expect(await valid(now + 1000 * slot)).toBe(false)
  })

  it('DPOP-AS-09 is judged by its slot each time, though it was read before', async () => {
    const keys = keysOf()
    const nonce = await mintNonce(keys, place, now)
    expect(await readNonce(keys, nonce, now)).toBeDefined()
    expect(await readNonce(keys, nonce, now + 2 * slot)).toBeUndefined()
    expect(await readNonce(keys, nonce, now + slot)).toBeDefined()
    expect(await mintNonce(keys, place, now + slot)).not.toBe(nonce)
  })

  it('DPOP-AS-10 is valid in exactly those two slots, for every time it is made and read', async () => {
    const keys = keysOf()
    const time = fc.integer({ min: 0, max: 2_000_000_000_000 })
    const distance = fc.integer({ min: -3 * slot, max: 4 * slot })
    await holdsAsync(
      fc.asyncProperty(time, distance, async (made, away) => {
        const nonce = await mintNonce(keys, place, made)
        const age = Math.floor((made + away) / slot) - Math.floor(made / slot)
        const route = await readNonce(keys, nonce, made + away)
        expect(route !== undefined).toBe(age === 0 || age === 1)
        if (route !== undefined) {
          expect(route.validUntil).toBeGreaterThan(made + away)
          expect(route.validUntil).toBe((Math.floor(made / slot) + 2) * slot)
        }
      }),
      500,
    )
  })

  it('DPOP-RS-09 of the authorization server is none of a resource server, and the reverse', async () => {
    const roles: readonly NonceRole[] = ['authorization-server', 'resource-server']
    for (const made of roles) {
      const nonce = await mintNonce(keysOf(one, made), place, now)
      for (const reader of roles) {
        const route = await readNonce(keysOf(one, reader), nonce, now)
        expect(route !== undefined).toBe(reader === made)
        // With the very same key, too: the role is inside the nonce.
        const sameKey = { role: reader, secret: keysOf(one, made).secret }
        expect((await readNonce(sameKey, nonce, now)) !== undefined).toBe(reader === made)
      }
    }
  })

  it('DPOP-AS-10 of one issuer is none of another', async () => {
    const nonce = await mintNonce(keysOf(), place, now)
    expect(
      await readNonce(keysOf(one, 'authorization-server', 'tenant'), nonce, now),
    ).toBeUndefined()
    expect(await readNonce(keysOf(), nonce, now)).toBeDefined()
  })

  it('DPOP-AS-10 with any bit changed is no nonce', async () => {
    const nonce = await mintNonce(keysOf(), place, now)
    const bytes = Buffer.from(nonce, 'base64url')
    for (let at = 0; at < bytes.length; at += 1) {
      for (const bit of [1, 0x80]) {
        const altered = Buffer.from(bytes)
        altered[at] = (altered[at] ?? 0) ^ bit
        expect(await readNonce(keysOf(), altered.toString('base64url'), now)).toBeUndefined()
      }
    }
  })

  it('is not read when it was cut, extended or written in another way', async () => {
    const nonce = await mintNonce(keysOf(), place, now)
    for (const other of ['', nonce.slice(1), nonce.slice(0, -1), nonce.slice(0, -4), `${nonce}A`, `${nonce}AAAA`, `${nonce}=`, ` ${nonce}`, nonce.toLowerCase(), nonce + nonce]) {
      expect(await readNonce(keysOf(), other, now)).toBeUndefined()
    }
  }) // prettier-ignore

  it('survives the rotation of the secret, and not its removal', async () => {
    const nonce = await mintNonce(keysOf(one), place, now)
    expect(await readNonce(keysOf(`${two},${one}`), nonce, now)).toBeDefined()
    expect(await readNonce(keysOf(two), nonce, now)).toBeUndefined()
    const fresh = await mintNonce(keysOf(`${two},${one}`), place, now)
    expect(await readNonce(keysOf(two), fresh, now)).toBeDefined()
    expect(await readNonce(keysOf(one), fresh, now)).toBeUndefined()
    expect(await readNonce(keysOf(secret('one', 9)), nonce, now)).toBeUndefined()
  })

  it('is no text that this server did not make', async () => {
    const keys = keysOf()
    const bytes = fc.uint8Array({ minLength: 36, maxLength: 40 }).map((raw) => Buffer.from(raw))
    const shaped = bytes.map((raw) => {
      raw.write('one     ')
      return raw.toString('base64url')
    })
    await holdsAsync(
      fc.asyncProperty(fc.oneof(anyText(80), shaped), async (text) => {
        expect(await readNonce(keys, text, now)).toBeUndefined()
      }),
    )
  })
})
