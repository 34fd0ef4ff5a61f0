import fc from 'fast-check'

/** Something to be written in DER; what is constructed brings its parts. */
export type Tree = { readonly tag: number; readonly content: Uint8Array | readonly Tree[] }

export function encodeDer({ tag, content }: Tree): Uint8Array {
  const inner = content instanceof Uint8Array ? content : Buffer.concat(content.map(encodeDer))
  return Uint8Array.from([tag, ...lengthOf(inner.length, 0), ...inner])
}

/** Lengths as DER and BER write them, and some nobody does. */
function lengthOf(length: number, style: number): readonly number[] {
  if (style === 0 && length < 0x80) return [length]
  if (style <= 1 && length < 0x100) return [0x81, length]
  if (style === 3) return [0x80]
  if (style === 4) return [0x84, 0, 0, length >> 8, length & 0xff]
  return [0x82, length >> 8, length & 0xff]
}

const integer = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map((value) => {
  const octets: number[] = []
  let left = value
  do {
    octets.unshift(Number(BigInt.asUintN(8, left)))
    left >>= 8n
  } while (left !== 0n && left !== -1n)
  const negative = value < 0n
  if (negative !== (octets[0] ?? 0) >= 0x80) octets.unshift(negative ? 0xff : 0)
  return Uint8Array.from(octets)
})

/** An arc of an identifier in base 128. */
export function arcOctets(arc: bigint): readonly number[] {
  const octets = [Number(arc & 0x7fn)]
  for (let left = arc >> 7n; left > 0n; left >>= 7n) octets.unshift(Number(left & 0x7fn) | 0x80)
  return octets
}

export const oidOctets = (oid: string): Uint8Array => {
  const [first = 0n, second = 0n, ...rest] = oid.split('.').map(BigInt)
  return Uint8Array.from([first * 40n + second, ...rest].flatMap(arcOctets))
}

export const oids: fc.Arbitrary<string> = fc
  .tuple(fc.nat({ max: 2 }), fc.nat({ max: 39 }), fc.array(fc.bigInt({ min: 0n, max: 2n ** 40n }), { maxLength: 5 }))
  .map(([first, second, rest]) => [first, second, ...rest].join('.')) // prettier-ignore

const leaf = (tag: number, content: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Tree> =>
  content.map((octets) => ({ tag, content: octets }))
const some = fc.uint8Array({ maxLength: 40 })
const leaves = fc.oneof(
  leaf(0x01, fc.constantFrom(Uint8Array.of(0), Uint8Array.of(0xff))),
  leaf(0x02, integer),
  leaf(0x03, some.map((octets) => Uint8Array.from([0, ...octets]))),
  leaf(0x04, some),
  leaf(0x05, fc.constant(new Uint8Array())),
  leaf(0x06, oids.map(oidOctets)),
  leaf(0x13, fc.string({ maxLength: 20 }).map((text) => new TextEncoder().encode(text))),
  leaf(0x04, fc.uint8Array({ minLength: 120, maxLength: 300 })),
  leaf(0x80, some),
) // prettier-ignore

/** Values that are DER. */
export const soundTrees: fc.Arbitrary<Tree> = fc.letrec<{ value: Tree }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    leaves,
    fc.record({
      tag: fc.constantFrom(0x30, 0x31, 0xa0, 0xa3),
      content: fc.array(tie('value'), { maxLength: 4 }),
    }),
  ),
})).value

const style = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat({ max: 4 }) },
)
const anyTag = fc.oneof(
  fc.constantFrom(0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x18, 0x1c, 0x1e, 0x30, 0x31, 0x80, 0xa0, 0xa3, 0x24),
  fc.nat({ max: 255 }),
) // prettier-ignore
const wrapped = (tag: number, content: Uint8Array, how: number) =>
  Uint8Array.from([tag, ...lengthOf(content.length, how), ...content])

/** Values that look like DER, with lengths and contents that may not be. */
export const derTrees: fc.Arbitrary<Uint8Array> = fc.letrec<{ value: Uint8Array }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(anyTag, fc.uint8Array({ maxLength: 20 }), style).map((all) => wrapped(...all)),
    fc
      .tuple(
        fc.constantFrom(0x30, 0x31, 0xa0, 0xa3),
        fc.array(tie('value'), { maxLength: 4 }),
        style,
      )
      .map(([tag, parts, how]) => wrapped(tag, Uint8Array.from(Buffer.concat(parts)), how)),
  ),
})).value
