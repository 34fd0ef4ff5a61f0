import { setTimeout as wait } from 'node:timers/promises'
import { quantile, spreadOf } from './figures.ts'
import type { Spread } from './figures.ts'
import { drive } from './load.ts'
import { cpuSeconds } from './process-cost.ts'

/** What one round of one server came to. */
export type Round = {
  readonly perSecond: number
  /** CPU seconds of the server process for a thousand. */
  readonly cpuPerThousand: number
  readonly p50: number
  readonly p99: number
}

/** What several rounds came to. */
export type Rounds = { readonly [M in keyof Round]: Spread }

/** Drives prepared work against a process and reads what that process used. */
export async function measure(
  pid: number,
  work: readonly (() => Promise<void>)[],
  inFlight: number,
): Promise<Round> {
  const before = cpuSeconds(pid)
  const { seconds, milliseconds } = await drive(work, inFlight)
  // What the server does after its last answer is of these requests too.
  await wait(100)
  const used = cpuSeconds(pid) - before
  return {
    perSecond: work.length / seconds,
    cpuPerThousand: (used / work.length) * 1000,
    p50: quantile(milliseconds, 0.5),
    p99: quantile(milliseconds, 0.99),
  }
}

export const summarise = (rounds: readonly Round[]): Rounds => ({
  perSecond: spreadOf(rounds.map((one) => one.perSecond)),
  cpuPerThousand: spreadOf(rounds.map((one) => one.cpuPerThousand)),
  p50: spreadOf(rounds.map((one) => one.p50)),
  p99: spreadOf(rounds.map((one) => one.p99)),
})

/** Lets each take its turn, round after round, so that what the machine does meanwhile meets all alike. */
export async function alternate<T extends string>(
  names: readonly T[],
  rounds: number,
  run: (name: T) => Promise<Round>,
): Promise<Readonly<Record<T, Rounds>>> {
  const all = new Map<T, Round[]>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) all.get(name)?.push(await run(name))
  }
  const entries = [...all].map(([name, list]) => [name, summarise(list)])
  return Object.fromEntries(entries) as Readonly<Record<T, Rounds>>
}
