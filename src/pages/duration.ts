const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

/**
 * A length of time in the largest unit that counts at least two of it; never less than it is.
 *
 * @example inWords(300) // '5 minutes'
 */
export function inWords(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds))
  const [unit, size] =
    units.find(([, length]) => whole >= 2 * length || whole === length) ?? units[3]
  const count = Math.ceil(whole / size)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

/** @example onDay(0) // '1 January 1970' */
export function onDay(time: number | Date): string {
  return day.format(time)
}
