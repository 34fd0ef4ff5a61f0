import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readDer } from '../../../src/proof/der.ts'
import type { DerValue } from '../../../src/proof/der.ts'
import { judgeDer } from '../../../test/rules/support/der-judge.ts'
import { derTrees, encodeDer, oidOctets, soundTrees } from '../support/der.ts'
import { mangled } from '../support/mangle.ts'
import { certificateSamples } from '../support/certificates.ts'
import { always } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const sound = soundTrees.map(encodeDer)
const certificates = fc.constantFrom(...(await certificateSamples()).map(({ der }) => der))
const bytes = fc.oneof(
  { weight: 4, arbitrary: derTrees },
  { weight: 3, arbitrary: mangled(sound) },
  { weight: 2, arbitrary: mangled(certificates) },
  fc.uint8Array({ maxLength: 60 }),
)

/** The value written anew from what was read of it: identifier, fewest octets of length, content. */
function rewritten({ tag, content, children, oid }: DerValue): Uint8Array {
  if (oid !== undefined) return encodeDer({ tag, content: oidOctets(oid) })
  const inner = (tag & 0x20) === 0 ? content : Buffer.concat(children.map(rewritten))
  return encodeDer({ tag, content: inner })
}

export const der: Parser = {
  name: 'DER',
  source: 'src/proof/der.ts',
  properties: [
    always(
      'what is read is the only encoding of itself, and asn1js reads the same tree',
      fc.property(bytes, (input) => {
        const value = readDer(input)
        if (value === undefined) return
        assert.equal(Buffer.compare(rewritten(value), input), 0)
        assert.equal(treeOf(judgeDer(input)), treeOf(value))
      }),
    ),
    always(
      'what is written well is read back, identifiers of any size included',
      fc.property(soundTrees, (tree) => {
        const value = readDer(encodeDer(tree))
        assert.ok(value !== undefined)
        assert.equal(Buffer.compare(rewritten(value), encodeDer(tree)), 0)
      }),
    ),
    always(
      'no beginning of it and nothing behind it is read as well',
      fc.property(sound, fc.nat({ max: 4_000 }), fc.nat({ max: 255 }), (input, at, octet) => {
        assert.equal(readDer(input.subarray(0, at % input.length)), undefined)
        assert.equal(readDer(Uint8Array.from([...input, octet])), undefined)
      }),
      0.5,
    ),
  ],
}

/** Tags and contents: what both must agree on. */
function treeOf(value: DerValue | undefined): string {
  if (value === undefined) return 'not read'
  const { tag, content, children } = value
  const inside = (tag & 0x20) === 0 ? Buffer.from(content).toString('hex') : children.map(treeOf)
  return `${tag}[${String(inside)}]`
}
