/**
 * The one seam for storage calls (Durable Objects and KV). It counts calls, sequential depth and rows,
 * so that the price of a request is a number (docs: budgets), and it is where a local runtime may delay,
 * fail or make reads stale. Nothing else in this code base talks to an object or to KV.
 */

/** What an object answers: the value and the rows it wrote to give it (`rowsWritten` + 1 per `setAlarm`). */
export type Reply<T> = { readonly value: T; readonly rows: number }

/** Hooks around storage. Production has none. */
export type StorageHooks = {
  /** Runs each call: may wait, and may throw before it or once it took effect. `name` is `Class.method` or `KV.get`. */
  readonly around?: <T>(name: string, call: () => Promise<T>) => Promise<T>
  /** May answer a KV read from an older copy. */
  readonly readKv?: (key: string, read: () => Promise<unknown>) => Promise<unknown>
}

/** The platform failed a storage call (overloaded, reset, timed out): nobody knows what became of it. */
export class StorageFault extends Error {}

/** Storage as one request sees it. Make one per request; it holds that request's counters. */
export class Storage {
  calls = 0
  /** Calls that waited for each other: the longest chain so far. */
  depth = 0
  rows = 0
  private readonly hooks: StorageHooks

  constructor(hooks: StorageHooks = {}) {
    this.hooks = hooks
  }

  /** Calls a method of an object. Faults of the platform surface as exceptions. Never retries. */
  async object<T>(name: string, call: () => Promise<Reply<T>>): Promise<T> {
    const reply = await this.counted(name, call)
    this.rows += reply.rows
    return reply.value
  }

  /** Reads one JSON value from KV: a hint without promised freshness. `cacheTtl` in seconds (at least 30). */
  async readKv(kv: KVNamespace, key: string, cacheTtl: number): Promise<unknown> {
    const read = () => kv.get(key, { type: 'json', cacheTtl })
    const { readKv } = this.hooks
    return this.counted('KV.get', () => (readKv === undefined ? read() : readKv(key, read)))
  }

  private async counted<T>(name: string, call: () => Promise<T>): Promise<T> {
    const level = this.depth + 1
    this.calls += 1
    try {
      const { around } = this.hooks
      return await (around === undefined ? call() : around(name, call))
    } catch (error) {
      throw new StorageFault(`${name} failed`, { cause: error })
    } finally {
      this.depth = Math.max(this.depth, level)
    }
  }
}
