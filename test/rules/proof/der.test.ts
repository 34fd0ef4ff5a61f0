import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDer } from '../../../src/proof/der.ts'
import { createCa } from '../../support/certificates.ts'
import { judgeDer } from '../support/der-judge.ts'
import { holds } from '../support/property.ts'

const ca = await createCa()
const { der } = await ca.issue({ dns: ['tpp.example'], uri: ['https://tpp.example/Id'] })

/** Lengths as DER and BER write them, and some nobody does. */
const lengthOf = (length: number, style: number): number[] => {
  if (style === 0 && length < 0x80) return [length]
  if (style <= 1 && length < 0x100) return [0x81, length]
  return [0x82, length >> 8, length & 0xff]
}
const wrap = (tag: number, content: Uint8Array, style: number): Uint8Array =>
  Uint8Array.from([tag, ...lengthOf(content.length, style), ...content])

const tags = fc.constantFrom(
  0x01,
  0x02,
  0x03,
  0x04,
  0x05,
  0x06,
  0x0c,
  0x13,
  0x17,
  0x30,
  0x31,
  0x80,
  0xa0,
  0xa3,
)
const style = fc.oneof(
  { arbitrary: fc.constant(0), weight: 8 },
  { arbitrary: fc.nat({ max: 2 }), weight: 1 },
)
const trees: fc.Arbitrary<Uint8Array> = fc.letrec<{ value: Uint8Array }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.tuple(tags, fc.uint8Array({ maxLength: 40 }), style).map(([tag, content, how]) => wrap(tag, content, how)),
    fc.tuple(fc.constantFrom(0x30, 0x31, 0xa0, 0xa3), fc.array(tie('value'), { maxLength: 4 }), style)
      .map(([tag, parts, how]) => wrap(tag, Uint8Array.from(parts.flatMap((part) => [...part])), how)),
  ),
})).value // prettier-ignore

const changed = fc
  .tuple(fc.nat({ max: der.length - 1 }), fc.nat({ max: 255 }), fc.nat({ max: 3 }))
  .map(([at, octet, cut]) => {
    const bytes = Uint8Array.from(der)
    bytes[at] = octet
    return bytes.subarray(0, bytes.length - cut)
  })

describe('readDer', () => {
  it('reads a certificate as asn1js does', () => {
    const value = readDer(der)
    expect(value?.children).toHaveLength(3)
    expect(shapeOf(value)).toEqual(shapeOf(judgeDer(der)))
  })

  it('reads nothing otherwise than asn1js, and nothing that asn1js refuses', () => {
    let read = 0
    holds(fc.property(fc.oneof(trees, changed, fc.uint8Array({ maxLength: 80 })), (bytes) => {
      const value = readDer(bytes)
      if (value === undefined) return
      read += 1
      expect(shapeOf(value)).toEqual(shapeOf(judgeDer(bytes)))
    })) // prettier-ignore
    expect(read).toBeGreaterThan(40)
  })

  it.each([
    ['an indefinite length', [0x30, 0x80, 0x05, 0x00, 0x00, 0x00]],
    ['a padded length', [0x04, 0x81, 0x01, 0xff]],
    ['a length in more octets than it needs', [0x04, 0x82, 0x00, 0x01, 0xff]],
    ['a length beyond what there is', [0x04, 0x02, 0xff]],
    ['a length of the length that nobody needs', [0x04, 0x84, 0x00, 0x00, 0x00, 0x01, 0xff]],
    ['an identifier of two octets', [0x1f, 0x01, 0x00]],
    ['a trailing octet', [0x05, 0x00, 0x00]],
    ['a child that reaches out of its parent', [0x30, 0x03, 0x04, 0x02, 0xff]],
    ['nothing', []],
    ['half a header', [0x30]],
  ])('refuses %s', (_what, octets) => {
    expect(readDer(Uint8Array.from(octets))).toBeUndefined()
  })

  it.each([
    ['06032a0304', '1.2.3.4'],
    ['0603550403', '2.5.4.3'],
    ['060488370102', '2.999.1.2'],
    ['06092a864886f70d010101', '1.2.840.113549.1.1.1'],
    ['060100', '0.0'],
    ['06014f', '1.39'],
    ['060150', '2.0'],
    ['060a83808080808080808000', '2.27670116110564327344'],
    ['0603805501', undefined],
    ['06022a86', undefined],
  ])('reads the object identifier %s', (hex, dotted) => {
    expect(readDer(Uint8Array.from(Buffer.from(hex, 'hex')))?.oid).toBe(dotted)
  })

  it('bounds depth, number and size', () => {
    const nest = (depth: number): Uint8Array => {
      let inner: Uint8Array = Uint8Array.of(0x05, 0x00)
      for (let count = 0; count < depth; count += 1) inner = wrap(0x30, inner, 0)
      return inner
    }
    expect(readDer(nest(20))).toBeDefined()
    expect(readDer(nest(40))).toBeUndefined()
    const many = (count: number) =>
      wrap(0x30, Uint8Array.from(Array.from({ length: count }, () => [0x05, 0x00]).flat()), 2)
    expect(readDer(many(3_000))).toBeDefined()
    expect(readDer(many(4_500))).toBeUndefined()
    expect(readDer(wrap(0x04, new Uint8Array(16_385), 2))).toBeUndefined()
  })
})

type Shape = {
  readonly tag: number
  readonly length: number
  readonly oid?: string
  readonly children: readonly Shape[]
}

/** What both say of a value; undefined stays undefined. */
function shapeOf(value: ReturnType<typeof readDer>): Shape | undefined {
  if (value === undefined) return undefined
  const children = value.children.map((child) => shapeOf(child) as Shape)
  const { tag, bytes, oid } = value
  return { tag, length: bytes.length, children, ...(oid === undefined ? {} : { oid }) }
}
