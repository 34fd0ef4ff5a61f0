import { DurableObject } from 'cloudflare:workers'
import type { Env } from '../config.ts'
import type { Reply } from '../observe/storage.ts'
import type { Shelf } from './shelf.ts'

/**
 * What all objects share: a clock of their own, a row counter, and replies that carry it.
 * Constructors and read methods write nothing: touching an object must not create it.
 */
export abstract class EdgeObject<E = Env> extends DurableObject<E> {
  private rowsWritten = 0

  /** The deciding clock, in milliseconds since the epoch. */
  protected now(): number {
    return Date.now()
  }

  /** Runs one SQL statement and counts the rows it wrote. */
  protected sql<Row extends Record<string, SqlStorageValue>>(
    statement: string,
    ...values: unknown[]
  ): Row[] {
    const cursor = this.ctx.storage.sql.exec<Row>(statement, ...values)
    const rows = cursor.toArray()
    this.rowsWritten += cursor.rowsWritten
    return rows
  }

  /** Reads one value of the synchronous key-value storage. */
  protected read<T>(key: string): T | undefined {
    return this.ctx.storage.kv.get<T>(key)
  }

  /** Writes one value of the synchronous key-value storage. */
  protected write(key: string, value: unknown): void {
    this.ctx.storage.kv.put(key, value)
    this.rowsWritten += 1
  }

  /** Deletes one value of the synchronous key-value storage. */
  protected erase(key: string): void {
    if (this.ctx.storage.kv.delete(key)) this.rowsWritten += 1
  }

  /** The same storage for the parts of an object that live in files of their own. */
  protected readonly shelf: Shelf = {
    now: () => this.now(),
    read: (key) => this.read(key),
    write: (key, value) => this.write(key, value),
    erase: (key) => this.erase(key),
    wakeAt: (at) => this.wakeAt(at),
    list: <T>(prefix: string) => [...this.ctx.storage.kv.list<T>({ prefix })],
  }

  /** Sets the object's one alarm. `at` in milliseconds since the epoch. */
  protected wakeAt(at: number): void {
    void this.ctx.storage.setAlarm(at)
    this.rowsWritten += 1
  }

  /** Runs work that others must hear of in order: one piece after the other, each to its end. */
  protected async inOrder(work: () => Promise<void>): Promise<void> {
    const mine = this.queue.then(work, work)
    this.queue = mine
    await mine
  }

  private queue: Promise<unknown> = Promise.resolve()

  /** Ends a turn: the value and the rows written since the last reply. */
  protected reply<T>(value: T): Reply<T> {
    const rows = this.rowsWritten
    this.rowsWritten = 0
    return { value, rows }
  }
}
