import type { Context } from 'hono'
import type { AuthorizationDetail } from '../../../src/authorization-details/detail.ts'
import { discardBody, readBody } from '../../../src/authorization/parameters.ts'
import { isRecord, tuple } from '../../../src/encoding.ts'
import { statusFor } from '../../../src/errors.ts'
import { refuseDetails } from '../../../src/resource/refusal.ts'
import { accounts } from './accounts.ts'
import { unstored } from './answers.ts'
import type { Bank } from './answers.ts'
import type { Draft } from './payment-book.ts'
import { memberBeyond, readOrder } from './payment-order.ts'
import type { PaymentOrder } from './payment-order.ts'
import { settingsOf } from './settings.ts'

const type = 'payment_initiation'

/** A detail that can be told from its likes: the server gave it an identifier when a person agreed. */
type Payable = AuthorizationDetail & { readonly identifier: string }

const payable = (c: Context<Bank>): readonly Payable[] =>
  c.get('details').filter((detail): detail is Payable => typeof detail['identifier'] === 'string')

const invalid = (c: Context<Bank>, description: string, status: 400 | 413 = 400) =>
  c.json(
    {
      error: status === 413 ? 'payload_too_large' : 'invalid_request',
      error_description: description,
    },
    status,
  )

const refused = (c: Context<Bank>, description: string) =>
  refuseDetails(settingsOf(c.env), c.get('access'), type, description)

/** The payments of the grant that the token came from; a proven token names it. */
function bookOf(c: Context<Bank>) {
  const { home } = c.get('access')
  return c.env.PAYMENT_BOOK.getByName(tuple(c.env.SETTINGS.issuer, home.home, home.objectId))
}

/** Makes a payment as the person agreed to it, once. */
export async function makePayment(c: Context<Bank>) {
  const body = await readBody(c.req.raw)
  if (!body.ok) {
    await discardBody(c.req.raw)
    return invalid(c, body.refusal.description, statusFor(body.refusal) === 413 ? 413 : 400)
  }
  const read = readOrder(body.value)
  if ('problem' in read) return invalid(c, read.problem)
  const { order, identifier } = read
  const details = payable(c).filter((one) => [one.identifier, undefined].includes(identifier))
  const allowed = details.filter((one) => memberBeyond(order, one) === undefined)
  const [first, ...more] = allowed.flatMap((one) => draftOf(order, one))
  if (first === undefined) return refused(c, whyNot(order, details))
  const book = bookOf(c)
  const make = () => book.make([first, ...more])
  const { status, payment } = await c.get('storage').object('PaymentBook.make', make)
  const location = `/payments/${encodeURIComponent(payment.id)}`
  if (status === 'made') return c.json(payment, 201, { ...unstored, location })
  return c.json(
    {
      error: 'conflict',
      error_description: 'This payment was made before; the person agreed to it once',
      payment_id: payment.id,
    },
    409,
    unstored,
  )
}

/** The account it is paid from is the one that the person chose. */
function draftOf(order: PaymentOrder, detail: Payable): readonly Draft[] {
  const { debtorAccount, identifier: id } = detail
  const iban = isRecord(debtorAccount) ? debtorAccount['iban'] : undefined
  const own = accounts.find((account) => account.iban === iban)
  return own === undefined ? [] : [{ ...order, id, debtorAccount: { iban: own.iban } }]
}

function whyNot(order: PaymentOrder, details: readonly Payable[]): string {
  const [nearest] = details
  if (nearest === undefined) return 'No such payment was agreed to'
  const member = memberBeyond(order, nearest)
  return member === undefined
    ? 'No account here was chosen to pay from'
    : `${member} is not what the person agreed to`
}

/** For whoever never saw the answer: whether the payment was made. */
export async function findPayment(c: Context<Bank>) {
  const id = c.req.param('id')
  const known = payable(c).some(({ identifier }) => identifier === id)
  const book = bookOf(c)
  const payment = known
    ? await c.get('storage').object('PaymentBook.find', () => book.find(id ?? ''))
    : undefined
  return payment === undefined
    ? c.json({ error: 'not_found' }, 404)
    : c.json(payment, 200, unstored)
}
