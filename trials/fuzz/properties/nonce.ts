import assert from 'node:assert/strict'
import fc from 'fast-check'
import { mintNonce, readNonce, slotSeconds } from '../../../src/proof/nonce.ts'
import type { NonceKeys, NonceRole } from '../../../src/proof/nonce.ts'
import { locationHints } from '../../../src/proof/location.ts'
import { deriveKeys, parseMasterSecret } from '../../../src/secrets.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { mangledText } from '../support/mangle.ts'
import { alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const master = (bytes: number) => {
  const read = parseMasterSecret(`one:${Buffer.alloc(32, bytes).toString('base64url')}`)
  if (typeof read === 'string') throw new Error(read)
  return read
}
const keysOf = (role: NonceRole, issuer = 'bank', bytes = 1): NonceKeys => ({
  role,
  secret: deriveKeys(master(bytes), 'hmac', [issuer, role]),
})
const own = keysOf('authorization-server')
const strangers = [keysOf('resource-server'), keysOf('authorization-server', 'other'), keysOf('authorization-server', 'bank', 2), { role: 'resource-server', secret: own.secret } as const] // prettier-ignore

const start = 1_800_000_000_000
const slot = slotSeconds * 1000
/** Any moment of two days, often at the edges of slots. */
const moment = fc.oneof(
  fc.integer({ min: 0, max: 2 * 86_400_000 }),
  fc.tuple(fc.nat({ max: 900 }), fc.integer({ min: -2, max: 2 })).map(([n, off]) => n * slot + off),
).map((offset) => start - (start % slot) + slot + offset) // prettier-ignore
const place = fc.record({ hint: fc.constantFrom(...locationHints), guards: fc.integer({ min: 1, max: 1_024 }) }) // prettier-ignore
const slotOf = (at: number) => Math.floor(at / slot)

export const nonce: Parser = {
  name: 'DPoP nonces',
  source: 'src/proof/nonce.ts',
  properties: [
    alwaysAsync(
      'a nonce is valid in its slot and the next, at every moment of them and at no other',
      fc.asyncProperty(place, moment, fc.oneof(moment, fc.integer({ min: -2 * slot, max: 3 * slot })), async (where, minted, then) => {
        const at = then < start / 2 ? minted + then : then
        const text = await mintNonce(own, where, minted)
        const route = await readNonce(own, text, at)
        const age = slotOf(at) - slotOf(minted)
        assert.equal(route !== undefined, age === 0 || age === 1)
        if (route === undefined) return
        assert.equal(route.hint, where.hint)
        assert.ok(route.n < where.guards)
        assert.equal(route.validUntil, (slotOf(minted) + 2) * slot)
        // The guard's `late` and this clock's own end are one moment.
        assert.ok(at < route.validUntil)
      }),
    ), // prettier-ignore
    alwaysAsync(
      'no flipped bit, no other role, issuer or secret is taken',
      fc.asyncProperty(place, moment, fc.nat({ max: 38 * 8 - 1 }), fc.nat({ max: 3 }), async (where, at, bit, other) => {
        const text = await mintNonce(own, where, at)
        const bytes = Buffer.from(text, 'base64url')
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        assert.equal(await readNonce(own, bytes.toString('base64url'), at), undefined)
        assert.equal(await readNonce(strangers[other] ?? own, text, at), undefined)
      }),
    ), // prettier-ignore
    alwaysAsync(
      'no changed and no other text is taken',
      fc.asyncProperty(place, moment, anyText(70), async (where, at, any) => {
        const text = await mintNonce(own, where, at)
        assert.equal(await readNonce(own, any, at), undefined)
        for (const other of [`${text} `, `${text}=`, text.slice(1), `${text}A`, text.toLowerCase(), text.replaceAll('-', '+')])
          if (other !== text) assert.equal(await readNonce(own, other, at), undefined)
      }),
      0.3,
    ), // prettier-ignore
    alwaysAsync(
      'a text like a nonce that nobody minted is not taken',
      fc.asyncProperty(mangledText(fc.base64String({ minLength: 52, maxLength: 52 }).map((text) => text.slice(0, 51))), moment, async (text, at) => {
        assert.equal(await readNonce(own, text, at), undefined)
      }),
      0.5,
    ), // prettier-ignore
  ],
}
