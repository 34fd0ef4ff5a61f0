import type { Json } from '../evidence/canonical.ts'
import { typeOf } from './detail.ts'
import type { AuthorizationDetail, Comparison, DetailType, DetailTypes } from './detail.ts'
import { isAtMost, isList, isNotAfter, isObject, isSubset, sameJson } from './values.ts'

type Details = readonly AuthorizationDetail[]
type Members = { readonly [member: string]: Json }
type Comparisons = Readonly<Record<string, Comparison>>

const plain: Comparison = { by: 'equal', absent: 'itself' }

/**
 * Whether everything asked for is within what was granted: each object within one granted object of the
 * same type (RFC 9396 6.1). Reflexive and transitive; a type nobody knows any more is within its like
 * alone.
 *
 * @example within(types, [{ type: 'a', actions: ['read'] }], [{ type: 'a', actions: ['read', 'write'] }])
 */
export const within = (types: DetailTypes, asked: Details, granted: Details): boolean =>
  asked.every((one) => granted.some((other) => isWithin(types, one, other)))

/** Whether both say the same, whatever the order of what has none. */
export const sameDetails = (types: DetailTypes, a: Details, b: Details): boolean =>
  within(types, a, b) && within(types, b, a)

/** What was granted and what was added, in this order; what lies within something else is dropped. */
export function union(types: DetailTypes, granted: Details, added: Details): Details {
  const all = [...granted, ...added]
  return all.filter((one, index) =>
    all.every((other, place) => {
      if (place === index || !isWithin(types, one, other)) return true
      // Of those that say the same the first stays.
      return index < place && isWithin(types, other, one)
    }),
  )
}

/**
 * What a resource server may see: details of the types made for it, and of their `locations` its own
 * (RFC 9396 9.1). Nothing of a type that is not known any more.
 */
export const forAudience = (types: DetailTypes, details: Details, audience: string): Details =>
  details.flatMap((detail) => {
    if (typeOf(types, detail.type)?.resourceServers.includes(audience) !== true) return []
    const { locations } = detail
    if (locations === undefined || !isList(locations)) return [detail]
    const own = locations.filter((location) => isAt(location, audience))
    return own.length === 0 ? [] : [{ ...detail, locations: own }]
  })

/** A location is a resource server's when it is its identifier or lies under it. */
export const isAt = (location: Json, identifier: string): boolean =>
  typeof location === 'string' &&
  (location === identifier || location.startsWith(`${identifier.replace(/\/$/, '')}/`))

/**
 * What a token is to say when its client asks for less than was granted: each object with what a person
 * chose or the server assigned, where the client left that out. Undefined: something was not granted.
 */
export function narrowed(
  types: DetailTypes,
  asked: Details,
  granted: Details,
): Details | undefined {
  const taken = new Set<AuthorizationDetail>()
  const found: AuthorizationDetail[] = []
  for (const one of asked) {
    const fits = granted.filter((other) => isWithin(types, filled(types, one, other), other))
    // Two alike mean two of the granted, if there are two.
    const match = fits.find((other) => !taken.has(other)) ?? fits[0]
    if (match === undefined) return undefined
    taken.add(match)
    found.push(filled(types, one, match))
  }
  return union(types, found, [])
}

/** The members somebody else than the client fills, as they were filled. */
function filled(
  types: DetailTypes,
  asked: AuthorizationDetail,
  granted: AuthorizationDetail,
): AuthorizationDetail {
  const type = typeOf(types, asked.type)
  if (type === undefined) return asked
  const members = filledMembers(type).filter(
    (name) => isOpen(asked[name]) && granted[name] !== undefined,
  )
  if (members.length === 0) return asked
  return { ...asked, ...Object.fromEntries(members.map((name) => [name, granted[name] as Json])) }
}

/** Members that a request leaves open: a person chooses them, or the server assigns them. */
export const filledMembers = ({ enrich, assign }: DetailType): readonly string[] => [
  ...Object.keys(enrich),
  ...(assign === undefined ? [] : [assign]),
]

/** Left open: absent, or an empty list (RFC 9396 7.1). */
export const isOpen = (value: Json | undefined): boolean =>
  value === undefined || (isList(value) && value.length === 0)

/** The first that goes beyond, in words for the client: its type and member, no values. */
export function problemBeyond(
  types: DetailTypes,
  asked: Details,
  granted: Details,
): string | undefined {
  const beyond = asked.find((one) => narrowed(types, [one], granted) === undefined)
  if (beyond === undefined) return undefined
  const alike = granted.filter(({ type }) => type === beyond.type)
  const [first] = alike
    .map((other) => memberBeyond(types, filled(types, beyond, other), other))
    .filter((member) => member !== undefined)
  const what =
    first === undefined ? 'was not granted' : `field ${first} goes beyond what was granted`
  return `${tellable(beyond.type)}: ${what}`
}

function isWithin(types: DetailTypes, asked: AuthorizationDetail, granted: AuthorizationDetail) {
  return asked.type === granted.type && memberBeyond(types, asked, granted) === undefined
}

/** The path of the first member that is not within the other's. */
function memberBeyond(
  types: DetailTypes,
  asked: AuthorizationDetail,
  granted: AuthorizationDetail,
): string | undefined {
  return firstBeyond(typeOf(types, asked.type)?.compare ?? {}, asked, granted)
}

function firstBeyond(
  comparisons: Comparisons,
  asked: Members,
  granted: Members,
): string | undefined {
  for (const name of new Set([...Object.keys(granted), ...Object.keys(asked)])) {
    const comparison = Object.hasOwn(comparisons, name) ? comparisons[name] : undefined
    const [a, b] = [own(asked, name), own(granted, name)]
    const beyond = valueBeyond(comparison ?? plain, a, b)
    if (beyond !== undefined) return [tellable(name), ...beyond].join('.')
  }
  return undefined
}

/** Undefined: within. Otherwise the path to what is not, inside the value. */
function valueBeyond(
  comparison: Comparison,
  asked: Json | undefined,
  granted: Json | undefined,
): readonly string[] | undefined {
  if (granted === undefined)
    return asked === undefined || comparison.absent === 'any' ? undefined : []
  if (asked === undefined) return []
  if (sameJson(asked, granted)) return undefined
  if (comparison.by === 'members') {
    if (!isObject(asked) || !isObject(granted)) return []
    const beyond = firstBeyond(comparison.members, asked, granted)
    return beyond === undefined ? undefined : [beyond]
  }
  return orders[comparison.by](asked, granted) ? undefined : []
}

const orders = {
  equal: () => false,
  subset: isSubset,
  'at-most': isAtMost,
  'not-after': isNotAfter,
  'not-before': (asked: Json, granted: Json) => isNotAfter(granted, asked),
} as const

const own = (members: Members, name: string): Json | undefined =>
  Object.hasOwn(members, name) ? members[name] : undefined

/** Names of types and members as they may stand in an `error_description`. */
export const tellable = (name: string): string =>
  /^[\w.:/#-]{1,128}$/.test(name) ? name : '(a name of other characters)'
