import type { Child } from 'hono/jsx'
import { languages } from './languages.ts'
import type { Language } from './languages.ts'

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

const localeOf = (lang: Language): string => languages[lang].locale

/**
 * A length of time in the largest unit that counts at least two of it; never less than it is.
 *
 * @example inWords(300, 'en') // '5 minutes'
 */
export function inWords(seconds: number, lang: Language): string {
  const whole = Math.max(1, Math.ceil(seconds))
  const [unit, size] =
    units.find(([, length]) => whole >= 2 * length || whole === length) ?? units[3]
  const format = { style: 'unit', unit, unitDisplay: 'long' } as const
  return new Intl.NumberFormat(localeOf(lang), format).format(Math.ceil(whole / size))
}

/** @example onDay(0, 'en') // '1 January 1970' */
export function onDay(time: number | Date, lang: Language): string {
  const format = { dateStyle: 'long', timeZone: 'UTC' } as const
  return new Intl.DateTimeFormat(localeOf(lang), format).format(time)
}

/** @example atTime(0, 'en') // '1 January 1970 at 00:00 UTC' */
export function atTime(time: number | Date, lang: Language): string {
  const day = { year: 'numeric', month: 'long', day: 'numeric' } as const
  const clock = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const
  const format = { ...day, ...clock, timeZone: 'UTC' }
  return new Intl.DateTimeFormat(localeOf(lang), format).format(time)
}

/**
 * Elements one after the other as a sentence lists them.
 *
 * @example inList([<Name …/>, <Name …/>], 'en') // the first and the second
 */
export function inList(elements: readonly Child[], lang: Language): Child {
  const places = elements.map((_, index) => String(index))
  return new Intl.ListFormat(localeOf(lang), { type: 'conjunction' })
    .formatToParts(places)
    .map(({ type, value }) => (type === 'element' ? elements[Number(value)] : value))
}
