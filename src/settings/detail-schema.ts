import { isRecord } from '../encoding.ts'
import type { Json } from '../evidence/canonical.ts'
import { contradiction, onlyKnown } from './readers.ts'

/** A JSON Schema of the kind types of authorization details use. */
export type Schema = { readonly [keyword: string]: Json }

/** Keywords by the type they are for: few, so that every member of a detail is known and can be shown. */
const keywords: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'minItems', 'maxItems', 'uniqueItems'],
  string: ['enum', 'const', 'pattern', 'format', 'minLength', 'maxLength'],
  integer: ['enum', 'const', 'minimum', 'maximum'],
  number: ['enum', 'const', 'minimum', 'maximum'],
  boolean: ['const'],
}
const formats = ['date', 'date-time', 'uri']
const counts = ['minItems', 'maxItems', 'minLength', 'maxLength']
const mostDepth = 4
/** What stands on a page is bounded. */
const longestText = 512
const mostItems = 64

/** Checks the schema of a type. Throws `Contradiction`. */
export function checkSchema(value: unknown, where: string): Schema {
  const schema = check(value, where, 1)
  if (schema['type'] !== 'object') contradiction(`${where} must be of an object.`)
  if (propertyOf(schema, 'type') !== undefined) {
    contradiction(`${where}: the member 'type' is known and must not be described.`)
  }
  return schema
}

export const propertiesOf = (schema: Schema): Readonly<Record<string, Schema>> =>
  (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>

export const propertyOf = (schema: Schema, name: string): Schema | undefined =>
  Object.hasOwn(propertiesOf(schema), name) ? propertiesOf(schema)[name] : undefined

export const requiredOf = (schema: Schema): readonly string[] =>
  (schema['required'] ?? []) as readonly string[]

function check(value: unknown, where: string, depth: number): Schema {
  if (!isRecord(value)) return contradiction(`${where} must be an object (JSON Schema 2020-12).`)
  if (depth > mostDepth) contradiction(`${where}: more than ${mostDepth} levels are not read.`)
  const type = value['type']
  if (typeof type !== 'string' || !Object.hasOwn(keywords, type)) {
    return contradiction(`${where}: 'type' must be one of ${Object.keys(keywords).join(', ')}.`)
  }
  onlyKnown(value, ['type', 'description', ...(keywords[type] ?? [])], where)
  for (const name of counts) {
    const count = value[name] ?? 0
    if (!Number.isInteger(count) || (count as number) < 0) {
      contradiction(`${where}: '${name}' must be a whole number.`)
    }
  }
  if (type === 'object') checkObject(value, where, depth)
  if (type === 'array') checkArray(value, where, depth)
  if (type === 'string') checkText(value, where)
  checkValues(value, where)
  return Object.freeze(value) as Schema
}

function checkObject(value: Readonly<Record<string, unknown>>, where: string, depth: number): void {
  const { properties, required = [] } = value
  if (value['additionalProperties'] !== false) {
    contradiction(`${where}: an object must have 'additionalProperties': false.`)
  }
  if (!isRecord(properties) || Object.keys(properties).length === 0) {
    return contradiction(`${where}: an object must have 'properties'.`)
  }
  for (const [name, property] of Object.entries(properties)) {
    if (!/^[A-Za-z_][\w-]{0,63}$/.test(name) || name === '__proto__') {
      contradiction(`${where}: a member cannot be called '${name}'.`)
    }
    check(property, `${where}: '${name}'`, depth + 1)
  }
  const known = (name: unknown) => typeof name === 'string' && Object.hasOwn(properties, name)
  if (!Array.isArray(required) || !required.every(known)) {
    return contradiction(`${where}: 'required' must name members that exist.`)
  }
  if (depth > 1 && required.length === 0) {
    contradiction(`${where}: an object inside must require a member, or nobody could see it.`)
  }
}

function checkArray(value: Readonly<Record<string, unknown>>, where: string, depth: number): void {
  const items = check(value['items'], `${where}: items`, depth + 1)
  const most = value['maxItems']
  if (typeof most !== 'number' || most > mostItems) {
    contradiction(`${where}: a list needs 'maxItems' of at most ${mostItems}.`)
  }
  if (items['type'] === 'array') contradiction(`${where}: a list of lists cannot be shown.`)
}

function checkText(value: Readonly<Record<string, unknown>>, where: string): void {
  const { enum: choice, const: only, maxLength, pattern, format } = value
  const bounded = typeof maxLength === 'number' && maxLength <= longestText
  if (choice === undefined && only === undefined && !bounded) {
    contradiction(`${where}: a text needs 'maxLength' of at most ${longestText}.`)
  }
  if (format !== undefined && !formats.includes(String(format))) {
    contradiction(`${where}: 'format' must be one of ${formats.join(', ')}.`)
  }
  if (pattern !== undefined && !compiles(pattern)) {
    contradiction(`${where}: 'pattern' is not a regular expression.`)
  }
}

function checkValues(value: Readonly<Record<string, unknown>>, where: string): void {
  const { enum: choice, type } = value
  const kind = type === 'integer' ? 'number' : type
  const sound = (item: unknown) => typeof item === kind
  if (choice !== undefined) {
    if (!Array.isArray(choice) || choice.length === 0 || !choice.every(sound)) {
      contradiction(`${where}: 'enum' must be a list of values of its type.`)
    }
  }
  if (value['const'] !== undefined && !sound(value['const'])) {
    contradiction(`${where}: 'const' must be a value of its type.`)
  }
  for (const name of ['minimum', 'maximum']) {
    if (!['undefined', 'number'].includes(typeof value[name])) {
      contradiction(`${where}: '${name}' must be a number.`)
    }
  }
}

function compiles(pattern: unknown): boolean {
  try {
    return typeof pattern === 'string' && new RegExp(pattern, 'u').source !== ''
  } catch {
    return false
  }
}
