import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readDer } from '../../../src/proof/der.ts'
import {
  parseDistinguishedName,
  readName,
  sameName,
} from '../../../src/proof/distinguished-name.ts'
import { encodeDer, oidOctets } from '../support/der.ts'
import { mangledText } from '../support/mangle.ts'
import { always } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

type Attribute = { readonly type: string; readonly oid: string; readonly text: string }
type Name = readonly (readonly Attribute[])[]

const types = [
  ['CN', '2.5.4.3'],
  ['commonName', '2.5.4.3'],
  ['O', '2.5.4.10'],
  ['2.5.4.10', '2.5.4.10'],
  ['1.2.3.4', '1.2.3.4'],
] as const
// Few and alike, so that names often match.
const letters = ['a', 'A', 'b', ' ', '  ', ',', '+', '=', '#', '\\', '"', '<', 'é', 'É', 'ß', '😀']
const attribute: fc.Arbitrary<Attribute> = fc
  .tuple(fc.constantFrom(...types), fc.string({ unit: fc.constantFrom(...letters), maxLength: 3 }))
  .map(([[type, oid], text]) => ({ type, oid, text }))
const names: fc.Arbitrary<Name> = fc.array(fc.array(attribute, { minLength: 1, maxLength: 2 }), {
  minLength: 1,
  maxLength: 3,
})

/** RFC 4514: what must be escaped is, by a backslash or by octets; the rest now and then. */
function print(name: Name, how: number): string {
  const octets = (char: string) => [...new TextEncoder().encode(char)].map((octet) => `\\${octet.toString(16).padStart(2, '0')}`).join('') // prettier-ignore
  const value = (text: string) =>
    [...text]
      .map((char, at) => {
        const outer = char === ' ' && (at === 0 || at === [...text].length - 1)
        const special = /["+,;<>\\]/.test(char) || outer || (char === '#' && at === 0)
        if (how === 1) return octets(char)
        return special ? `\\${char}` : char
      })
      .join('')
  const blank = how === 2 ? ' ' : ''
  return [...name]
    .reverse()
    .map((set) =>
      set
        .map(({ type, text }) => `${blank}${type}${blank}=${blank}${value(text)}${blank}`)
        .join('+'),
    ) // prettier-ignore
    .join(',')
}

const encode = (name: Name): Uint8Array =>
  encodeDer({
    tag: 0x30,
    content: name.map((set) => ({
      tag: 0x31,
      content: set.map(({ oid, text }) => ({
        tag: 0x30,
        content: [
          { tag: 0x06, content: oidOctets(oid) },
          { tag: 0x0c, content: new TextEncoder().encode(text) },
        ],
      })),
    })),
  })

/** Folded letter by letter and blanks collapsed by hand, for the letters above alone. */
function fold(oid: string, text: string): string {
  if (oid === '1.2.3.4') return text
  const lower = text.replaceAll('A', 'a').replaceAll('É', 'é').replaceAll('ß', 'ss')
  return lower.split(' ').filter((word) => word !== '').join(' ') // prettier-ignore
}

const oracle = (name: Name): string =>
  JSON.stringify(name.map((set) => set.map(({ oid, text }) => `${oid}=${fold(oid, text)}`).sort()))

const read = (name: Name) => {
  const value = readDer(encode(name))
  return value && readName(value)
}

export const distinguishedName: Parser = {
  name: 'distinguished names',
  source: 'src/proof/distinguished-name.ts',
  properties: [
    always(
      'two names match exactly when a slow oracle says so, in text and in DER, in either order',
      fc.property(names, names, fc.nat({ max: 2 }), (a, b, how) => {
        const [x, y, z] = [read(a), parseDistinguishedName(print(b, how)), read(b)]
        assert.ok(x && y && z)
        assert.equal(sameName(x, y), oracle(a) === oracle(b))
        assert.equal(sameName(y, x), sameName(x, y))
        assert.ok(sameName(y, z))
      }),
    ),
    always(
      'a printed name is read back letter for letter',
      fc.property(names, fc.nat({ max: 2 }), (name, how) => {
        const back = parseDistinguishedName(print(name, how))
        assert.deepEqual(back?.map((set) => set.map(({ oid, text }) => [oid, text])), name.map((set) => set.map(({ oid, text }) => [oid, text]))) // prettier-ignore
      }),
      0.5,
    ),
    always(
      'a changed text is refused, or a name that matches itself and what its own text says',
      fc.property(mangledText(fc.tuple(names, fc.nat({ max: 2 })).map(([name, how]) => print(name, how))), (text) => {
        const name = parseDistinguishedName(text)
        if (name === undefined) return
        assert.ok(sameName(name, name))
        const texts = name.map((set) => set.map((one) => ({ type: one.oid, oid: one.oid, text: one.text ?? '' })))
        const plain = name.every((set) => set.every((one) => one.text !== undefined))
        const again = plain ? parseDistinguishedName(print(texts, 1)) : name
        assert.ok(again !== undefined && sameName(name, again))
      }),
    ), // prettier-ignore
  ],
}
