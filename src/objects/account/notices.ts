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

/** Notes that the clients of an ended session are to be told, and has the alarm do so at once. */
export function owe(shelf: Shelf, ended: StoredSession): void {
  if (ended.clients.length === 0) return
  const { id, clients, generations = {} } = ended
  const dueAt = shelf.now()
  const notice: LogoutNotice = { format: 1, session: id, clients, generations, tries: 0, dueAt }
  shelf.write(noticeKey(id), notice)
  shelf.wakeAt(dueAt)
}

export const noticesOf = (shelf: Shelf): readonly LogoutNotice[] =>
  shelf.list<LogoutNotice>('notice:').map(([, notice]) => notice)

/**
 * After a try: those who heard are struck off, the others are due later. Answers who is given up after
 * the last try.
 */
export function settleNotice(
  shelf: Shelf,
  notice: LogoutNotice,
  untold: readonly string[],
): readonly string[] {
  const pause = pauses[notice.tries]
  if (untold.length === 0 || pause === undefined) {
    shelf.erase(noticeKey(notice.session))
    return untold
  }
  const dueAt = shelf.now() + pause
  const left = { ...notice, clients: untold, tries: notice.tries + 1, dueAt }
  shelf.write(noticeKey(notice.session), left)
  return []
}
