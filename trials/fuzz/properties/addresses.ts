import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { addressFromOctets, canonicalAddress } from '../../../src/proof/ip-address.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { mangledText } from '../support/mangle.ts'
import { always } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const octets = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 }).map((all) => Uint8Array.from(all)),
) // prettier-ignore
const texts = fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), mangledText(fc.ipV6()), mangledText(fc.ipV4()), anyText(50)) // prettier-ignore

/** The octets of an address, without the URL parser: the oracle. */
function octetsOf(text: string): string {
  if (isIPv4(text)) return text
  const [head = '', tail] = text.split('::')
  const words = (part: string) => part.split(':').filter((word) => word !== '').flatMap(wordsOf) // prettier-ignore
  const [left, right] = [words(head), words(tail ?? '')]
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0)
  return [...left, ...zeros, ...right].join(':')
}

function wordsOf(word: string): readonly number[] {
  if (!word.includes('.')) return [Number.parseInt(word, 16)]
  const [a = 0, b = 0, c = 0, d = 0] = word.split('.').map(Number)
  return [a * 256 + b, c * 256 + d]
}

export const addresses: Parser = {
  name: 'IP addresses of certificates',
  source: 'src/proof/ip-address.ts',
  properties: [
    always(
      'a text is an address exactly when it is one for Node, and keeps its octets in one spelling',
      fc.property(texts, (text) => {
        const canonical = canonicalAddress(text)
        const known = isIPv4(text) || (isIPv6(text) && !text.includes('%'))
        assert.equal(canonical !== undefined, known)
        if (canonical === undefined) return
        assert.equal(canonicalAddress(canonical), canonical)
        assert.equal(octetsOf(canonical), octetsOf(text))
        assert.equal(canonicalAddress(text.toUpperCase()), canonical)
      }),
    ),
    always(
      'octets give a canonical text, and different octets different texts',
      fc.property(octets, octets, (a, b) => {
        const [x = '', y = ''] = [addressFromOctets(a), addressFromOctets(b)]
        assert.equal(canonicalAddress(x), x)
        assert.equal(x === y, Buffer.compare(a, b) === 0)
        assert.equal(addressFromOctets(a.subarray(1)), undefined)
      }),
    ),
  ],
}
