import type { DetailType, DetailTypes, Enrichment } from '../authorization-details/detail.ts'
import { shippedTypes } from '../authorization-details/shipped/index.ts'
import { isRecord } from '../encoding.ts'
import type { ResourceServer } from '../types.ts'
import { readComparisons } from './detail-comparisons.ts'
import { checkSchema, propertyOf } from './detail-schema.ts'
import type { Schema } from './detail-schema.ts'
import { readDetailWords } from './detail-words.ts'
import { contradiction, integer, onlyKnown, optionalText, text, texts } from './readers.ts'

type Settings = Readonly<Record<string, unknown>>

const definitionMembers = ['schema', 'compare', 'resource_servers', 'enrich', 'assign', 'consent']
const overrideMembers = ['use', 'resource_servers', 'enrich', 'consent']
const mostTypes = 32

/**
 * Reads the types of authorization details an issuer knows (RFC 9396): shipped ones by name, others
 * whole. Throws `Contradiction`.
 */
export function readDetailTypes(
  entry: Settings,
  where: string,
  servers: readonly ResourceServer[],
): DetailTypes {
  const value = entry['authorization_details_types'] ?? {}
  if (!isRecord(value)) {
    return contradiction(`${where}: authorization_details_types must be an object.`)
  }
  const entries = Object.entries(value)
  if (entries.length > mostTypes) {
    contradiction(`${where}: authorization_details_types holds more than ${mostTypes}.`)
  }
  const types = entries.map(([name, definition]) => {
    const place = `${where}: authorization_details_types '${name}'`
    if (!/^[\w.:/#-]{1,128}$/.test(name)) {
      contradiction(`${place}: a type is called by 1 to 128 of letters, digits and '_.:/#-'.`)
    }
    if (!isRecord(definition)) return contradiction(`${place} must be an object.`)
    return [name, Object.freeze(readType(wholeOf(definition, place), place, servers))] as const
  })
  return Object.freeze(Object.fromEntries(types))
}

/** A shipped type with what the settings say of it, or the definition as it stands. */
function wholeOf(definition: Settings, where: string): Settings {
  const use = optionalText(definition, 'use', where)
  if (use === undefined) {
    onlyKnown(definition, definitionMembers, where)
    return definition
  }
  onlyKnown(definition, overrideMembers, where)
  const shipped = Object.hasOwn(shippedTypes, use) ? shippedTypes[use] : undefined
  if (shipped === undefined) {
    const known = Object.keys(shippedTypes).join(', ')
    return contradiction(`${where}: no type '${use}' is shipped; known are ${known}.`)
  }
  const { enrich = {}, ...rest } = definition
  return { ...shipped, ...rest, enrich: combined(shipped.enrich ?? {}, enrich, where) }
}

function combined(shipped: Settings, own: unknown, where: string): Settings {
  if (!isRecord(own)) return contradiction(`${where}: enrich must be an object.`)
  onlyKnown(own, Object.keys(shipped), `${where}: enrich`)
  const members = Object.entries(shipped).map(([member, given]) => {
    const more = own[member] ?? {}
    if (!isRecord(more)) return contradiction(`${where}: enrich '${member}' must be an object.`)
    return [member, { ...(given as Settings), ...more }]
  })
  return Object.fromEntries(members) as Settings
}

function readType(
  definition: Settings,
  where: string,
  servers: readonly ResourceServer[],
): DetailType {
  const schema = checkSchema(definition['schema'], `${where}: schema`)
  const enrich = readEnrichments(definition, where, schema)
  const assign = readAssigned(definition, where, schema)
  const compare = readComparisons(definition['compare'] ?? {}, where, schema)
  const [boundless] = Object.entries(enrich).flatMap(([member, { least }]) =>
    least === 0 && compare[member]?.absent === 'any' ? [member] : [],
  )
  if (boundless !== undefined) {
    contradiction(`${where}: who chooses nothing for '${boundless}' would agree to all of it.`)
  }
  const open = [...Object.keys(enrich), ...(assign === undefined ? [] : [assign])]
  return {
    schema,
    compare,
    resourceServers: readServers(definition, where, servers),
    enrich,
    ...(assign === undefined ? {} : { assign }),
    consent: readDetailWords(definition['consent'], where, { schema, enrich, open }),
  }
}

/** Which resource servers see it: those named, or the one that is meant when none is asked for. */
function readServers(
  definition: Settings,
  where: string,
  servers: readonly ResourceServer[],
): readonly string[] {
  const named = texts(definition, 'resource_servers', where)
  const strange = named.find((name) => !servers.some(({ identifier }) => identifier === name))
  if (strange !== undefined) contradiction(`${where}: '${strange}' is no resource server here.`)
  const fallback = servers.filter((server) => server.default).map(({ identifier }) => identifier)
  const meant = named.length > 0 ? named : fallback
  if (meant.length > 0) return Object.freeze([...new Set(meant)])
  return contradiction(
    `${where}: resource_servers must say who may see it, because no resource server is the default.`,
  )
}

function readEnrichments(
  definition: Settings,
  where: string,
  schema: Schema,
): Readonly<Record<string, Enrichment>> {
  const value = definition['enrich'] ?? {}
  if (!isRecord(value)) return contradiction(`${where}: enrich must be an object.`)
  const members = Object.entries(value).map(([member, given]) => {
    const place = `${where}: enrich '${member}'`
    if (!isRecord(given)) return contradiction(`${place} must be an object.`)
    onlyKnown(given, ['service', 'many', 'least'], place)
    const property = openProperty(schema, member, place)
    const many = given['many'] ?? false
    if (typeof many !== 'boolean') return contradiction(`${place}: 'many' must be true or false.`)
    if (many !== (property['type'] === 'array')) {
      contradiction(`${place}: 'many' must be true for a list, and false for anything else.`)
    }
    const least = integer(given, 'least', place, { least: 0, most: many ? 32 : 1, else: 1 })
    return [member, Object.freeze({ service: text(given, 'service', place), many, least })] as const
  })
  return Object.freeze(Object.fromEntries(members))
}

function readAssigned(definition: Settings, where: string, schema: Schema): string | undefined {
  const member = optionalText(definition, 'assign', where)
  if (member === undefined) return undefined
  const place = `${where}: assign '${member}'`
  const { type, pattern, enum: choice } = openProperty(schema, member, place)
  if (type === 'string' && pattern === undefined && choice === undefined) return member
  return contradiction(`${place} must be any text.`)
}

/** A member that a request leaves open: known, and not required. */
function openProperty(schema: Schema, member: string, where: string): Schema {
  const property = propertyOf(schema, member)
  if (property === undefined) return contradiction(`${where} is no member of the schema.`)
  if ((schema['required'] as readonly string[] | undefined)?.includes(member) === true) {
    contradiction(`${where} is filled in at consent, so a request cannot be required to have it.`)
  }
  return property
}
