import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readEvidence, writeEvidence } from '../../../src/evidence/file.ts'
import { verifyEvidence } from '../../../src/evidence/verify.ts'
import { readAnchors } from '../../../src/evidence/verify/anchors.ts'
import { readKeySets } from '../../../src/evidence/verify/keys.ts'
import { readShape } from '../../../src/evidence/verify/shape.ts'
import { approval, chainOf, exportFile, makeSigners, start, tokenEntry } from '../../../test/rules/evidence/support/file.ts' // prettier-ignore
import { anyText } from '../../../test/rules/support/property.ts'
import { anyJson, mangledRecord, mangledText } from '../support/mangle.ts'
import { always, alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const signers = await makeSigners()
const chain = chainOf([...(await approval(signers)), tokenEntry(1)])
const file = await exportFile({ chain, signers, attested: [{ n: 3, at: start + 50_000 }] })
const text = writeEvidence(file)
const record = file as unknown as Readonly<Record<string, unknown>>
const texts = fc.oneof(
  mangledText(fc.constant(text)),
  mangledRecord(record).map(writeEvidence),
  anyText(),
)

/** The file with one member, at any depth, of another value. */
const deepChange = fc.tuple(fc.integer({ min: 0, max: 0xffffff }), anyJson(2)).map(([pick, value]) => {
  const places: (readonly [object, string])[] = []
  const walk = (one: unknown): void => {
    if (typeof one !== 'object' || one === null) return
    for (const name of Object.keys(one)) {
      places.push([one, name])
      walk((one as Record<string, unknown>)[name])
    }
  }
  const copy = structuredClone(file)
  walk(copy)
  const [parent, name] = places[pick % places.length] ?? [{}, '']
  ;(parent as Record<string, unknown>)[name] = value
  return copy as unknown
}) // prettier-ignore

const jwk = fc.record({ kid: fc.constantFrom<unknown>('a', 'b', 7), x: fc.constantFrom('', 'A', '\ud800') }, { requiredKeys: [] }) // prettier-ignore
const keySets = fc.oneof(anyJson(4), fc.array(fc.array(jwk, { maxLength: 3 }).map((keys) => ({ keys })), { maxLength: 2 })) // prettier-ignore

export const evidence: Parser = {
  name: 'evidence files',
  source: 'src/evidence/file.ts',
  properties: [
    always(
      'a text is the one way to write what it holds, or it is no evidence',
      fc.property(texts, (given) => {
        const read = readEvidence(given)
        if ('problem' in read) return
        // What `npm run` says before is not part of it.
        assert.ok(given.endsWith(writeEvidence(read.file)))
        readShape(read.file, () => undefined)
      }),
      0.6,
    ),
    always(
      'the shape is judged whatever is written, with a fault for each refusal',
      fc.property(fc.oneof(deepChange, mangledRecord(record), anyJson(4)), (given) => {
        const faults: string[] = []
        const read = readShape(given, (where) => faults.push(where))
        assert.equal(read === undefined, faults.length > 0)
      }),
      0.6,
    ),
    always(
      'anchors and key sets of any text are lists, or refused',
      fc.property(fc.oneof(anyJson(4).map((one) => JSON.stringify(one)), mangledText(fc.constant(`${JSON.stringify(file.head)}\n{}`)), anyText()), keySets, (given, sets) => {
        const anchors = readAnchors(given)
        assert.ok(anchors === undefined || anchors.every(({ jws }) => typeof jws === 'string'))
        const keys = readKeySets(Array.isArray(sets) ? sets : [sets])
        assert.ok(typeof keys === 'string' || Array.isArray(keys))
      }),
      0.3,
    ), // prettier-ignore
    alwaysAsync(
      'a file with any member changed is not sound',
      fc.asyncProperty(deepChange, async (given) => {
        const { sound } = await verifyEvidence(given as Readonly<Record<string, unknown>>)
        assert.equal(sound, writeEvidence(given) === text)
      }),
      0.02,
    ),
  ],
}
