import assert from 'node:assert/strict'
import fc from 'fast-check'
import { toHex } from '../../../src/encoding.ts'
import { makeHandle, makeTokenId, randomOf, readHandle, readTokenId } from '../../../src/handles.ts'
import type { HandleKind, TokenId } from '../../../src/handles.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { mangledText } from '../support/mangle.ts'
import { always, alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const kinds: readonly HandleKind[] = ['pushed-request', 'code', 'refresh-token', 'session', 'setup-link', 'setup-session'] // prettier-ignore
const objectId = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex)
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 })
const made = fc.record({ kind: fc.constantFrom(...kinds), objectId, secret })
const tokenId: fc.Arbitrary<TokenId> = fc.record({
  home: fc.constantFrom('grant' as const, 'client' as const, 'operator' as const),
  objectId,
  epoch: fc.nat({ max: 0xffffffff }),
  series: fc.nat({ max: 0xffffffff }),
}, { noNullPrototype: true }) // prettier-ignore
const sound = fc.base64String({ minLength: 88, maxLength: 88 }).map((text) => text.slice(0, 87))

export const handles: Parser = {
  name: 'handles',
  source: 'src/handles.ts',
  properties: [
    alwaysAsync(
      'a handle reads as its own kind alone, with its object and the hash of its secret',
      fc.asyncProperty(made, fc.constantFrom(...kinds), async ({ kind, objectId, secret }, other) => {
        const { text, handle } = await makeHandle(kind, objectId, secret)
        assert.deepEqual(await readHandle(kind, text), handle)
        if (other !== kind) assert.equal(await readHandle(other, text), undefined)
        assert.equal(handle.objectId, objectId)
        assert.equal(readTokenId(text), undefined)
      }),
      0.5,
    ), // prettier-ignore
    alwaysAsync(
      'no flipped bit survives: it is no handle, or another object’s, or has another secret',
      fc.asyncProperty(made, fc.nat({ max: 65 * 8 - 1 }), async ({ kind, objectId, secret }, bit) => {
        const { text, handle } = await makeHandle(kind, objectId, secret)
        const bytes = Buffer.from(text, 'base64url')
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const read = await readHandle(kind, bytes.toString('base64url'))
        if (bit < 8) return assert.equal(read, undefined)
        assert.notDeepEqual(read, handle)
        assert.equal(read?.objectId === objectId, bit >= 33 * 8)
        return undefined
      }),
      0.5,
    ), // prettier-ignore
    alwaysAsync(
      'a text is read as the one text of its bytes, or not at all',
      fc.asyncProperty(fc.constantFrom(...kinds), fc.oneof(sound, mangledText(sound), anyText(100)), async (kind, text) => {
        const read = await readHandle(kind, text)
        if (read !== undefined) assert.equal(Buffer.from(text, 'base64url').toString('base64url'), text)
        const id = readTokenId(text)
        if (id !== undefined) assert.equal(makeTokenId(id, randomOf(text) ?? ''), text)
      }),
    ), // prettier-ignore
    always(
      'the id of an access token round-trips, and every bit of it counts',
      fc.property(tokenId, fc.nat({ max: 57 * 8 - 1 }), (id, bit) => {
        const text = makeTokenId(id)
        assert.deepEqual(readTokenId(text), id)
        const bytes = Buffer.from(text, 'base64url')
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const other = bytes.toString('base64url')
        const read = readTokenId(other)
        if (bit >= 41 * 8) assert.notEqual(randomOf(other), randomOf(text))
        else assert.notDeepEqual(read, id)
      }),
      0.5,
    ),
  ],
}
