import { fromBER, ObjectIdentifier } from 'asn1js'
import type { AsnType } from 'asn1js'
import type { DerValue } from '../../../src/proof/der.ts'

const limits = {
  maxDepth: 24,
  maxNodes: 4_000,
  maxContentLength: 16_384,
  // A signature or key that happens to look like ASN.1 must not be read as such.
  parseEmbedded: false,
}

/** The tree that asn1js reads, where identifiers and lengths are those of DER. */
export function judgeDer(bytes: Uint8Array): DerValue | undefined {
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

const isConstructed = (tag: number): boolean => (tag & 0x20) !== 0
