import { describe, expect, it } from 'vitest'
import { asking, current, openConsent, savings } from '../support/details.ts'
import type { Detail } from '../support/details.ts'
import type { Answer } from '../support/http.ts'
import { codeOf, newPerson } from '../support/people.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const key = await makeDpopKey()

const all = ['list_accounts', 'read_balances', 'read_transactions']
const reads = (more: Readonly<Record<string, unknown>> = {}): Detail => ({
  type: 'account_information',
  actions: all,
  ...more,
})

type Choices = Readonly<Record<string, string>>
const first = { 'take.0': '1', 'choose.0.accounts.0': '1' }

/** Somebody with two factors agrees to these details; what they tick is `choices`. */
async function agree(details: readonly Detail[], choices: Choices = first, scope?: string): Promise<Tokens> {
  const person = await newPerson()
  const fields = { scope, acr_values: 'urn:fapi-edge:acr:two-factors', ...(details.length > 0 ? asking(...details) : {}) }
  const { page, verifier } = await openConsent(web, person, { key, fields })
  const consent = await page.submit('login', { otp: codeOf(person) })
  const done = await consent.submit('approve', choices)
  const code = done.redirectedTo?.searchParams.get('code') ?? ''
  const tokens = await web.redeem({ code, verifier }, { key })
  expect(tokens.answer.status, tokens.answer.text).toBe(200)
  return tokens
} // prettier-ignore

const get = (tokens: Tokens, path = '/accounts'): Promise<Answer> =>
  getResource(`${server.api}${path}`, tokens.accessToken, { key })
const listOf = (answer: Answer) => answer.json['accounts'] as readonly Record<string, unknown>[]
const ibans = async (tokens: Tokens) => listOf(await get(tokens)).map(({ iban }) => iban)
const transactions = (tokens: Tokens, id: string) => get(tokens, `/accounts/${id}/transactions`)
const datesOf = ({ json }: Answer) =>
  (json['transactions'] as readonly Record<string, unknown>[]).map(({ date }) => date)

function expectBeyond(answer: Answer): void {
  expect([answer.status, answer.json['error']]).toEqual([403, 'insufficient_scope'])
  expect(answer.headers.get('www-authenticate')).toContain(
    'authorization_details_types="account_information"',
  )
  expect(answer.text).not.toMatch(/DE0\d|balance":|Salary/)
}

describe('accounts at the example bank', () => {
  it('RAR-11 are those that the person chose, with balances', async () => {
    const tokens = await agree([reads()])
    const found = listOf(await get(tokens))
    expect(found).toMatchObject([{ ...current, balance: '1842.17' }])
    expect(found).toHaveLength(1)
  })

  it('RAR-11 have no balances where only listing was agreed to', async () => {
    const found = listOf(await get(await agree([reads({ actions: ['list_accounts'] })])))
    expect(found).toMatchObject([current])
    expect(found[0]).not.toHaveProperty('balance')
  })

  it('RAR-11 are not listed where listing was not agreed to', async () => {
    const tokens = await agree([reads({ actions: ['read_transactions'] })])
    expectBeyond(await get(tokens))
    expect((await transactions(tokens, 'current')).status).toBe(200)
  })

  it('RAR-11 RAR-05 are all there by the scope, and the chosen ones by scope and details', async () => {
    const scoped = await agree([], {}, 'openid accounts')
    expect(await ibans(scoped)).toEqual([current?.iban, savings?.iban])
    const both = await agree([reads()], first, 'openid accounts')
    expect(await ibans(both)).toEqual([current?.iban])
  })

  it('RAR-11 have what each detail says of them, and no product across details', async () => {
    const details = [reads({ actions: ['list_accounts', 'read_balances'] }), reads({ actions: ['list_accounts'] })]
    const choices = { 'take.0': '1', 'take.1': '1', 'choose.0.accounts.0': '1', 'choose.1.accounts.1': '1' }
    const [one, other] = listOf(await get(await agree(details, choices)))
    expect(one).toMatchObject({ ...current, balance: '1842.17' })
    expect(other).toMatchObject({ ...savings })
    expect(other).not.toHaveProperty('balance')
  }) // prettier-ignore

  it('are refused to a token with neither, which is told both ways', async () => {
    const fields = { scope: 'openid' }
    const refused = await get(await web.redeem(await web.code({ key, fields }), { key }))
    expectBeyond(refused)
    expect(refused.headers.get('www-authenticate')).toContain('scope="accounts"')
  })
})

describe('transactions at the example bank', () => {
  it('RAR-11 are those of a chosen account; another is refused like one that is not there', async () => {
    const tokens = await agree([reads()])
    expect(datesOf(await transactions(tokens, 'current'))).toHaveLength(3)
    const [other, unknown] = [
      await transactions(tokens, 'savings'),
      await transactions(tokens, 'unknown'),
    ]
    expectBeyond(other)
    expectBeyond(unknown)
    expect(unknown.text).toBe(other.text)
    const scoped = await agree([], {}, 'openid accounts')
    expect((await transactions(scoped, 'savings')).status).toBe(200)
    expect((await transactions(scoped, 'unknown')).status).toBe(404)
  })

  it('RAR-11 need their own action', async () => {
    const tokens = await agree([reads({ actions: ['list_accounts', 'read_balances'] })])
    expectBeyond(await transactions(tokens, 'current'))
    expect((await get(tokens)).status).toBe(200)
  })

  it('RAR-11 are of the days that were agreed to, both ends included', async () => {
    const days = async (span: Readonly<Record<string, string>>) =>
      datesOf(await transactions(await agree([reads(span)]), 'current'))
    expect(await days({ transactionsFrom: '2026-08-30' })).toEqual(['2026-08-30', '2026-08-31'])
    expect(await days({ transactionsTo: '2026-08-30' })).toEqual(['2026-08-28', '2026-08-30'])
    expect(await days({ transactionsFrom: '2026-09-01' })).toEqual([])
  })

  it('RAR-08 RAR-18 are of fewer days with a narrowed token, and of all again with the next', async () => {
    const tokens = await agree([reads({ transactionsFrom: '2026-08-01' })])
    const refresh = (fields = {}) => web.refresh(tokens.refreshToken, { key, fields })
    const less = asking(reads({ transactionsFrom: '2026-08-31' }))
    expect(datesOf(await transactions(await refresh(less), 'current'))).toEqual(['2026-08-31'])
    const more = await refresh(asking(reads({ transactionsFrom: '2026-07-31' })))
    expect(more.answer.json['error']).toBe('invalid_authorization_details')
    expect(datesOf(await transactions(await refresh(), 'current'))).toHaveLength(3)
  })
})

describe('locations of a detail', () => {
  it('RAR-12 hold there and under, and nowhere else', async () => {
    const there = await agree([reads({ locations: [`${server.api}/accounts/current`] })])
    expect((await transactions(there, 'current')).status).toBe(200)
    expectBeyond(await get(there))
    const everywhere = await agree([reads({ locations: [server.api] })])
    expect((await get(everywhere)).status).toBe(200)
  })

  it('RAR-12 of another resource server are refused at PAR', async () => {
    const par = async (place: string) =>
      (await web.par({ key, fields: asking(reads({ locations: [place] })) })).answer
    const refused = await par('https://other-api.example/accounts')
    expect([refused.status, refused.json['error']]).toEqual([400, 'invalid_authorization_details'])
    expect((await par(`${server.api}/accounts`)).status).toBe(201)
  })
})
