import { fromBER, ObjectIdentifier } from 'asn1js'
import type { AsnType } from 'asn1js'

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

const limits = {
  maxDepth: 24,
  maxNodes: 4_000,
  maxContentLength: 16_384,
  // A signature or key that happens to look like ASN.1 must not be read as such.
  parseEmbedded: false,
}

/**
 * Reads exactly one DER value, or answers undefined.
 *
 * The library reads BER. Two encodings of one certificate would have two thumbprints, and a value
 * that another parser reads differently could pass one check here and another check there, so
 * whatever is not DER (X.690 10 and 11) is refused: indefinite and padded lengths, constructed
 * strings, trailing bytes, numbers and identifiers that are not minimal.
 *
 * @example readDer(bytes)?.tag === Tag.sequence
 */
export function readDer(bytes: Uint8Array): DerValue | undefined {
  if (bytes.length < 2 || bytes.length > limits.maxContentLength) return undefined
  try {
    const { offset, result } = fromBER(bytes, limits)
    return offset === bytes.length ? strict(result) : undefined
  } catch {
    return undefined
  }
}

function strict(block: AsnType): DerValue | undefined {
  const bytes = block.valueBeforeDecodeView
  const header = block.idBlock.blockLength + block.lenBlock.blockLength
  const content = bytes.subarray(header)
  const tag = bytes[0] ?? 0
  if (block.idBlock.blockLength !== 1 || block.lenBlock.isIndefiniteForm) return undefined
  if (block.lenBlock.length !== content.length) return undefined
  if (block.lenBlock.blockLength !== lengthOfLength(content.length)) return undefined

  const children: DerValue[] = []
  if (isConstructed(tag)) {
    let covered = 0
    for (const inner of childrenOf(block)) {
      const child = strict(inner)
      if (!child) return undefined
      covered += child.bytes.length
      children.push(child)
    }
    if (covered !== content.length) return undefined
  }
  if (!isWellFormed(tag, content)) return undefined
  return block instanceof ObjectIdentifier
    ? { tag, bytes, content, children, oid: block.getValue() }
    : { tag, bytes, content, children }
}

function childrenOf(block: AsnType): readonly AsnType[] {
  const inner: unknown = 'value' in block.valueBlock ? block.valueBlock.value : undefined
  return Array.isArray(inner) ? (inner as readonly AsnType[]) : []
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
    default:
      // 10.2: strings are primitive; 8.9.1, 8.11.1: sequences and sets are not.
      if (tag >> 6 === 0) return !isConstructed(tag) && tag !== 0x00 && tag !== 0x10 && tag !== 0x11
      return true
  }
}

/** X.690 8.19.2: an arc does not begin with the octet 80, and the last one ends. */
function isMinimalObjectIdentifier(content: Uint8Array): boolean {
  let startsArc = true
  for (const octet of content) {
    if (startsArc && octet === 0x80) return false
    startsArc = octet < 0x80
  }
  return content.length > 0 && startsArc
}
