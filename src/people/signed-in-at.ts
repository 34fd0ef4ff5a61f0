/** What is known of clocks and of the need, in milliseconds. */
export type Clocks = {
  readonly now: number
  readonly freshAfter: number
  /** How far the other clock may be ahead, and behind. */
  readonly ahead: number
  readonly behind: number
}

/**
 * When somebody signed in at another login, in milliseconds; never in the future. Its `auth_time` counts
 * whole seconds of another clock, so one that is a little too early for what is needed is taken as just
 * in time. `seconds` as the other login says.
 */
export function signedInAt(seconds: number, clocks: Clocks): number | 'unsound' | 'too-old' {
  const { now, freshAfter, ahead, behind } = clocks
  const at = seconds * 1000
  if (!Number.isFinite(at) || at < 0 || at > now + ahead) return 'unsound'
  if (at < freshAfter - behind) return 'too-old'
  return Math.min(now, Math.max(at, freshAfter))
}

/** A word of `amr` (RFC 8176). */
export const isMethodReference = (word: unknown): word is string =>
  typeof word === 'string' && /^[A-Za-z0-9_.:-]{1,64}$/.test(word)
export const mostMethodReferences = 16
