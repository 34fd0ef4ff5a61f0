import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env as bindings } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { configuredIssuer } from '../../../src/config.ts'
import type { Env } from '../../../src/config.ts'
import { makeStubs } from '../../../src/objects/stubs.ts'
import type { Stubs } from '../../../src/objects/stubs.ts'

export const env = bindings as unknown as Env

export const stubsOf = (issuerId: string): Stubs => makeStubs(env, configuredIssuer(env, issuerId))

/** Runs `count` calls side by side. */
export const parallel = <T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)))

/** How often `value` is among the values. */
export const countOf = <T>(values: readonly T[], value: T): number =>
  values.filter((one) => one === value).length

/** What an object holds: everything it ever wrote, and its alarm. */
export type Holdings = {
  readonly values: Readonly<Record<string, unknown>>
  readonly tables: readonly string[]
  readonly alarm: number | null
}

export const nothing: Holdings = { values: {}, tables: [], alarm: null }

export function holdingsOf(stub: AnyStub): Promise<Holdings> {
  return runInDurableObject(whole(stub), async (_object, { storage }) => ({
    values: Object.fromEntries<unknown>(storage.kv.list()),
    tables: storage.sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*'",
      )
      .toArray()
      .map(({ name }) => name),
    alarm: await storage.getAlarm(),
  }))
}

/** A stub by whatever type its callers see it. */
export type AnyStub = { readonly id: DurableObjectId }

const whole = (stub: AnyStub): DurableObjectStub => stub as unknown as DurableObjectStub

export const evict = (stub: AnyStub): Promise<void> => evictDurableObject(whole(stub))

/** Changes what an object holds under a key, as an earlier release would have left it. */
export const rewrite = (
  stub: AnyStub,
  key: string,
  change: (value: unknown) => unknown,
): Promise<void> =>
  runInDurableObject(whole(stub), (_object, { storage }) => {
    storage.kv.put(key, change(storage.kv.get(key)))
  })

/**
 * Whether there was an alarm to run. The next one has to lie ahead: an alarm that leaves something due
 * that it does not do goes off again and again.
 */
export async function runAlarm(stub: AnyStub): Promise<boolean> {
  const ran = await runDurableObjectAlarm(whole(stub))
  const { alarm } = await holdingsOf(stub)
  if (ran && alarm !== null) expect(alarm).toBeGreaterThan(Date.now())
  return ran
}

/**
 * The start of controlled time. It lies ahead of the real clock, which alarms follow: none goes off
 * before a test runs it.
 */
export const start = Date.UTC(2040, 0, 1)

/** Stops `Date`, for this file and for the objects it talks to, this many seconds after `start`. */
export function setClock(seconds: number): void {
  if (!vi.isFakeTimers()) vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(start + seconds * 1000)
}

/** The object of an id this namespace made; a new stub each time, since eviction breaks held ones. */
export function made<T>(stub: T | undefined): T {
  if (stub === undefined) throw new Error('the namespace refused an id')
  return stub
}
