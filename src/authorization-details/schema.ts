import { canonicalJson } from '../evidence/canonical.ts'
import type { Json } from '../evidence/canonical.ts'
import { tellable } from './compare.ts'
import type { AuthorizationDetail, DetailType } from './detail.ts'
import { isDay, isList, isObject } from './values.ts'

/**
 * JSON Schema 2020-12, as much of it as types of authorization details may use: `settings/detail-schema.ts`
 * lets nothing else in. A library for the whole of it judges this one in tests.
 */
type Schema = { readonly [keyword: string]: Json }
type Problem = { readonly path: readonly string[]; readonly keyword: string }

/** What is wrong with a detail: the field in words, never its value. Undefined: nothing. */
export function schemaProblem(type: DetailType, detail: AuthorizationDetail): string | undefined {
  const { type: _type, ...members } = detail
  const problem = problemWith(type.schema, members, [])
  if (problem === undefined) return undefined
  const field = `field ${problem.path.map(tellable).join('.')}`
  if (problem.keyword === 'required') return `${field} is required`
  if (problem.keyword === 'additionalProperties') return `${field} is not known`
  return `${field} is not as its schema says (${problem.keyword})`
}

/** Whether a value is one that a person may choose for a member: of a list, one of its items. */
export function fitsMember(type: DetailType, member: string, value: Json): boolean {
  const property = propertiesOf(type.schema)[member]
  const schema = type.enrich[member]?.many === true ? property?.['items'] : property
  return schema !== undefined && problemWith(schema as Schema, value, []) === undefined
}

const propertiesOf = (schema: Schema): Readonly<Record<string, Schema>> =>
  (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>

/** The first problem with a value: its own, then those inside. */
export function problemWith(
  schema: Schema,
  value: Json,
  path: readonly string[],
): Problem | undefined {
  const own = Object.keys(checks).find((keyword) => {
    const limit = schema[keyword]
    return limit !== undefined && checks[keyword]?.(value, limit) === false
  })
  if (own !== undefined) return { path, keyword: own }
  if (isList(value))
    return firstOf(value, (item, at) => inside(schema, item, [...path, String(at)]))
  return isObject(value) ? problemInside(schema, value, path) : undefined
}

const inside = (schema: Schema, item: Json, path: readonly string[]) =>
  problemWith(schema['items'] as Schema, item, path)

function problemInside(
  schema: Schema,
  value: { readonly [member: string]: Json },
  path: readonly string[],
): Problem | undefined {
  const required = (schema['required'] ?? []) as readonly string[]
  const missing = required.find((name) => !Object.hasOwn(value, name))
  if (missing !== undefined) return { path: [...path, missing], keyword: 'required' }
  const properties = propertiesOf(schema)
  return firstOf(Object.entries(value), ([name, inner]) => {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (property !== undefined) return problemWith(property, inner, [...path, name])
    return { path: [...path, name], keyword: 'additionalProperties' }
  })
}

function firstOf<T>(
  items: readonly T[],
  judge: (item: T, at: number) => Problem | undefined,
): Problem | undefined {
  for (const [at, item] of items.entries()) {
    const problem = judge(item, at)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** Keywords in the order they are judged; each is about values of its own type and lets others pass. */
const checks: Readonly<Record<string, (value: Json, limit: Json) => boolean>> = {
  type: (value, name) => isOfType(value, String(name)),
  const: (value, only) => value === only,
  enum: (value, choice) => (choice as readonly Json[]).includes(value),
  minLength: (value, least) => typeof value !== 'string' || [...value].length >= Number(least),
  maxLength: (value, most) => typeof value !== 'string' || [...value].length <= Number(most),
  pattern: (value, form) => typeof value !== 'string' || new RegExp(String(form), 'u').test(value),
  format: (value, name) => typeof value !== 'string' || isFormat(value, String(name)),
  minimum: (value, least) => typeof value !== 'number' || value >= Number(least),
  maximum: (value, most) => typeof value !== 'number' || value <= Number(most),
  minItems: (value, least) => !isList(value) || value.length >= Number(least),
  maxItems: (value, most) => !isList(value) || value.length <= Number(most),
  uniqueItems: (value, unique) =>
    unique !== true || !isList(value) || new Set(value.map(canonicalJson)).size === value.length,
}

function isOfType(value: Json, name: string): boolean {
  if (name === 'object') return isObject(value)
  if (name === 'array') return isList(value)
  if (name === 'integer') return Number.isInteger(value)
  return typeof value === name
}

function isFormat(text: string, name: string): boolean {
  if (name === 'uri') return /^[\x21-\x7e]+$/.test(text) && URL.canParse(text)
  const day = /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0]
  if (day === undefined || !isDay(day)) return false
  const time = /^T(?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/
  return name === 'date' ? text === day : time.test(text.slice(day.length))
}
