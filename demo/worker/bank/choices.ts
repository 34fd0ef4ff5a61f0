import { WorkerEntrypoint } from 'cloudflare:workers'
import type { ChoiceRequest, ChoiceService } from '../../../src/authorization-details/choices.ts'
import type { Choice } from '../../../src/authorization-details/offer.ts'
import { accounts } from './accounts.ts'

const choosable = [
  ['account_information', 'accounts'],
  ['payment_initiation', 'debtorAccount'],
] as const

const german = { current: 'Girokonto', savings: 'Notgroschen' }

/**
 * What the authorization server asks when a person agrees to a detail: their accounts. A real bank would
 * look them up by the subject; here everybody has the same ones.
 */
export class Choices extends WorkerEntrypoint implements ChoiceService {
  async choices({ type, member, language }: ChoiceRequest): Promise<readonly Choice[]> {
    if (!choosable.some(([a, b]) => a === type && b === member)) return []
    const names: Readonly<Record<string, string>> = language === 'de' ? german : {}
    return accounts.map(({ id, iban, name, balance, currency }) => ({
      value: { iban },
      label: names[id] ?? name,
      hint: `${iban.replace(/(.{4})(?=.)/g, '$1 ')} · ${inWords(balance, currency, language)}`,
    }))
  }
}

function inWords(amount: string, currency: string, language: string): string {
  const locale = Intl.NumberFormat.supportedLocalesOf([language])[0] ?? 'en'
  return new Intl.NumberFormat(locale, { style: 'currency', currency }).format(Number(amount))
}
