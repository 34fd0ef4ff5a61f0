import type { Comparison } from '../authorization-details/detail.ts'
import { isRecord } from '../encoding.ts'
import { propertyOf } from './detail-schema.ts'
import type { Schema } from './detail-schema.ts'
import { contradiction, onlyKnown, oneOf } from './readers.ts'

const names = ['equal', 'subset', 'at-most', 'not-before', 'not-after', 'members'] as const
type Name = (typeof names)[number]

/** What a comparison is made for; `equal` is for everything. */
const madeFor: { readonly [name in Name]?: string } = {
  subset: 'array',
  'at-most': 'string',
  'not-before': 'string',
  'not-after': 'string',
  members: 'object',
}

/**
 * Reads how members compare: by name, or `{ "by", "absent", "members" }`. Throws `Contradiction`.
 *
 * @example readComparisons({ actions: 'subset', locations: { by: 'subset', absent: 'any' } }, where, schema)
 */
export function readComparisons(
  value: unknown,
  where: string,
  schema: Schema,
): Readonly<Record<string, Comparison>> {
  if (!isRecord(value)) return contradiction(`${where}: compare must be an object.`)
  const read = Object.entries(value).map(([member, given]) => {
    const place = `${where}: compare '${member}'`
    const property = propertyOf(schema, member)
    if (property === undefined) return contradiction(`${place} is no member of the schema.`)
    const settings = typeof given === 'string' ? { by: given } : given
    if (!isRecord(settings)) return contradiction(`${place} must be a name or an object.`)
    return [member, Object.freeze(readComparison(settings, place, property))] as const
  })
  const comparisons = Object.fromEntries(read)
  checkLocations(comparisons, where, schema)
  return Object.freeze(comparisons)
}

function readComparison(
  settings: Readonly<Record<string, unknown>>,
  where: string,
  property: Schema,
): Comparison {
  onlyKnown(settings, ['by', 'absent', 'members'], where)
  const by: Name = oneOf(settings, 'by', where, names, 'equal')
  const absent = oneOf(settings, 'absent', where, ['itself', 'any'] as const, 'itself')
  const wanted = madeFor[by]
  if (wanted !== undefined && property['type'] !== wanted) {
    contradiction(`${where}: '${by}' compares values of type ${wanted}.`)
  }
  if (by === 'members') {
    return { by, absent, members: readComparisons(settings['members'] ?? {}, where, property) }
  }
  if (settings['members'] !== undefined) contradiction(`${where}: 'members' needs that 'by'.`)
  return { by, absent }
}

/** A resource server sees its own `locations` alone, which must lie within what was granted. */
function checkLocations(
  comparisons: Readonly<Record<string, Comparison>>,
  where: string,
  schema: Schema,
): void {
  const locations = propertyOf(schema, 'locations')
  if (locations === undefined || comparisons['locations']?.by === 'subset') return
  contradiction(`${where}: compare must say 'subset' for locations (RFC 9396 2.2).`)
}
