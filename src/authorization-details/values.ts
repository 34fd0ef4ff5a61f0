import { canonicalJson } from '../evidence/canonical.ts'
import type { Json } from '../evidence/canonical.ts'

/** Values of members and how one is within another. Whatever is malformed is within itself alone. */

export const sameJson = (a: Json, b: Json): boolean =>
  a === b ||
  (typeof a === 'object' && typeof b === 'object' && canonicalJson(a) === canonicalJson(b))

/** Lists as sets: order and repetition say nothing. */
export function isSubset(asked: Json, granted: Json): boolean {
  if (!isList(asked) || !isList(granted)) return false
  const known = new Set(granted.map(canonicalJson))
  return asked.every((item) => known.has(canonicalJson(item)))
}

/** Decimal amounts as texts, exactly: no number of this language holds them all. */
export function isAtMost(asked: Json, granted: Json): boolean {
  const [a, b] = [decimal(asked), decimal(granted)]
  if (a === undefined || b === undefined) return false
  const places = Math.max(a.places, b.places)
  const scaled = ({ digits, places: own }: Decimal) => digits * 10n ** BigInt(places - own)
  return scaled(a) <= scaled(b)
}

type Decimal = { readonly digits: bigint; readonly places: number }

export const decimalForm = /^(?:0|[1-9]\d{0,17})(?:\.(\d{1,9}))?$/

function decimal(value: Json): Decimal | undefined {
  const match = typeof value === 'string' ? decimalForm.exec(value) : null
  if (match === null) return undefined
  return { digits: BigInt(match[0].replace('.', '')), places: match[1]?.length ?? 0 }
}

const dayForm = /^\d{4}-\d{2}-\d{2}$/
const instantForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/

/**
 * Days, or instants in UTC to the second (RFC 3339): in either form the order of the texts is the order
 * of time. A day and an instant are not compared.
 */
export function isNotAfter(asked: Json, granted: Json): boolean {
  if (typeof asked !== 'string' || typeof granted !== 'string') return false
  const alike = [dayForm, instantForm].some((form) => form.test(asked) && form.test(granted))
  return alike && asked <= granted
}

/**
 * Milliseconds of a day or an instant in one of these forms. Undefined: anything else, whatever dates the
 * platform would read into it.
 */
export function timeOf(value: Json): number | undefined {
  if (typeof value !== 'string' || !(dayForm.test(value) || instantForm.test(value)))
    return undefined
  const time = Date.parse(value)
  return isDay(value.slice(0, 10)) && !Number.isNaN(time) ? time : undefined
}

/** A day of the calendar: months differ. */
export function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

export const isObject = (value: Json): value is { readonly [member: string]: Json } =>
  typeof value === 'object' && value !== null && !isList(value)

export const isList = (value: Json): value is readonly Json[] => Array.isArray(value)
