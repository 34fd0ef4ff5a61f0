import type { Level, Proof } from '../types.ts'
import { judge } from './authentication.ts'

/** How old (ms) proofs may be where a page that changes an account is opened. */
export const freshFor = 300_000

/** How long (ms) such a page may then be filled in. */
export const formFor = 600_000

/** Clocks of the Worker and of the account may differ so much (ms). */
const clocks = 60_000

/** Whether proofs were shown lately enough to open a page that changes the account. */
export const isFresh = (proofs: readonly Proof[], level: Level, now: number): boolean =>
  judge(proofs, now - freshFor).level >= level

/** Whether they were when the form that arrives now was opened. */
export const wasFresh = (proofs: readonly Proof[], level: Level, now: number): boolean =>
  judge(proofs, now - freshFor - formFor - clocks).level >= level

/** What has to be shown before a change: two factors of whoever has them. */
export const levelForChange = (reach: Level | 0, minimum: Level): Level =>
  Math.max(minimum, Math.min(2, reach)) as Level
