import { control } from '../../test/support/wire-server.ts'
import type { Server } from '../../test/support/wire-server.ts'
import type { Clock } from '../../test/support/wire-keys.ts'

/** The server's time between two moments of ours, in seconds: no earlier than, no later than. */
export type Range = { readonly least: number; readonly most: number }

/** Where the server's clock stood, and when. While it is being moved either place may count. */
export type TimeLine = {
  /** What clients sign by. */
  readonly clock: Clock
  /** Moves the server's clock, and the clients' with it. */
  readonly move: (offset: number, on: Server) => Promise<void>
  /** How far ahead it was since then (milliseconds by our clock). */
  readonly furthest: (from: number) => number
  /** `from`, `to`: milliseconds by our clock. */
  readonly range: (from: number, to: number) => Range
  /** Whether the clock was moved between the two. */
  readonly moved: (from: number, to: number) => boolean
}

type Section = { readonly offset: number; readonly since: number; until: number }

export function openTimeLine(): TimeLine {
  const clock: Clock = { offset: 0 }
  const sections: Section[] = [{ offset: 0, since: -Infinity, until: Infinity }]
  const change = async (offset: number, take: () => Promise<void>): Promise<void> => {
    const [last, next] = [sections.at(-1), { offset, since: Date.now(), until: Infinity }]
    // From here on until it is done, either counts.
    sections.push(next)
    await take()
    if (last !== undefined) last.until = Date.now()
    clock.offset = offset
  }
  const between = (from: number, to: number) =>
    sections.filter(({ since, until }) => since <= to && until >= from)
  return {
    clock,
    move: (offset, on) =>
      change(offset, async () => {
        const answer = await control('/clock', { offset_s: offset }, on)
        if (answer.status !== 200) throw new Error(`the clock was not moved: ${answer.text}`)
      }),
    furthest: (from) =>
      Math.max(...sections.filter(({ until }) => until >= from).map(({ offset }) => offset)),
    range: (from, to) => {
      const offsets = between(from, to).map(({ offset }) => offset)
      return { least: from / 1000 + Math.min(...offsets), most: to / 1000 + Math.max(...offsets) }
    },
    moved: (from, to) => between(from, to).length > 1,
  }
}
