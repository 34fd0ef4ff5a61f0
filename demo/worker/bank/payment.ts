import { DurableObject } from 'cloudflare:workers'
import type { AuthorizationDetail } from '../../../src/authorization-details/detail.ts'

type Made = { readonly payment: AuthorizationDetail; readonly at: number }

/** One payment a person agreed to, by its identifier: made once, whatever happens. */
export class Payment extends DurableObject {
  /** False: it was made before. */
  make(payment: AuthorizationDetail, at: number): boolean {
    if (this.ctx.storage.kv.get<Made>('made') !== undefined) return false
    this.ctx.storage.kv.put('made', { payment, at } satisfies Made)
    return true
  }
}
