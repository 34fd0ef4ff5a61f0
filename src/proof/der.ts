/** One DER value (X.690 10). `tag` is the whole identifier octet, `bytes` the whole encoding. */
export type DerValue = {
  readonly tag: number
  readonly bytes: Uint8Array
  readonly content: Uint8Array
  readonly children: readonly DerValue[]
  /** Dotted text, for an OBJECT IDENTIFIER only. */
  readonly oid?: string
}

export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** The other types that certificates are made of: strings of octets. */
const otherTypes = new Set([
  Tag.octetString, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x1a,
]) // prettier-ignore

/** A certificate needs a tenth of it. */
const limits = { bytes: 16_384, depth: 24, values: 4_000 }

/**
 * Reads exactly one DER value, or answers undefined. Two encodings of one certificate would have two
 * thumbprints, and a value that another parser reads differently could pass one check here and another
 * check there, so whatever is not DER (X.690 10 and 11) is refused: indefinite and padded lengths,
 * constructed strings, trailing bytes, numbers and identifiers that are not minimal.
 *
 * @example readDer(bytes)?.tag === Tag.sequence
 */
export function readDer(bytes: Uint8Array): DerValue | undefined {
  if (bytes.length > limits.bytes) return undefined
  const value = readValue(bytes, limits.depth, { left: limits.values })
  return value?.bytes.length === bytes.length ? value : undefined
}

/** The value that `input` begins with. */
function readValue(
  input: Uint8Array,
  depth: number,
  values: { left: number },
): DerValue | undefined {
  const header = readHeader(input)
  values.left -= 1
  if (header === undefined || depth === 0 || values.left < 0) return undefined
  const { tag, begin, end } = header
  const bytes = input.subarray(0, end)
  const content = input.subarray(begin, end)
  const children: DerValue[] = []
  if (isConstructed(tag)) {
    for (let at = 0; at < content.length;) {
      const child = readValue(content.subarray(at), depth - 1, values)
      if (child === undefined) return undefined
      children.push(child)
      at += child.bytes.length
    }
  }
  if (!isWellFormed(tag, content)) return undefined
  const value = { tag, bytes, content, children }
  return tag === Tag.objectIdentifier ? { ...value, oid: dotted(content) } : value
}

/** Identifier and length (X.690 8.1, 10.1): one octet of identifier, the fewest octets of length. */
function readHeader(
  input: Uint8Array,
): { readonly tag: number; readonly begin: number; readonly end: number } | undefined {
  const [tag, first] = input
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined
  const longForm = first >= 0x80
  const begin = 2 + (longForm ? first - 0x80 : 0)
  if (longForm && (first === 0x80 || begin > 4)) return undefined
  const length = longForm
    ? input.subarray(2, begin).reduce((sum, octet) => sum * 256 + octet, 0)
    : first
  const end = begin + length
  const minimal = lengthOfLength(length) === begin - 1
  return minimal && input.length >= end ? { tag, begin, end } : undefined
}

/** X.690 8.19: arcs of any size, in base 128; the first two share one. */
function dotted(content: Uint8Array): string {
  const arcs: bigint[] = []
  let arc = 0n
  for (const octet of content) {
    arc = (arc << 7n) | BigInt(octet & 0x7f)
    if (octet >= 0x80) continue
    arcs.push(arc)
    arc = 0n
  }
  const [both = 0n, ...rest] = arcs
  const first = both < 80n ? both / 40n : 2n
  return [first, both - first * 40n, ...rest].join('.')
}

/** X.690 10.1: the fewest octets that can hold the length. */
function lengthOfLength(length: number): number {
  if (length < 0x80) return 1
  if (length < 0x100) return 2
  return 3
}

function isConstructed(tag: number): boolean {
  return (tag & 0x20) !== 0
}

function isWellFormed(tag: number, content: Uint8Array): boolean {
  const [first, second] = content
  switch (tag) {
    case Tag.boolean: // 11.1
      return content.length === 1 && (first === 0x00 || first === 0xff)
    case Tag.integer: // 8.3.2
      if (first === undefined) return false
      if (second === undefined) return true
      return !(first === 0x00 && second < 0x80) && !(first === 0xff && second >= 0x80)
    case Tag.bitString: // 8.6.2, 11.2.1
      if (first === undefined || first > 7) return false
      if (content.length === 1) return first === 0
      return ((content.at(-1) ?? 0) & ((1 << first) - 1)) === 0
    case Tag.null:
      return content.length === 0
    case Tag.objectIdentifier:
      return isMinimalObjectIdentifier(content)
    case Tag.sequence:
    case Tag.set:
      return true
    case Tag.utcTime: // 11.8
      return /^\d{12}Z$/.test(String.fromCharCode(...content))
    case Tag.generalizedTime: // 11.7, RFC 5280 4.1.2.5.2: no fractions
      return /^\d{14}Z$/.test(String.fromCharCode(...content))
    case 0x1c: // UniversalString: four octets a character
      return content.length % 4 === 0
    case 0x1e: // BMPString: two
      return content.length % 2 === 0
    default:
      // 10.2: strings are primitive. Of the universal types, what no certificate holds is not read.
      return tag >> 6 !== 0 || otherTypes.has(tag)
  }
}

/** X.690 8.19.2: an arc does not begin with the octet 80, and the last one ends. Nobody's are longer. */
function isMinimalObjectIdentifier(content: Uint8Array): boolean {
  let startsArc = true
  for (const octet of content) {
    if (startsArc && octet === 0x80) return false
    startsArc = octet < 0x80
  }
  return content.length > 0 && content.length <= 64 && startsArc
}
