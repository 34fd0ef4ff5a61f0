import type { Shelf } from '../shelf.ts'
import type { StoredSession } from './sessions.ts'

/** The clients that are to hear of a session's end (OIDC Back-Channel Logout 1.0). */
export type LogoutNotice = {
  readonly format: 1
  /** Public name of the session. */
  readonly session: string
  readonly clients: readonly string[]
  /** The clients' generations when they were given a grant: an id made again is another client. */
  readonly generations: Readonly<Record<string, string>>
  /** Tries so far. */
  readonly tries: number
  /** Milliseconds. */
  readonly dueAt: number
}

/** Milliseconds between a try and the next; after the last one the client was not to be reached. */
const pauses = [5_000, 60_000, 600_000, 3_600_000] as const

const noticeKey = (session: string): string => `notice:${session}`

/**
 * Notes that the clients of an ended session are to be told, and has the alarm do so at once. Two tabs
 * may have stepped one session up: what was noted for the one stays when the other ends.
 */
export function owe(shelf: Shelf, ended: StoredSession): void {
  if (ended.clients.length === 0) return
  const key = noticeKey(ended.id)
  const known = shelf.read<LogoutNotice>(key)
  const dueAt = shelf.now()
  const notice: LogoutNotice = {
    format: 1,
    session: ended.id,
    clients: [...new Set([...(known?.clients ?? []), ...ended.clients])],
    generations: { ...known?.generations, ...ended.generations },
    tries: 0,
    dueAt,
  }
  shelf.write(key, notice)
  shelf.wakeAt(dueAt)
}

export const noticesOf = (shelf: Shelf): readonly LogoutNotice[] =>
  shelf.list<LogoutNotice>('notice:').map(([, notice]) => notice)

/**
 * After a try: those who heard are struck off, the others are due later; who was added while it was
 * under way is due as noted. Answers who is given up after the last try.
 */
export function settleNotice(
  shelf: Shelf,
  tried: LogoutNotice,
  untold: readonly string[],
): readonly string[] {
  const key = noticeKey(tried.session)
  const now = shelf.read<LogoutNotice>(key) ?? tried
  const heard = tried.clients.filter((client) => !untold.includes(client))
  const clients = now.clients.filter((client) => !heard.includes(client))
  const added = clients.some((client) => !tried.clients.includes(client))
  const pause = pauses[tried.tries]
  if (clients.length === 0 || (pause === undefined && !added)) {
    shelf.erase(key)
    return clients
  }
  const later = { tries: tried.tries + 1, dueAt: shelf.now() + (pause ?? 0) }
  shelf.write(key, { ...now, clients, ...(added ? {} : later) })
  return []
}
