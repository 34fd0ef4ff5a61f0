/** Failures without delay, first delay and longest delay in seconds, by what is counted. */
const schedules = {
  name: { free: 5, first: 2, longest: 300 },
  code: { free: 3, first: 2, longest: 300 },
  address: { free: 20, first: 2, longest: 300 },
  // Nothing is guessed at and people do give up on the way: much is free, and no wait is long.
  departure: { free: 300, first: 1, longest: 10 },
} as const

export type ThrottleKind = keyof typeof schedules

/** Seconds until the next attempt is allowed. */
export function delayAfter(failures: number, kind: ThrottleKind): number {
  const { free, first, longest } = schedules[kind]
  if (failures <= free) return 0
  return Math.min(longest, first * 2 ** (failures - free - 1))
}
