import { forgetGrace } from './forget-grace.ts'
import type { Shelf } from './shelf.ts'

/**
 * Used keys in one `WITHOUT ROWID` table per time slot: one row a key, no index beside it, and a whole
 * table dropped when its slot is over. The table of a key follows from the key's own end of validity.
 */
const slotLength = 300_000

const tableOf = (slot: number): string => `used_${slot}`

/** Until when (ms) everything is forgotten: written when a table is dropped, not when a key is used. */
const forgottenKey = 'forgotten'

type Sql = (statement: string, ...values: unknown[]) => Record<string, SqlStorageValue>[]

export type SlotUse = 'fresh' | 'used' | 'late'

export class ReplaySlots {
  private readonly sql: Sql
  private readonly wakeAt: (at: number) => void
  private readonly shelf: Pick<Shelf, 'read' | 'write'>
  /** Slots that have a table; read once, since only this object makes and drops them. */
  private live: Set<number> | undefined
  private forgottenUntil: number | undefined

  constructor(sql: Sql, wakeAt: (at: number) => void, shelf: Pick<Shelf, 'read' | 'write'>) {
    this.sql = sql
    this.wakeAt = wakeAt
    this.shelf = shelf
  }

  /**
   * Takes a key once. `validUntil` in milliseconds: past it the answer is `late`, whatever the tables say,
   * so a dropped table can never make a key fresh again. Throws when the clock has gone back to before
   * that end: then nobody knows, and the fault is answered as any other.
   */
  use(key: string, validUntil: number, now: number): SlotUse {
    if (now > validUntil) return 'late'
    if (validUntil < this.forgotten()) throw new Error('the clock went back to what is forgotten')
    const slot = Math.floor(validUntil / slotLength)
    this.open(slot)
    return this.sql(this.take(slot), key).length === 1 ? 'fresh' : 'used'
  }

  /** One statement. The same key with another end of validity is still the same key. */
  private take(slot: number): string {
    let nowhere = 'TRUE'
    for (const other of this.slots()) {
      if (other === slot) continue
      nowhere += ` AND NOT EXISTS (SELECT 1 FROM ${tableOf(other)} WHERE key = ?1)`
    }
    const table = tableOf(slot)
    return `INSERT INTO ${table} (key) SELECT ?1 WHERE ${nowhere} ON CONFLICT DO NOTHING RETURNING 1`
  }

  /** Drops what can no longer be accepted; returns when to come again, if anything is left. */
  sweep(now: number): number | undefined {
    const over = [...this.slots()].filter((slot) => forgetAt(slot) <= now)
    if (over.length > 0) this.forget(endOf(Math.max(...over)))
    for (const slot of over) {
      this.sql(`DROP TABLE ${tableOf(slot)}`)
      this.slots().delete(slot)
    }
    const left = [...this.slots()].map(forgetAt)
    return left.length === 0 ? undefined : Math.min(...left)
  }

  private forgotten(): number {
    this.forgottenUntil ??= this.shelf.read<number>(forgottenKey) ?? -Infinity
    return this.forgottenUntil
  }

  private forget(until: number): void {
    if (until <= this.forgotten()) return
    this.forgottenUntil = until
    this.shelf.write(forgottenKey, until)
  }

  private open(slot: number): void {
    const slots = this.slots()
    if (slots.has(slot)) return
    this.sql(`CREATE TABLE ${tableOf(slot)} (key TEXT PRIMARY KEY) WITHOUT ROWID`)
    // With other slots alive their sweep is already due and comes again for this one.
    if (slots.size === 0) this.wakeAt(forgetAt(slot))
    slots.add(slot)
  }

  private slots(): Set<number> {
    const query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'used_*'"
    this.live ??= new Set(
      this.sql(query).map((table) => Number(String(table['name']).slice('used_'.length))),
    )
    return this.live
  }
}

const endOf = (slot: number): number => (slot + 1) * slotLength
const forgetAt = (slot: number): number => endOf(slot) + forgetGrace
