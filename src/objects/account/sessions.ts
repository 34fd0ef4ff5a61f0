import { randomText } from '../../encoding.ts'
import type { Proof } from '../../types.ts'
import type { Shelf } from '../shelf.ts'
import { knowBrowser, note } from './activity.ts'
import type { Whence } from './activity.ts'
import { spend } from './factors.ts'
import type { Spend } from './factors.ts'
import { owe } from './notices.ts'
import { epochOf } from './person.ts'
import type { StoredAccount } from './person.ts'

/** One signed-in browser. Times in milliseconds. */
export type StoredSession = {
  readonly format: 1
  /** Public name: shown in the list of sessions, `sid` of id_tokens. Survives a step-up. */
  readonly id: string
  /** Hash of the browser cookie it was started in. */
  readonly browser: string
  /** The credential's epoch at the sign-in. */
  readonly epoch: number
  readonly proofs: readonly Proof[]
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly idle: number
  readonly endsAt: number
  /** What the browser is, in tokens (`people/device.ts`). */
  readonly device?: string
  readonly country?: string
  /** Clients that were given a grant in it. */
  readonly clients: readonly string[]
  /** Their generations then; absent in older sessions. */
  readonly generations?: Readonly<Record<string, string>>
}

export type NewSession = {
  readonly secretHash: string
  readonly browser: string
  readonly epoch: number
  readonly proofs: readonly Proof[]
  readonly idle: number
  readonly absolute: number
  readonly whence?: Whence
  /** The session of the same person that this one takes the place of. */
  readonly replaces?: string
  /** Public name of the session that proofs were taken over from. */
  readonly continues?: string
  readonly spend?: Spend
}

export type StartAnswer =
  | { readonly status: 'started'; readonly id: string }
  /** Since the sign-in began the account was disabled, its credential changed, or the browser signed out. */
  | { readonly status: 'stale' }
  /** The code, recovery code or challenge was used before. */
  | { readonly status: 'spent' }

const most = 32
const sessionKey = (secretHash: string): string => `session:${secretHash}`

const leftKey = (browser: string): string => `left:${browser}`

/** Longer (ms) than any half-finished sign-in lives. */
const leftFor = 24 * 3_600_000

/** A session is seen at most this often (ms), so that reading pages seldom writes. */
const seenEvery = 60_000

/** Starts a session in one turn: uses up the last proof and ends the session it takes the place of. */
export function startSession(
  shelf: Shelf,
  account: StoredAccount | undefined,
  input: NewSession,
): StartAnswer {
  if (account?.enabled !== true || epochOf(account) !== input.epoch) return { status: 'stale' }
  const again = startedBefore(shelf, account, input)
  if (again !== undefined) return again
  const before = sessionBefore(shelf, account, input)
  if (before === 'ended' || leftSince(shelf, input)) return { status: 'stale' }
  if (input.spend !== undefined && !spend(shelf, input.spend)) return { status: 'spent' }
  const now = shelf.now()
  if (input.replaces !== undefined) shelf.erase(sessionKey(input.replaces))
  // Two step-ups at once go on with one session, and it has one secret.
  for (const [hash, { id }] of liveSessions(shelf, account)) {
    if (id === before?.id) shelf.erase(sessionKey(hash))
  }
  prune(shelf, account)
  const { browser, epoch, proofs, idle, whence = {} } = input
  // A step-up builds on proofs of before and lasts no longer; a whole sign-in begins anew.
  const stepUp = before?.proofs.some(({ at }) => proofs.some((proof) => proof.at === at)) === true
  const session: StoredSession = {
    format: 1,
    id: before?.id ?? randomText(16),
    browser,
    epoch,
    proofs,
    createdAt: stepUp ? before.createdAt : now,
    lastSeenAt: now,
    idle,
    endsAt: stepUp ? before.endsAt : now + input.absolute,
    clients: before?.clients ?? [],
    ...(before?.generations === undefined ? {} : { generations: before.generations }),
    ...whence,
  }
  shelf.write(sessionKey(input.secretHash), session)
  const kind = knowBrowser(shelf, browser) ? 'sign-in' : 'new-device'
  const method = proofs.at(-1)?.method
  note(shelf, { ...whence, kind, ...(method === undefined ? {} : { method }) })
  return { status: 'started', id: session.id }
}

/** The same form again, within a minute (a double click): the same session, and nothing is used up. */
function startedBefore(
  shelf: Shelf,
  account: StoredAccount,
  { secretHash, browser }: NewSession,
): StartAnswer | undefined {
  const session = shelf.read<StoredSession>(sessionKey(secretHash))
  if (session === undefined) return undefined
  const living = lives(session, account, shelf.now()) && session.browser === browser
  const lately = shelf.now() - session.lastSeenAt < seenEvery
  return living && lately ? { status: 'started', id: session.id } : { status: 'spent' }
}

/**
 * The session this one takes the place of. Proofs that were taken over from a session count while it
 * lives, under whatever secret: another tab may have stepped it up.
 */
function sessionBefore(
  shelf: Shelf,
  account: StoredAccount,
  { continues, replaces }: NewSession,
): StoredSession | 'ended' | undefined {
  if (continues === undefined) {
    return replaces === undefined ? undefined : liveSession(shelf, account, replaces)
  }
  const living = liveSessions(shelf, account).find(([, { id }]) => id === continues)
  return living?.[1] ?? 'ended'
}

