import type { Proof } from '../../types.ts'
import type { Shelf } from '../shelf.ts'

/** What happened to an account. Stable names: they are stored, logged and have words in every language. */
export type ActivityKind =
  | 'sign-in'
  /** A sign-in in a browser that was not among those known. */
  | 'new-device'
  | 'sign-in-failed'
  | 'factor-added'
  | 'factor-removed'
  | 'factor-renamed'
  | 'password-changed'
  | 'recovery-made'
  | 'sessions-ended'
  | 'permission-given'
  | 'permission-ended'
  /** The operator wrote a password or a one-time code's secret. */
  | 'operator-changed'
  | 'operator-reset'
  | 'link-made'
  | 'link-used'
  | 'disabled'
  | 'enabled'

/** Where something came from, in tokens: no text a browser sent. */
export type Whence = {
  /** Families, e.g. `firefox/windows`; see `people/device.ts`. */
  readonly device?: string
  /** ISO 3166, two letters. */
  readonly country?: string
}

export type ActivityEntry = Whence & {
  /** Milliseconds: the last time, where `count` says that it happened more than once. */
  readonly at: number
  readonly kind: ActivityKind
  /** How they signed in, or which factor was changed. */
  readonly method?: Proof['method']
  /** The application a permission is about. */
  readonly clientId?: string
  /** Failures that are counted together, and since when (ms). */
  readonly count?: number
  readonly since?: number
}

const most = 50
const remembered = 180 * 86_400_000

/** Failures of one hour are one entry, and at most so many entries take the place of others. */
const failuresTogether = 3_600_000
const mostFailures = 10
const mostCounted = 100

/** Browsers known to the account. */
const mostBrowsers = 20

/** What happened lately, the newest first. */
export function activityOf(shelf: Shelf): readonly ActivityEntry[] {
  const oldest = shelf.now() - remembered
  return (shelf.read<readonly ActivityEntry[]>('activity') ?? []).filter(({ at }) => at > oldest)
}

/** Notes what happened, in the turn that decided it. */
export function note(shelf: Shelf, entry: Omit<ActivityEntry, 'at'>): void {
  shelf.write('activity', bounded([{ ...entry, at: shelf.now() }, ...activityOf(shelf)]))
}

/**
 * Notes a failed sign-in. Whoever guesses writes little: those of an hour are counted in one entry, so
 * that nothing else is washed out of the list.
 */
export function noteFailure(shelf: Shelf, about: Whence & Pick<ActivityEntry, 'method'>): void {
  const now = shelf.now()
  const entries = activityOf(shelf)
  const recent = entries.find(({ kind, method, since = 0 }) => {
    return kind === 'sign-in-failed' && method === about.method && since > now - failuresTogether
  })
  const count = (recent?.count ?? 0) + 1
  if (count > mostCounted) return
  const { since = now } = recent ?? {}
  const counted = { ...about, kind: 'sign-in-failed', at: now, since, count } as const
  shelf.write('activity', bounded([counted, ...entries.filter((entry) => entry !== recent)]))
}

/** The newest, of which failures are few: they give way first. */
function bounded(entries: readonly ActivityEntry[]): readonly ActivityEntry[] {
  let failures = 0
  const kept = entries.filter(({ kind }) => {
    if (kind === 'sign-in-failed') failures += 1
    return kind !== 'sign-in-failed' || failures <= mostFailures
  })
  return kept.slice(0, most)
}

/** Whether a browser (hash of its cookie) signed in before; it is known from now on. */
export function knowBrowser(shelf: Shelf, browser: string): boolean {
  const known = shelf.read<readonly string[]>('browsers') ?? []
  if (known[0] !== browser) {
    const others = known.filter((one) => one !== browser)
    shelf.write('browsers', [browser, ...others].slice(0, mostBrowsers))
  }
  return known.includes(browser)
}
