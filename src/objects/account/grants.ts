import type { Shelf } from '../shelf.ts'
import { note } from './activity.ts'
import type { By } from './changes.ts'

/** An entry of the account's list of grants; `pending` until the grant is known to exist. */
export type GrantEntry = {
  readonly grantId: string
  readonly clientId: string
  readonly status: 'pending' | 'authorized'
  readonly createdAt: number
  readonly endsAt: number
  /** What was agreed to, so that the next consent can mark what is new. Absent in older entries. */
  readonly scope?: readonly string[]
  readonly claims?: readonly string[]
  /** When its owner took it back (ms). */
  readonly endedAt?: number
}

/** What was agreed to. */
export type Agreed = { readonly scope: readonly string[]; readonly claims: readonly string[] }

/** What was agreed to in an update of a grant. */
export type Anew = Agreed & { readonly endsAt: number; readonly action: 'merge' | 'replace' }

/** Grants that are to be ended, and when to try again. */
export type Ending = { readonly ids: readonly string[]; readonly retryAt: number }

/** A pending entry whose grant was not authorised within this time (ms) is dropped. */
const pendingFor = 600_000
/** Milliseconds until grants that could not be ended are tried again. */
const retryAfter = 5_000
/** Ended grants stay on the list this long (ms). */
const remembered = 30 * 86_400_000

const grantKey = (grantId: string): string => `grant:${grantId}`

export const entriesOf = (shelf: Shelf): readonly GrantEntry[] =>
  shelf.list<GrantEntry>('grant:').map(([, entry]) => entry)

/** Puts a grant on the list before it is made. False: it is there already. */
export function promiseGrant(
  shelf: Shelf,
  grant: Omit<GrantEntry, 'status' | 'createdAt' | 'endedAt'>,
): boolean {
  const now = shelf.now()
  const key = grantKey(grant.grantId)
  if (shelf.read<GrantEntry>(key) !== undefined) return false
  for (const { grantId, endsAt } of entriesOf(shelf)) {
    if (endsAt + remembered < now) shelf.erase(grantKey(grantId))
  }
  const entry: GrantEntry = { ...grant, status: 'pending', createdAt: now }
  shelf.write(key, entry)
  return true
}

/** The grant exists now, or was agreed to anew: for what, and until when. */
export function confirmGrant(shelf: Shelf, grantId: string, anew?: Anew): void {
  const entry = shelf.read<GrantEntry>(grantKey(grantId))
  if (entry?.status === 'authorized' && anew !== undefined) {
    const { scope = [], claims = [] } = anew.action === 'merge' ? entry : {}
    shelf.write(grantKey(grantId), {
      ...entry,
      scope: [...new Set([...scope, ...anew.scope])],
      claims: [...new Set([...claims, ...anew.claims])],
      // Unclaimed, it ends when it always did: the later end only keeps it on the list.
      endsAt: Math.max(entry.endsAt, anew.endsAt),
    })
    note(shelf, { kind: 'permission-given', clientId: entry.clientId })
  }
  if (entry?.status === 'pending') {
    shelf.write(grantKey(grantId), { ...entry, status: 'authorized' })
    note(shelf, { kind: 'permission-given', clientId: entry.clientId })
  }
}

/** Whether a grant is a client's, and its owner has not taken it back. */
export function stands(shelf: Shelf, grantId: string, clientId: string): boolean {
  const entry = shelf.read<GrantEntry>(grantKey(grantId))
  const given = entry?.status === 'authorized' && entry.clientId === clientId
  return given && entry.endedAt === undefined
}

export const dropGrant = (shelf: Shelf, grantId: string): void => shelf.erase(grantKey(grantId))

/** What was agreed to for a client the last time; undefined for the first time. */
export function lastAgreed(shelf: Shelf, clientId: string): Agreed | undefined {
  const [last] = entriesOf(shelf)
    .filter((entry) => entry.clientId === clientId && entry.status === 'authorized')
    .sort((a, b) => b.createdAt - a.createdAt)
  return last?.scope === undefined ? undefined : { scope: last.scope, claims: last.claims ?? [] }
}

/** Its owner takes a permission back: noted once, and to be ended. False: it is not on the list. */
export function takeBack(shelf: Shelf, grantId: string, { whence }: Pick<By, 'whence'>): boolean {
  const entry = shelf.read<GrantEntry>(grantKey(grantId))
  if (entry === undefined) return false
  if (entry.endedAt === undefined) {
    shelf.write(grantKey(grantId), { ...entry, endedAt: shelf.now() })
    note(shelf, { ...whence, kind: 'permission-ended', clientId: entry.clientId })
  }
  toBeEnded(shelf, [grantId])
  return true
}

/** Who ends a grant of this list: its owner took it back, or an operator disabled the account. */
export function endedBy(shelf: Shelf, grantId: string): 'person' | 'operator' {
  const entry = shelf.read<GrantEntry>(grantKey(grantId))
  return entry?.endedAt === undefined ? 'operator' : 'person'
}

/** An empty list, as earlier releases kept one, is never due: its alarm would go off again and again. */
export function endingOf(shelf: Shelf): Ending {
  const { ids, retryAt } = shelf.read<Ending>('ending') ?? { ids: [], retryAt: Infinity }
  return { ids, retryAt: ids.length === 0 ? Infinity : retryAt }
}

/** Adds to what is to be ended. */
export function toBeEnded(shelf: Shelf, ids: readonly string[]): void {
  if (ids.length === 0) return
  const all = new Set([...endingOf(shelf).ids, ...ids])
  shelf.write('ending', { ids: [...all], retryAt: shelf.now() + retryAfter })
}

/** Strikes off what has ended, by the list as it is now: others may have been added meanwhile. */
export function strikeOff(shelf: Shelf, ended: readonly string[]): void {
  const ids = endingOf(shelf).ids.filter((id) => !ended.includes(id))
  if (ids.length === 0) shelf.erase('ending')
  else shelf.write('ending', { ids, retryAt: shelf.now() + retryAfter })
}

const dueAt = (entry: GrantEntry): number => entry.createdAt + pendingFor

/** Promises whose time is over. */
export const duePromises = (shelf: Shelf): readonly GrantEntry[] =>
  entriesOf(shelf).filter((entry) => entry.status === 'pending' && dueAt(entry) <= shelf.now())

/** When something of the list is due next; `Infinity`: nothing is. */
export function nextDue(shelf: Shelf): number {
  const pending = entriesOf(shelf).filter(({ status }) => status === 'pending')
  return Math.min(endingOf(shelf).retryAt, ...pending.map(dueAt))
}
