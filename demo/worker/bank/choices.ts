import { WorkerEntrypoint } from 'cloudflare:workers'
import type { ChoiceRequest, ChoiceService } from '../../../src/authorization-details/choices.ts'
import { accounts } from './accounts.ts'

/** Tells the authorization server which accounts a person may choose from at consent. */
export class Choices extends WorkerEntrypoint implements ChoiceService {
  choices({ member, language }: ChoiceRequest): Promise<unknown> {
    if (member !== 'accounts' && member !== 'debtorAccount') return Promise.resolve([])
    const names: Readonly<Record<string, string>> =
      language === 'de' ? { current: 'Girokonto', savings: 'Notgroschen' } : {}
    const list = accounts.map(({ id, name, iban }) => ({
      value: { iban },
      label: names[id] ?? name,
      hint: iban.replace(/(.{4})(?=.)/g, '$1 '),
    }))
    return Promise.resolve(list)
  }
}