/**
 * Whether the browser was signed out after something was proven: a half-finished sign-in that lies in
 * its history is over then. What another login vouches for may be older.
 */
function leftSince(shelf: Shelf, { browser, proofs, continues }: NewSession): boolean {
  if (continues !== undefined) return false
  const left = shelf.read<number>(leftKey(browser)) ?? 0
  return proofs.some(({ method, at }) => method !== 'delegated' && at < left)
}

/** Notes when a browser was signed out, for as long as half-finished sign-ins live. */
function leave(shelf: Shelf, { browser }: StoredSession): void {
  const now = shelf.now()
  for (const [key, at] of shelf.list<number>('left:')) {
    if (at + leftFor <= now) shelf.erase(key)
  }
  shelf.write(leftKey(browser), now)
}

/** The session behind a cookie, if it lives and belongs to this browser. Notes that it was seen. */
export function openSession(
  shelf: Shelf,
  account: StoredAccount,
  cookie: { readonly secretHash: string; readonly browser: string },
): StoredSession | undefined {
  const session = liveSession(shelf, account, cookie.secretHash)
  if (session?.browser !== cookie.browser) return undefined
  const now = shelf.now()
  if (now - session.lastSeenAt < seenEvery) return session
  const seen = { ...session, lastSeenAt: now }
  shelf.write(sessionKey(cookie.secretHash), seen)
  return seen
}

/** Whether a session lives; notes the client that is given a grant in it. */
export function useForGrant(
  shelf: Shelf,
  account: StoredAccount,
  given: {
    readonly secretHash: string
    readonly clientId: string
    readonly generation?: string
  },
): boolean {
  const session = liveSession(shelf, account, given.secretHash)
  if (session === undefined) return false
  const { clientId, generation } = given
  const { clients, generations } = session
  const known = clients.includes(clientId) && generations?.[clientId] === generation
  if (known) return true
  shelf.write(sessionKey(given.secretHash), {
    ...session,
    clients: [...new Set([...clients, clientId])],
    generations: {
      ...generations,
      ...(generation === undefined ? {} : { [clientId]: generation }),
    },
  })
  return true
}

export function liveSession(
  shelf: Shelf,
  account: StoredAccount,
  secretHash: string,
): StoredSession | undefined {
  const session = shelf.read<StoredSession>(sessionKey(secretHash))
  return session !== undefined && lives(session, account, shelf.now()) ? session : undefined
}

/** Sessions that live, with the hash of their secret. */
export function liveSessions(
  shelf: Shelf,
  account: StoredAccount,
): readonly (readonly [string, StoredSession])[] {
  const now = shelf.now()
  return shelf
    .list<StoredSession>('session:')
    .filter(([, session]) => lives(session, account, now))
    .map(([key, session]) => [key.slice('session:'.length), session] as const)
}

/**
 * Ends the sessions for which `ends` is true; `but` (hash of a secret) stays. The clients they were used
 * for are told. Answers what was ended.
 */
export function endSessions(
  shelf: Shelf,
  account: StoredAccount,
  { but, ends = () => true }: { readonly but?: string; readonly ends?: (id: string) => boolean },
): readonly StoredSession[] {
  const ended = liveSessions(shelf, account).filter(([hash, { id }]) => hash !== but && ends(id))
  for (const [hash, session] of ended) {
    shelf.erase(sessionKey(hash))
    leave(shelf, session)
    owe(shelf, session)
  }
  return ended.map(([, session]) => session)
}

/** The session goes on under a new id and the account's present epoch. */
export function renewSession(
  shelf: Shelf,
  session: StoredSession,
  ids: { readonly before: string; readonly next: string; readonly epoch: number },
): void {
  shelf.erase(sessionKey(ids.before))
  shelf.write(sessionKey(ids.next), { ...session, epoch: ids.epoch })
}

/**
 * Ends one session by the hash of its secret; the clients it was used for are told. Answers what was
 * ended.
 */
export function endSession(
  shelf: Shelf,
  account: StoredAccount,
  secretHash: string,
): StoredSession | undefined {
  const session = shelf.read<StoredSession>(sessionKey(secretHash))
  if (session === undefined) return undefined
  shelf.erase(sessionKey(secretHash))
  leave(shelf, session)
  if (lives(session, account, shelf.now())) owe(shelf, session)
  return session
}

const lives = (session: StoredSession, account: StoredAccount, now: number): boolean =>
  account.enabled &&
  session.epoch === epochOf(account) &&
  now < session.endsAt &&
  now < session.lastSeenAt + session.idle

/** Drops what has ended, and the longest unseen when there are too many. */
function prune(shelf: Shelf, account: StoredAccount): void {
  const now = shelf.now()
  const living: (readonly [string, StoredSession])[] = []
  for (const [key, session] of shelf.list<StoredSession>('session:')) {
    if (lives(session, account, now)) living.push([key, session])
    else shelf.erase(key)
  }
  living.sort(([, a], [, b]) => a.lastSeenAt - b.lastSeenAt)
  for (const [key, session] of living.slice(0, Math.max(0, living.length - most + 1))) {
    shelf.erase(key)
    owe(shelf, session)
  }
}
