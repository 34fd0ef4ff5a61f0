import { expect } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { createBrowser } from './browser.ts'
import type { Page } from './browser.ts'
import type { RequestOptions, Server, TestClient, Tokens } from './test-client.ts'

/** Authorization details as clients of the example bank ask for them. */
export type Detail = Readonly<Record<string, unknown>> & { readonly type: string }

export const payment: Detail = {
  type: 'payment_initiation',
  instructedAmount: { currency: 'EUR', amount: '123.50' },
  creditorName: 'Merchant A',
  creditorAccount: { iban: 'DE02100100109307118603' },
  remittanceInformationUnstructured: 'Ref Number Merchant',
}

export const accountInformation: Detail = {
  type: 'account_information',
  actions: ['list_accounts', 'read_balances'],
}

export const patientRecord: Detail = {
  type: 'patient_record',
  datatypes: ['allergies', 'medication'],
  period: { from: '2024-01-01', to: '2026-12-31' },
  purpose: 'treatment',
}

/** The accounts of the example bank, in the order it offers them. */
export const [current, savings] = [
  { iban: 'DE02120300000000202051' },
  { iban: 'DE02500105170137075030' },
]

export const asking = (...details: readonly Detail[]) => ({
  authorization_details: JSON.stringify(details),
})

/** What a person ticks; all of it by default, and the first account. */
export const everything = {
  'take.0': '1', 'take.1': '1', 'take.2': '1',
  'choose.0.accounts.0': '1', 'choose.1.accounts.0': '1', 'choose.2.accounts.0': '1',
  'choose.0.debtorAccount': '0', 'choose.1.debtorAccount': '0', 'choose.2.debtorAccount': '0',
} // prettier-ignore

/** PAR and sign-in: the consent page, and what redeems the code it leads to. */
export async function openConsent(
  client: TestClient,
  person: { readonly username: string; readonly password: string },
  options: RequestOptions,
  server?: Pick<Server, 'ca'>,
): Promise<{ readonly page: Page; readonly verifier: string }> {
  const pushed = await client.par(options)
  expect(pushed.answer.status, pushed.answer.text).toBe(201)
  const browser = createBrowser(
    server === undefined ? {} : { fetch: createFetch({ ca: server.ca }) },
  )
  const login = await browser.open(client.authorizeUrl(pushed.requestUri))
  const { username, password } = person
  return { page: await login.submit('login', { username, password }), verifier: pushed.verifier }
}

/** The whole flow with these choices. */
export async function agreeTo(
  client: TestClient,
  person: { readonly username: string; readonly password: string },
  given: {
    readonly options: RequestOptions
    readonly choices?: Readonly<Record<string, string>>
    readonly token?: RequestOptions
    readonly server?: Pick<Server, 'ca'>
  },
): Promise<Tokens> {
  const { page, verifier } = await openConsent(client, person, given.options, given.server)
  const done = await page.submit('approve', given.choices ?? everything)
  const code = done.redirectedTo?.searchParams.get('code') ?? ''
  expect(code, done.words).not.toBe('')
  const { key } = given.options
  return client.redeem(
    { code, verifier },
    { ...(key === undefined ? {} : { key }), ...given.token },
  )
}
