import { runInDurableObject } from 'cloudflare:test'
import { env as bindings } from 'cloudflare:workers'
import fc from 'fast-check'
import { it } from 'vitest'
import type { Env } from '../../src/config.ts'
import { ReplaySlots } from '../../src/objects/replay-slots.ts'
import { guardWorld, replayCommands } from '../../trials/fuzz/support/replay-model.ts'

const env = bindings as unknown as Env

it('ReplayGuard: a proof that was taken once is never taken again, whatever the clock, the sweep and restarts do', async () => {
  await runInDurableObject(env.REPLAY_GUARD.getByName('model'), (_guard, { storage }) => {
    const sql = (statement: string, ...values: unknown[]) =>
      storage.sql.exec(statement, ...values).toArray()
    const property = fc.property(replayCommands, (commands) => {
      let alarm: number | undefined
      // Each run is a guard of its own, so it begins with nothing forgotten.
      const kept = new Map<string, unknown>()
      const shelf = {
        read: <T>(key: string) => kept.get(key) as T | undefined,
        write: (key: string, value: unknown) => void kept.set(key, value),
      }
      const make = () => new ReplaySlots(sql, (at) => (alarm = at), shelf)
      let slots = make()
      const world = guardWorld({
        use: (key, validUntil, now) => slots.use(key, validUntil, now),
        alarm: () => alarm,
        sweep: (now) => (alarm = slots.sweep(now)),
        restart: () => (slots = make()),
      })
      for (const one of commands) world.run(one)
      // Leaves no table behind for the next run.
      world.settle()
    })
    fc.assert(property, { seed: 20_260_901, numRuns: 200 })
  })
}, 60_000)
