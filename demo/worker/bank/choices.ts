import { WorkerEntrypoint } from 'cloudflare:workers'
import type { Json } from '../../../src/evidence/canonical.ts'
import { accounts } from './accounts.ts'

/** Asked at consent: what may this person choose for this member of this detail? */
export type ChoicesRequest = {
  readonly issuer: string
  readonly subject: string
  readonly client_id: string
  readonly type: string
  readonly member: string
  readonly detail: Readonly<Record<string, Json>>
  readonly language: string
}

export type Choice = { readonly value: Json; readonly label: string; readonly hint?: string }

const choosable = [
  ['account_information', 'accounts'],
  ['payment_initiation', 'debtorAccount'],
] as const

/**
 * What the authorization server asks when a person agrees to a detail: their accounts. A real bank would
 * look them up by the subject; here everybody has the same ones.
 */
export class Choices extends WorkerEntrypoint {
  async choices({ type, member, language }: ChoicesRequest): Promise<readonly Choice[]> {
    if (!choosable.some(([a, b]) => a === type && b === member)) return []
    return accounts.map(({ iban, name, balance, currency }) => ({
      value: { iban },
      label: name,
      hint: `${iban.replace(/(.{4})(?=.)/g, '$1 ')} · ${inWords(balance, currency, language)}`,
    }))
  }
}

function inWords(amount: string, currency: string, language: string): string {
  const locale = Intl.NumberFormat.supportedLocalesOf([language])[0] ?? 'en'
  return new Intl.NumberFormat(locale, { style: 'currency', currency }).format(Number(amount))
}
