import type { Reply } from '../../../src/observe/storage.ts'
import { EdgeObject } from '../../../src/objects/edge-object.ts'
import type { PaymentOrder } from './payment-order.ts'

/** A payment that an authorization detail allows; `id` is that detail's `identifier`. */
export type Draft = PaymentOrder &
  Required<Pick<PaymentOrder, 'debtorAccount'>> & { readonly id: string }

/** A payment that was made; `created_at` in seconds since the epoch. */
export type Payment = Draft & { readonly status: 'accepted'; readonly created_at: number }

export type Made = { readonly status: 'made' | 'before'; readonly payment: Payment }

const keyOf = (identifier: string) => `payment:${identifier}`

/**
 * The payments of one grant. Each authorization detail pays once: that is decided here, in one turn,
 * whatever tokens say so and however many at a time.
 */
export class PaymentBook extends EdgeObject<unknown> {
  /** Makes the first of these payments whose detail has not paid; none left: the one of before. */
  make(drafts: readonly [Draft, ...Draft[]]): Reply<Made> {
    const free = drafts.find(({ id }) => this.read(keyOf(id)) === undefined)
    if (free === undefined) {
      const payment = this.read<Payment>(keyOf(drafts[0].id))
      if (payment === undefined) throw new Error('a payment that is there and is not')
      return this.reply({ status: 'before', payment })
    }
    const created = Math.floor(this.now() / 1000)
    const payment: Payment = { ...free, status: 'accepted', created_at: created }
    this.write(keyOf(free.id), payment)
    return this.reply({ status: 'made', payment })
  }

  /** A payment of this grant. Undefined: none was made by that detail. */
  find(id: string): Reply<Payment | undefined> {
    return this.reply(this.read<Payment>(keyOf(id)))
  }
}
