import * as client from 'openid-client'
import { InvalidForm, PaymentUnknown, RefusedByApi } from './errors.ts'
import { isRecord, word } from './read.ts'
import type { PaymentOrder, Receipt, Session } from './session.ts'

/** Reads the form. A comma is a decimal point to many, and spaces in an IBAN are for the eye. */
export function readPaymentForm(form: URLSearchParams): PaymentOrder {
  const field = (name: string) => (form.get(name) ?? '').trim()
  const [, whole = '', cents = ''] = /^(\d{1,9})(?:[.,](\d{1,2}))?$/.exec(field('amount')) ?? []
  const amount = `${whole.replace(/^0+(?=\d)/, '')}.${cents.padEnd(2, '0')}`
  const name = field('creditor')
  const iban = field('iban').replace(/\s/g, '').toUpperCase()
  const reference = field('reference')
  if (whole === '' || Number(amount) === 0 || name === '' || iban === '') throw new InvalidForm()
  return {
    instructedAmount: { currency: 'EUR', amount },
    creditorName: name,
    creditorAccount: { iban },
    ...(reference === '' ? {} : { remittanceInformationUnstructured: reference }),
  }
}

/** Orders the payment at the bank's API, once: a lost answer is no reason to order it again. */
export async function askPayment(
  { config, dpop }: Session,
  order: { readonly url: URL; readonly accessToken: string; readonly order: PaymentOrder },
): Promise<Receipt> {
  const { url, accessToken, order: payment } = order
  const headers = new Headers({ 'content-type': 'application/json' })
  const body = JSON.stringify(payment)
  const response = await client
    .fetchProtectedResource(config, accessToken, url, 'POST', body, headers, { DPoP: dpop })
    .catch((error: unknown) => {
      if (error instanceof client.WWWAuthenticateChallengeError) throw error
      throw new PaymentUnknown('the bank did not answer', { cause: error })
    })
  if (response.status >= 500) throw new PaymentUnknown(`the bank answered ${response.status}`)
  if (response.status !== 201) throw new RefusedByApi(response.status)
  const made: unknown = await response.json().catch(() => undefined)
  const { id, debtorAccount } = isRecord(made) ? made : {}
  const from = isRecord(debtorAccount) ? word(debtorAccount['iban']) : ''
  return { order: payment, paymentId: word(id), from }
}
