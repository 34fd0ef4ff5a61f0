import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validator } from '@cfworker/json-schema'
import { catalogue, commonFields } from '../../src/observe/catalogue.ts'
import type { EventName, Field } from '../../src/observe/catalogue.ts'

export type AuditRecord = Readonly<Record<string, string | number | boolean>> & {
  readonly event: EventName
}

type Fields = Readonly<Record<string, Field>>

function propertyOf({ type, meaning, values, pattern }: Field) {
  return {
    type,
    description: meaning,
    ...(values === undefined ? {} : { enum: values }),
    ...(pattern === undefined ? {} : { pattern: `^${pattern}$` }),
  }
}

const requiredOf = (fields: Fields): readonly string[] =>
  Object.entries(fields).flatMap(([name, { optional }]) => (optional === true ? [] : [name]))

const propertiesOf = (fields: Fields) =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, propertyOf(field)]))

/** The JSON Schema of a record, from the catalogue: one definition per event, chosen by its name. */
export function auditSchema() {
  const definitions = Object.entries(catalogue).map(([event, { when, fields }]) => [
    event,
    {
      description: when,
      required: requiredOf(fields),
      properties: { event: { const: event }, ...propertiesOf(fields) },
    },
  ])
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A record of the audit stream',
    type: 'object',
    required: requiredOf(commonFields),
    properties: propertiesOf(commonFields),
    oneOf: Object.keys(catalogue).map((event) => ({ $ref: `#/$defs/${event}` })),
    unevaluatedProperties: false,
    $defs: Object.fromEntries(definitions) as Readonly<Record<string, object>>,
  }
}

let validator: Validator | undefined

/** What is wrong with a record by docs/audit.schema.json; undefined: nothing. */
export function problemWith(record: unknown): string | undefined {
  const text = validator === undefined ? readFileSync('docs/audit.schema.json', 'utf8') : ''
  validator ??= new Validator(JSON.parse(text) as object, '2020-12', true)
  const { valid, errors } = validator.validate(record)
  return valid ? undefined : errors.map(({ error }) => error).join(' ')
}

const linesOf = (path: string): readonly string[] =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter((line) => line !== '') : [] // prettier-ignore

const recordsIn = (path: string) => linesOf(path).map((line) => JSON.parse(line) as AuditRecord)

/** What the Worker logged; lines of the local runtime itself have no event. */
export const loggedIn = (state: string): readonly AuditRecord[] =>
  recordsIn(join(state, 'server.log')).filter((record) => 'event' in record)

/** What came out of the queue. */
export const consumedIn = (state: string): readonly AuditRecord[] =>
  recordsIn(join(state, 'audit.jsonl'))

/** Every record that is not what the schema says. */
export const problemsIn = (state: string): readonly string[] =>
  loggedIn(state).flatMap((record) => {
    const problem = problemWith(record)
    return problem === undefined ? [] : [`${problem} ${JSON.stringify(record)}`]
  })
