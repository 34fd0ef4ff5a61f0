import type { Reply } from '../observe/storage.ts'
import { EdgeObject } from './edge-object.ts'
import { delayAfter } from './throttle-delay.ts'
import type { ThrottleKind } from './throttle-delay.ts'

export type Attempt =
  { readonly allowed: true } | { readonly allowed: false; readonly waitSeconds: number }

type Row = { failures: number; free_at: number; at: number }

/** Counters are forgotten this long (ms) after the last attempt. */
const memory = 6 * 3_600_000

/**
 * Failed sign-ins in one of a fixed number of buckets. Each attempt counts as a failure until it is
 * cleared, so that parallel guesses cannot slip through. The delay grows and is never a hard lock.
 */
export class Throttle extends EdgeObject<unknown> {
  /** Makes the bucket's table; done once when an issuer is first started. */
  prepare(): Reply<true> {
    this.sql(
      'CREATE TABLE IF NOT EXISTS attempts (key TEXT PRIMARY KEY, failures INTEGER NOT NULL, free_at INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID',
    )
    return this.reply(true)
  }

  /** Counts an attempt, or says how long to wait. `key` is a hash: no name is stored. */
  begin(key: string, kind: ThrottleKind): Reply<Attempt> {
    this.prepare()
    const now = this.now()
    const [row] = this.sql<Row>('SELECT failures, free_at, at FROM attempts WHERE key = ?', key)
    const known =
      row !== undefined && row.at > now - memory ? row : { failures: 0, free_at: 0, at: now }
    if (known.free_at > now) {
      return this.reply({ allowed: false, waitSeconds: Math.ceil((known.free_at - now) / 1000) })
    }
    const failures = known.failures + 1
    this.sql(
      'INSERT INTO attempts (key, failures, free_at, at) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, free_at = excluded.free_at, at = excluded.at',
      key,
      failures,
      now + delayAfter(failures, kind) * 1000,
      now,
    )
    this.sweepLater()
    return this.reply({ allowed: true })
  }

  /** A success: this attempt was no failure. Other failures from the same address stay counted. */
  forgive(key: string): Reply<true> {
    this.prepare()
    this.sql('UPDATE attempts SET failures = max(failures - 1, 0), free_at = 0 WHERE key = ?', key)
    return this.reply(true)
  }

  /** A success: the key starts again from nothing. */
  clear(key: string): Reply<true> {
    this.prepare()
    this.sql('DELETE FROM attempts WHERE key = ?', key)
    return this.reply(true)
  }

  override async alarm(): Promise<void> {
    this.prepare()
    this.sql('DELETE FROM attempts WHERE at <= ?', this.now() - memory)
    this.erase('sweepAt')
    if (this.sql('SELECT 1 FROM attempts LIMIT 1').length > 0) this.sweepLater()
  }

  private sweepLater(): void {
    const now = this.now()
    // Stored, so that an evicted object does not put its sweep off again and again.
    if ((this.read<number>('sweepAt') ?? 0) > now) return
    this.write('sweepAt', now + memory)
    this.wakeAt(now + memory)
  }
}
