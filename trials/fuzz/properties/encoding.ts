import assert from 'node:assert/strict'
import fc from 'fast-check'
import { fromBase64Url, fromHex, isBounded, parseJson, sameText, toBase64Url, toHex, tuple } from '../../../src/encoding.ts' // prettier-ignore
import { canonicalJson } from '../../../src/evidence/canonical.ts'
import type { Json } from '../../../src/evidence/canonical.ts'
import { fromBase64 } from '../../../src/proof/octets.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { anyJson, mangledText } from '../support/mangle.ts'
import { always } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const bytes = fc.uint8Array({ maxLength: 60 })
const url = bytes.map((octets) => Buffer.from(octets).toString('base64url'))
const padded = bytes.map((octets) => Buffer.from(octets).toString('base64'))
const json = fc.oneof(fc.jsonValue({ maxDepth: 4 }), anyJson(5))

export const encoding: Parser = {
  name: 'encodings',
  source: 'src/encoding.ts',
  properties: [
    always(
      'base64url is read in the one spelling of its bytes, as Node writes it',
      fc.property(fc.oneof(url, mangledText(url), padded, anyText()), (text) => {
        const read = fromBase64Url(text)
        const strict = Buffer.from(text, 'base64url')
        const canonical = strict.toString('base64url') === text
        assert.equal(read !== undefined, canonical)
        if (read) assert.equal(Buffer.compare(read, strict), 0)
        if (read) assert.equal(toBase64Url(read), text)
      }),
    ),
    always(
      'base64 of certificates likewise',
      fc.property(fc.oneof(padded, mangledText(padded), url, anyText()), (text) => {
        const read = fromBase64(text)
        assert.equal(read !== undefined, Buffer.from(text, 'base64').toString('base64') === text)
      }),
      0.5,
    ),
    always(
      'hexadecimal and JSON come back, comparison is equality, and tuples never run together',
      fc.property(bytes, fc.array(anyText(6), { maxLength: 4 }), fc.array(anyText(6), { maxLength: 4 }), (octets, a, b) => {
        assert.equal(Buffer.compare(fromHex(toHex(octets)), octets), 0)
        const [x, y] = [a, b].map((list) => list.map((one) => one.toWellFormed()))
        assert.equal(tuple(...(x ?? [])) === tuple(...(y ?? [])), JSON.stringify(x) === JSON.stringify(y))
        assert.equal(sameText(String(a), String(b)), String(a) === String(b))
        parseJson(String(a))
      }),
      0.5,
    ), // prettier-ignore
    always(
      'bounds of depth and values are counted as a slow walk counts them',
      fc.property(json, fc.nat({ max: 5 }), fc.nat({ max: 12 }), (value, depth, values) => {
        const nested = depthOf(value)
        assert.equal(isBounded(value, { depth }), nested <= depth)
        assert.equal(isBounded(value, { depth: 99, values }), countOf(value) <= values)
      }),
      0.5,
    ),
  ],
}

const inside = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : []
const depthOf = (value: unknown): number =>
  inside(value).reduce<number>((most, one) => Math.max(most, 1 + depthOf(one)), 0)
const countOf = (value: unknown): number =>
  inside(value).reduce<number>((sum, one) => sum + countOf(one), 1)

export const canonical: Parser = {
  name: 'canonical JSON',
  source: 'src/evidence/canonical.ts',
  properties: [
    always(
      'one text for one value: whatever the order of members, and read back it is the value',
      fc.property(json, (value) => {
        const given = JSON.parse(JSON.stringify(value)) as Json
        const text = attempt(given)
        if (text === undefined) return
        assert.deepEqual(JSON.parse(text), given)
        assert.equal(canonicalJson(turned(given)), text)
        assert.equal(canonicalJson(JSON.parse(text) as Json), text)
      }),
    ),
    always(
      'two values have one text exactly when they are the same',
      fc.property(json, json, (a, b) => {
        const [x, y] = [a, b].map((one) => JSON.parse(JSON.stringify(one)) as Json)
        const texts = [attempt(x ?? null), attempt(y ?? null)]
        if (texts.includes(undefined)) return
        assert.equal(texts[0] === texts[1], isEqual(x, y))
      }),
      0.3,
    ),
  ],
}

/** Lone surrogates have no canonical text. */
function attempt(value: Json): string | undefined {
  try {
    return canonicalJson(value)
  } catch (error) {
    assert.match(String(error), /surrogate/)
    return undefined
  }
}

function isEqual(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b)
    return true
  } catch {
    return false
  }
}

/** The same value with the members of all its objects in the other order. */
function turned(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(turned)
  if (typeof value !== 'object' || value === null) return value
  const pairs = Object.entries(value).reverse()
  return Object.fromEntries(pairs.map(([name, one]) => [name, turned(one as Json)]))
}
