import type { AuthorizationDetail } from '../../../src/authorization-details/detail.ts'
import { sameJson } from '../../../src/authorization-details/values.ts'
import { isRecord, parseJson } from '../../../src/encoding.ts'
import type { Json } from '../../../src/evidence/canonical.ts'

type Amount = { readonly currency: string; readonly amount: string }
type PartyAccount = { readonly iban: string }

/** A payment as a client orders it. */
export type PaymentOrder = {
  readonly instructedAmount: Amount
  readonly creditorName: string
  readonly creditorAccount: PartyAccount
  readonly remittanceInformationUnstructured?: string
  readonly debtorAccount?: PartyAccount
}

type Read =
  { readonly order: PaymentOrder; readonly identifier?: string } | { readonly problem: string }

const isAmount = (value: unknown): boolean =>
  isRecord(value) &&
  Object.keys(value).length === 2 &&
  /^[A-Z]{3}$/.test(String(value['currency'])) &&
  typeof value['amount'] === 'string' &&
  /^(?:0|[1-9]\d{0,11})(?:\.\d{1,3})?$/.test(value['amount']) &&
  /[1-9]/.test(value['amount'])

const isAccount = (value: unknown): boolean =>
  isRecord(value) && Object.keys(value).length === 1 && isIban(value['iban'])

const isLine =
  (most: number) =>
  (value: unknown): boolean =>
    typeof value === 'string' &&
    value.length <= most &&
    /^[^\p{C}\p{Z}][^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u.test(value)

const members = [
  ['instructedAmount', isAmount, 'a currency and an amount above zero, both texts'],
  ['creditorName', isLine(70), 'a line of at most 70 characters'],
  ['creditorAccount', isAccount, 'an object with a valid iban'],
  ['remittanceInformationUnstructured', isLine(140), 'a line of at most 140 characters'],
  ['debtorAccount', isAccount, 'an object with a valid iban'],
  ['identifier', isLine(64), 'a text of at most 64 characters'],
] as const
const required: readonly string[] = ['instructedAmount', 'creditorName', 'creditorAccount']

/** Reads the body of an order, or says in words what is wrong with it. */
export function readOrder(text: string): Read {
  const body = parseJson(text)
  if (!isRecord(body)) return { problem: 'The body must be a JSON object' }
  const strange = Object.keys(body).some((name) => !members.some(([known]) => known === name))
  if (strange) return { problem: 'The body has a member that is not known' }
  for (const [name, isSound, what] of members) {
    const value = body[name]
    if (value === undefined && !required.includes(name)) continue
    if (!isSound(value)) return { problem: `${name} must be ${what}` }
  }
  const { identifier, ...order } = body as PaymentOrder & { readonly identifier?: string }
  return { order, ...(identifier === undefined ? {} : { identifier }) }
}

const agreed = [
  'instructedAmount',
  'creditorName',
  'creditorAccount',
  'remittanceInformationUnstructured',
] as const

/** The member in which an order is not what the person agreed to (RTS on SCA, article 5). */
export function memberBeyond(order: PaymentOrder, detail: AuthorizationDetail): string | undefined {
  const differing = agreed.find((name) => !same(order[name], detail[name]))
  if (differing !== undefined) return differing
  const { debtorAccount } = order
  return debtorAccount === undefined || same(debtorAccount, detail['debtorAccount'])
    ? undefined
    : 'debtorAccount'
}

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === undefined || b === undefined ? a === b : sameJson(a, b)

/** ISO 13616: the form, and the check digits by MOD 97-10 (ISO 7064). */
export function isIban(value: unknown): value is string {
  if (typeof value !== 'string' || !/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(value)) return false
  const turned = `${value.slice(4)}${value.slice(0, 4)}`
  const digits = turned.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))
  return BigInt(digits) % 97n === 1n
}
