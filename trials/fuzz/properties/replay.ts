import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { ReplaySlots } from '../../../src/objects/replay-slots.ts'
import { mintNonce, readNonce } from '../../../src/proof/nonce.ts'
import type { NonceKeys } from '../../../src/proof/nonce.ts'
import { deriveKeys, parseMasterSecret } from '../../../src/secrets.ts'
import { guardWorld, replayCommands } from '../support/replay-model.ts'
import type { GuardUnderTest } from '../support/replay-model.ts'
import { always, alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

/** The guard's own code over SQLite in memory; a restart forgets what the object held in memory. */
function openGuard(): GuardUnderTest & { readonly close: () => void } {
  const database = new DatabaseSync(':memory:')
  const statements = new Map<string, ReturnType<DatabaseSync['prepare']>>()
  let alarm: number | undefined
  const sql = (statement: string, ...values: unknown[]) => {
    // Tables come and go: only what reads and writes rows of one is worth keeping.
    const known = statements.get(statement) ?? database.prepare(statement)
    return known.all(...(values as string[])) as Record<string, SqlStorageValue>[]
  }
  const kept = new Map<string, unknown>()
  const shelf = {
    read: <T>(key: string) => kept.get(key) as T | undefined,
    write: (key: string, value: unknown) => void kept.set(key, value),
  }
  const make = () => new ReplaySlots(sql, (at) => (alarm = at), shelf)
  let slots = make()
  return {
    use: (key, validUntil, now) => slots.use(key, validUntil, now),
    alarm: () => alarm,
    sweep: (now) => (alarm = slots.sweep(now)),
    restart: () => (slots = make()),
    close: () => database.close(),
  }
}

const master = parseMasterSecret(`one:${Buffer.alloc(32, 1).toString('base64url')}`)
if (typeof master === 'string') throw new Error(master)
const keys: NonceKeys = {
  role: 'authorization-server',
  secret: deriveKeys(master, 'hmac', ['bank']),
}

export const replay: Parser = {
  name: 'window arithmetic of proofs',
  source: 'src/objects/replay-slots.ts',
  properties: [
    always(
      'a proof that was taken once is never taken again, whatever the clock, the sweep and restarts do',
      fc.property(replayCommands, (commands) => {
        const guard = openGuard()
        try {
          const world = guardWorld(guard)
          for (const command of commands) world.run(command)
          world.settle()
        } finally {
          guard.close()
        }
      }),
    ),
    alwaysAsync(
      'nor by the nonce it carries: for every moment after, reader and guard never both say yes',
      fc.asyncProperty(
        fc.nat({ max: 360_000 }),
        fc.integer({ min: -60_000, max: 60_000 }),
        fc.array(fc.tuple(fc.oneof(fc.nat({ max: 400_000 }), fc.constantFrom(0, 1, 180_000, 360_000)), fc.integer({ min: -60_000, max: 0 }), fc.boolean()), { maxLength: 12 }),
        async (offset, skew, later) => {
          const guard = openGuard()
          const minted = 1_800_000_000_000 + offset
          const nonce = await mintNonce(keys, { hint: 'weur', guards: 1 }, minted)
          let taken = 0
          let time = minted
          for (const [after, drift, sweep] of [[0, 0, false] as const, ...later]) {
            // Readers and the guard are many machines: their clocks differ, and the guard's may go back.
            time += after
            const [reader, own] = [time + skew, time + drift]
            if (sweep) guard.sweep(own)
            const route = await readNonce(keys, nonce, reader)
            if (route !== undefined && guard.use('proof', route.validUntil, own) === 'fresh') taken += 1
          }
          guard.close()
          assert.ok(taken <= 1)
        },
      ),
      0.2,
    ), // prettier-ignore
  ],
}
