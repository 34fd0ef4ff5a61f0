import type { Reply } from '../observe/storage.ts'
import { EdgeObject } from './edge-object.ts'
import { ReplaySlots } from './replay-slots.ts'
import type { SlotUse } from './replay-slots.ts'

/**
 * Accepts each DPoP proof at most once. Which guard decides is in the nonce that the client signed,
 * so every copy of a proof, wherever it is replayed, meets the same one.
 */
export class ReplayGuard extends EdgeObject<unknown> {
  private readonly slots = new ReplaySlots(
    (statement, ...values) => this.sql(statement, ...values),
    (at) => this.wakeAt(at),
    this.shelf,
  )

  /**
   * Takes a proof: `key` is the hash of (`jkt`, `jti`), `validUntil` (milliseconds) the end of the
   * nonce's last valid slot. Judged by this object's own clock.
   */
  use(key: string, validUntil: number): Reply<SlotUse> {
    return this.reply(this.slots.use(key, validUntil, this.now()))
  }

  override async alarm(): Promise<void> {
    const next = this.slots.sweep(this.now())
    if (next !== undefined) await this.ctx.storage.setAlarm(next)
  }
}
