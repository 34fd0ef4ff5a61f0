import { Validator } from '@cfworker/json-schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { problemWith } from '../../../src/authorization-details/schema.ts'
import { shippedTypes } from '../../../src/authorization-details/shipped/index.ts'
import type { Json } from '../../../src/evidence/canonical.ts'
import { checkSchema } from '../../../src/settings/detail-schema.ts'
import type { Schema } from '../../../src/settings/detail-schema.ts'
import { holds } from '../support/property.ts'

const judge = (schema: Schema, value: Json) =>
  new Validator(structuredClone(schema), '2020-12').validate(value).valid
const sound = (schema: Schema, value: Json) => problemWith(schema, value, []) === undefined

const small = fc.integer({ min: 0, max: 3 })
const text: fc.Arbitrary<Schema> = fc.oneof(
  fc.record({ type: fc.constant('string'), maxLength: small }),
  fc.record({ type: fc.constant('string'), maxLength: small, minLength: small }),
  fc.record({ type: fc.constant('string'), maxLength: small, pattern: fc.constantFrom('^a', 'b$', '^[^\\p{L}]*$') }),
  fc.record({ type: fc.constant('string'), enum: fc.constant(['a', 'ab']) }),
  fc.record({ type: fc.constant('string'), const: fc.constant('a') }),
) // prettier-ignore
const number: fc.Arbitrary<Schema> = fc.record({
  type: fc.constantFrom('integer', 'number'),
  minimum: small,
  maximum: small,
})
const boolean: fc.Arbitrary<Schema> = fc.constant({ type: 'boolean' })
const simple = fc.oneof(text, number, boolean)
const object = (inner: fc.Arbitrary<Schema>): fc.Arbitrary<Schema> =>
  fc
    .dictionary(fc.constantFrom('a', 'b', 'toString'), inner, { minKeys: 1, maxKeys: 3 })
    .map((properties) => ({
      type: 'object',
      properties: { ...properties },
      required: Object.keys(properties).slice(0, 1),
      additionalProperties: false,
    }))
const list = (inner: fc.Arbitrary<Schema>): fc.Arbitrary<Schema> =>
  fc.record({ type: fc.constant('array'), items: inner, minItems: small, maxItems: small, uniqueItems: fc.boolean() }) // prettier-ignore
const schemas = object(fc.oneof(simple, list(fc.oneof(simple, object(simple))), object(simple)))

const leaf = fc.oneof(fc.constantFrom<Json>('', 'a', 'ab', 'b', '😀', 0, 1, 2.5, true, null))
const values: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'toString', 'c'), tie('value'), { maxKeys: 3 }),
  ),
})).value

/** A value as the schema wants it, more or less, so that many of them fit. */
const near = (schema: Schema): fc.Arbitrary<Json> => {
  const { properties, items } = schema
  if (schema['type'] === 'object') {
    const members = Object.entries(properties as Record<string, Schema>)
    return fc
      .tuple(...members.map(([name, inner]) => near(inner).map((value) => [name, value] as const)))
      .map((entries) => Object.fromEntries(entries) as Json)
  }
  if (schema['type'] === 'array') return fc.array(near(items as Schema), { maxLength: 4 })
  return leaf
}

describe('the schema of a type', () => {
  it('RAR-03 is read as a library for all of JSON Schema reads it', () => {
    let [fit, unfit] = [0, 0]
    holds(
      fc.property(
        schemas.chain((schema) =>
          fc.tuple(fc.constant(schema), fc.oneof({ weight: 4, arbitrary: near(schema) }, values)),
        ),
        ([schema, value]) => {
          expect(checkSchema(schema, 'x')).toBe(schema)
          expect(sound(schema, value)).toBe(judge(schema, value))
          if (sound(schema, value)) fit += 1
          else unfit += 1
        },
      ),
      5000,
    )
    expect(Math.min(fit, unfit)).toBeGreaterThan(100)
  })

  it.each([
    ['date', ['2026-02-28', '2024-02-29', '0001-01-01'], ['2026-02-29', '2026-2-3', '2026-13-01', '2026-00-10', '2026-01-32', '', '2026-01-01T00:00:00Z', 'x2026-01-01']],
    ['date-time', ['2026-01-01T00:00:00Z', '2026-01-01T23:59:59.123+01:00'], ['2026-01-01', '2026-01-01T24:00:00Z', '2026-01-01T00:60:00Z', '2026-01-01T00:00:00', '2026-02-30T00:00:00Z']],
    ['uri', ['https://a.example/b?c#d', 'urn:x:y'], ['', 'a', '//a.example', 'https://a b', 'https://ä.example']],
  ])('RAR-03 knows the format %s', (format, right, wrong) => {
    const schema = { type: 'string', maxLength: 100, format }
    for (const value of right) expect([value, sound(schema, value), judge(schema, value)]).toEqual([value, true, true])
    for (const value of wrong) expect([value, sound(schema, value), judge(schema, value)]).toEqual([value, false, false])
  }) // prettier-ignore

  it.each(Object.entries(shippedTypes))('of %s, which is shipped, is one a library can read', (_name, definition) => {
    const schema = definition['schema'] as Schema
    expect(checkSchema(schema, 'x')).toBe(schema)
    holds(fc.property(fc.oneof(near(schema), values), (value) => {
      expect(sound(schema, value)).toBe(judge(schema, value))
    }))
  }) // prettier-ignore
})
