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
  | { readonly do: 'again'; readonly pick: number }
  | { readonly do: 'wait' | 'back'; readonly ms: number }
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
  { weight: 2, arbitrary: fc.constantFrom({ do: 'sweep' as const }, { do: 'restart' as const }) },
) // prettier-ignore

export const replayCommands = fc.array(command, { minLength: 2, maxLength: 25 })

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
      if (one.do === 'again') {
        const before = shown[one.pick % Math.max(1, shown.length)]
        if (before !== undefined) use(before.key, before.validUntil)
      }
      if (one.do === 'wait') latest = Math.max(latest, (now += one.ms))
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
