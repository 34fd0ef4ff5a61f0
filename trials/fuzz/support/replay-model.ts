import fc from 'fast-check'

/**
 * What one replay guard goes through, and what must hold of it. Knows nothing of where the guard runs:
 * over SQLite in this process, or as a Durable Object.
 */
export type GuardUnderTest = {
  readonly use: (key: string, validUntil: number, now: number) => string
  /** When it asked to be woken. */
  readonly alarm: () => number | undefined
  readonly sweep: (now: number) => unknown
  /** Forgets what it held in memory. */
  readonly restart: () => unknown
}

export type ReplayCommand =
  | { readonly do: 'use'; readonly key: string; readonly window: number }
  /** A key that ends so many milliseconds before its slot does. */
  | { readonly do: 'late use'; readonly key: string; readonly left: number }
  | { readonly do: 'again'; readonly pick: number }
  | { readonly do: 'wait' | 'back'; readonly ms: number }
  /** To the moment at which what was shown ends, or is forgotten. */
  | { readonly do: 'edge'; readonly pick: number; readonly ms: number }
  | { readonly do: 'sweep' | 'restart' }

const start = 1_800_000_000_000
const slot = 300_000
/** Clocks of one object differ by no more than what is remembered longer than refused. */
const mostBack = 60_000

const wait = fc.oneof(
  fc.integer({ min: 0, max: 30_000 }),
  fc.constantFrom(1, slot - 1, slot, slot + 1, 360_000, 60_000, 59_999, 60_001),
  fc.integer({ min: 0, max: 900_000 }),
)
const command: fc.Arbitrary<ReplayCommand> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('use' as const), key: fc.constantFrom('a', 'b', 'c'), window: fc.integer({ min: -1_000, max: 600_000 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('again' as const), pick: fc.nat({ max: 20 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: wait }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('back' as const), ms: fc.oneof(fc.constant(mostBack), fc.nat({ max: mostBack })) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('edge' as const), pick: fc.nat({ max: 20 }), ms: fc.constantFrom(-60_000, -1, 0, 1, 59_999, 60_000) }) },
  { weight: 2, arbitrary: fc.constantFrom({ do: 'sweep' as const }, { do: 'restart' as const }) },
) // prettier-ignore

const commands = fc.array(command, { minLength: 2, maxLength: 20 })

/** What would let a proof in twice if a table were dropped too early: end, sweep, a clock that goes back. */
const temptation: fc.Arbitrary<readonly ReplayCommand[]> = fc
  .tuple(
    fc.oneof(fc.nat({ max: 500 }), fc.nat({ max: mostBack })),
    fc.oneof(fc.constant(mostBack), fc.nat({ max: mostBack })),
    fc.constantFrom(-1, 0, 1, 59_999, 60_000),
  )
  .map(([left, back, ms]) => [
    { do: 'late use', key: 'a', left },
    { do: 'edge', pick: -1, ms },
    { do: 'sweep' },
    { do: 'back', ms: back },
    { do: 'again', pick: -1 },
  ])

export const replayCommands: fc.Arbitrary<readonly ReplayCommand[]> = fc.oneof(
  { weight: 3, arbitrary: commands },
  { weight: 1, arbitrary: fc.tuple(commands, temptation).map((both) => both.flat()) },
)

/** The end of the slot a moment lies in. */
const endOf = (moment: number): number => (Math.floor(moment / slot) + 1) * slot

type Shown = { readonly key: string; readonly validUntil: number }

const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what)
}

/** Runs commands one by one; throws when a promise is broken. */
export function guardWorld(guard: GuardUnderTest) {
  let now = start
  let latest = start
  const shown: Shown[] = []
  const taken: Shown[] = []

  /** One of those that were shown; below zero: the last. */
  const pick = (at: number) => (at < 0 ? shown.at(-1) : shown[at % Math.max(1, shown.length)])

  function use(key: string, validUntil: number): void {
    const alike = taken.filter((one) => one.key === key)
    const answer = guard.use(key, validUntil, now)
    must((answer === 'late') === now > validUntil, `${answer} at ${now} until ${validUntil}`)
    if (answer === 'fresh') {
      must(!alike.some((one) => one.validUntil === validUntil), 'one proof was taken twice')
      must(!alike.some((one) => one.validUntil >= now), 'a key was taken again while it was valid')
      must(guard.alarm() !== undefined, 'nobody will clean up')
      taken.push({ key, validUntil })
    }
    if (answer === 'used') must(alike.length > 0, 'a proof nobody sent was refused as a replay')
    shown.push({ key, validUntil })
  }

  return {
    run: (one: ReplayCommand): void => {
      if (one.do === 'use') use(one.key, now + one.window)
      if (one.do === 'late use') use(one.key, endOf(now) - one.left)
      if (one.do === 'again') {
        const before = pick(one.pick)
        if (before !== undefined) use(before.key, before.validUntil)
      }
      if (one.do === 'wait') latest = Math.max(latest, (now += one.ms))
      if (one.do === 'edge') {
        const until = pick(one.pick)?.validUntil ?? now
        const end = one.pick % 3 === 0 ? until : endOf(until)
        now = Math.max(end + one.ms, latest - mostBack)
        latest = Math.max(latest, now)
      }
      if (one.do === 'back') now = Math.max(now - one.ms, latest - mostBack)
      if (one.do === 'sweep') guard.sweep(now)
      if (one.do === 'restart') guard.restart()
    },
    /** At the end everything is shown once more, then cleaned up by alarms alone. */
    settle: (): void => {
      for (const { key, validUntil } of [...shown]) use(key, validUntil)
      for (let wakes = 0; guard.alarm() !== undefined; wakes += 1) {
        must(wakes < 50, 'it never comes to rest')
        latest = now = Math.max(now, guard.alarm() ?? 0)
        guard.sweep(now)
      }
      for (const { key, validUntil } of [...shown]) if (validUntil < now) use(key, validUntil)
    },
  }
}
