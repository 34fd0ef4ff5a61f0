import { beforeAll, describe, expect, inject, it } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { accountInformation, agreeTo, asking, current, everything, openConsent, patientRecord, payment, savings } from '../support/details.ts' // prettier-ignore
import type { Detail } from '../support/details.ts'
import { getResource, makeDpopKey, nonceOf, testClient } from '../support/test-client.ts'
import type { DpopKey, RequestOptions, Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')
const other = 'https://other-api.example'
let key: DpopKey

beforeAll(async () => {
  key = await makeDpopKey()
})

type Choices = Readonly<Record<string, string>>

const agree = (details: readonly Detail[], choices: Choices = everything, fields = {}, more: RequestOptions = {}) =>
  agreeTo(web, users.alice, { options: { key, fields: { ...asking(...details), ...fields }, ...more }, choices }) // prettier-ignore
const detailsOf = (tokens: Tokens) => tokens.answer.json['authorization_details'] as Detail[]
const pushed = async (fields: Readonly<Record<string, string | undefined>>, client = web) => {
  const { answer } = await client.par({ key, fields })
  return { status: answer.status, ...answer.json }
}

describe('authorization_details at PAR', () => {
  it.each([
    ['RAR-01', 'no array', '{"type":"payment_initiation"}'],
    ['RAR-01', 'an empty array', '[]'],
    ['RAR-02', 'an unknown type', '[{"type":"open_the_vault"}]'],
    ['RAR-03', 'an unknown field', JSON.stringify([{ ...payment, urgent: true }])],
    ['RAR-04', 'one that is right beside one that is wrong', JSON.stringify([payment, { ...payment, creditorName: 5 }])],
    ['RAR-19', 'more than 16 KiB', JSON.stringify([payment]).padEnd(16_400)],
  ])('%s refuses %s, and makes no request', async (_id, _what, text) => {
    const answer = await pushed({ authorization_details: text })
    expect(answer).toMatchObject({ status: 400, error: 'invalid_authorization_details' })
    expect(answer).not.toHaveProperty('request_uri')
    expect((await pushed(asking(payment))).status).toBe(201)
  }) // prettier-ignore

  it('RAR-01 RAR-19 answers whatever is sent with 400, and goes on', async () => {
    const texts = [
      '['.repeat(16_000), '{"a":'.repeat(3000), '[{"type":"payment_initiation","x":'.padEnd(16_000, '['), '"'.repeat(16_000), '\\'.repeat(9000), '0'.repeat(16_000),
      '[{"type":"\\ud800"}]', '[{"type":"payment_initiation","__proto__":{"a":1}}]', '[{"type":"__proto__"}]', '[1e999]', `[${'1,'.repeat(8000)}1]`,
      JSON.stringify([{ ...payment, creditorName: 'a '.repeat(512) }]), JSON.stringify(Array(17).fill(payment)), '[{"type":"payment_initiation","type":"x"}]',
    ] // prettier-ignore
    for (const authorization_details of texts) {
      const answer = await pushed({ authorization_details })
      expect(answer, authorization_details.slice(0, 40)).toMatchObject({ status: 400, error: 'invalid_authorization_details' })
    } // prettier-ignore
    expect(await pushed({ authorization_details: 'x'.repeat(70_000) })).toMatchObject({
      status: 413,
    })
    expect((await pushed(asking(payment))).status).toBe(201)
  })

  it('RAR-03 RAR-16 names the field and echoes no value', async () => {
    const answer = await pushed(asking({ ...payment, creditorAccount: { iban: 'secret' } }))
    expect(answer).toMatchObject({
      error_description:
        'payment_initiation: field creditorAccount.iban is not as its schema says (pattern)',
    })
  })

  it('RAR-17 refuses a type the client did not register', async () => {
    const answer = await pushed(asking(payment), testClient('second'))
    expect(answer).toMatchObject({ status: 400, error: 'invalid_authorization_details' })
  })

  it('RAR-05 needs no scope beside them, and needs one without', async () => {
    expect((await pushed({ ...asking(payment), scope: undefined })).status).toBe(201)
    const without = await pushed({ scope: undefined })
    expect(without).toMatchObject({ status: 400, error: 'invalid_scope' })
  })

  it('RAR-12 refuses a resource that nothing of it is for', async () => {
    const resource = `${server.api}`
    const answer = await pushed({ ...asking(patientRecord), resource })
    expect(answer).toMatchObject({ status: 400, error: 'invalid_target' })
    expect((await pushed({ ...asking(patientRecord), resource: other })).status).toBe(201)
  })

  it('RAR-15 counts as it was pushed: what the browser brings along does not', async () => {
    const { requestUri, verifier } = await web.par({ key, fields: asking(payment) })
    const more = new URLSearchParams(asking({ ...payment, creditorName: 'Thief' }))
    const callback = await approveAt(`${web.authorizeUrl(requestUri)}&${more}`)
    const tokens = await web.redeem({ code: callback, verifier }, { key })
    expect(detailsOf(tokens)).toMatchObject([{ creditorName: 'Merchant A' }])
  })

  it('are refused with client_credentials: no person agrees', async () => {
    const answer = await web.token(
      { grant_type: 'client_credentials', ...asking(payment) },
      { key },
    )
    expect(answer.answer.status).toBe(400)
    expect(answer.answer.json['error']).toBe('invalid_authorization_details')
  })

  it('are named in the metadata', async () => {
    const answer = await fetchJson(`${server.issuer}/.well-known/oauth-authorization-server`)
    expect(answer['authorization_details_types_supported']).toEqual(
      expect.arrayContaining(['account_information', 'payment_initiation', 'patient_record']),
    )
    const api = await fetchJson(`${server.api}/.well-known/oauth-protected-resource`)
    expect(api['authorization_details_types_supported']).toEqual([
      'account_information',
      'payment_initiation',
    ])
  })
})

async function fetchJson(url: string): Promise<Readonly<Record<string, unknown>>> {
  const answer = await createFetch({ ca: server.ca })(url)
  return (await answer.json()) as Readonly<Record<string, unknown>>
}

async function approveAt(url: string): Promise<string> {
  const { createBrowser } = await import('../support/browser.ts')
  const browser = createBrowser({ fetch: createFetch({ ca: server.ca }) })
  const { username, password } = users.alice
  const page = await (await browser.open(url)).submit('login', { username, password })
  const done = await page.submit('approve', everything)
  return done.redirectedTo?.searchParams.get('code') ?? ''
}

describe('the tokens', () => {
  it('RAR-09 RAR-10 RAR-11 RAR-13 say what the person agreed to, with what they chose', async () => {
    const tokens = await agree([{ ...accountInformation, accounts: [] }])
    const granted = [{ ...accountInformation, accounts: [current] }]
    expect(tokens.answer.headers.get('cache-control')).toContain('no-store')
    expect(detailsOf(tokens)).toEqual(granted)
    expect(tokens.claims['authorization_details']).toEqual(granted)
    const plain = await agree([], {}, { authorization_details: undefined })
    expect(plain.answer.json).not.toHaveProperty('authorization_details')
    expect(plain.claims).not.toHaveProperty('authorization_details')
  })

  it('RAR-11 RAR-12 show each resource server its part, in the token and at introspection', async () => {
    const resources = [['resource', server.api], ['resource', other]] as const
    const { page, verifier } = await openConsent(web, users.alice, { key, fields: asking(payment, patientRecord), extra: resources })
    const done = await page.submit('approve', everything)
    const code = done.redirectedTo?.searchParams.get('code') ?? ''
    const first = await web.redeem({ code, verifier }, { key, fields: { resource: other } })
    expect(first.claims['authorization_details']).toEqual([patientRecord])
    expect(detailsOf(first)).toEqual([patientRecord])
    const told = await testClient('resourceServer').post('/introspect', { token: first.accessToken })
    expect(told.json).toMatchObject({ active: true, authorization_details: [patientRecord] })
    const second = await web.refresh(first.refreshToken, { key, fields: { resource: server.api } })
    expect(second.claims['authorization_details']).toMatchObject([payment])
    const unknown = await testClient('resourceServer').post('/introspect', { token: second.accessToken })
    expect(unknown.json).toEqual({ active: false })
  }) // prettier-ignore

  it('RAR-07 RAR-08 are narrowed at the token request, and never widened', async () => {
    const { page, verifier } = await openConsent(web, users.alice, {
      key,
      fields: asking(accountInformation),
    })
    const done = await page.submit('approve', everything)
    const code = done.redirectedTo?.searchParams.get('code') ?? ''
    const redeem = (...details: readonly Detail[]) =>
      web.redeem({ code, verifier }, { key, fields: asking(...details) })
    const more = await redeem({ ...accountInformation, actions: ['read_transactions'] })
    expect(more.answer.status).toBe(400)
    expect(more.answer.json).toMatchObject({
      error: 'invalid_authorization_details',
      error_description: 'account_information: field actions goes beyond what was granted',
    })
    const foreign = await redeem({ ...accountInformation, accounts: [savings] })
    expect(foreign.answer.json['error']).toBe('invalid_authorization_details')
    const strange = await redeem(payment)
    expect(strange.answer.json['error']).toBe('invalid_authorization_details')
    // What was refused left the code unspent.
    const less = { ...accountInformation, actions: ['list_accounts'] }
    const tokens = await redeem(less)
    expect(detailsOf(tokens)).toEqual([{ ...less, accounts: [current] }])
    expect(tokens.claims['authorization_details']).toEqual(detailsOf(tokens))
  })

  it('RAR-18 are narrowed at refresh for that token alone', async () => {
    const tokens = await agree([accountInformation])
    const full = [{ ...accountInformation, accounts: [current] }]
    const less = [{ ...accountInformation, actions: ['list_accounts'], accounts: [current] }]
    const refresh = (fields = {}) => web.refresh(tokens.refreshToken, { key, fields })
    expect(detailsOf(await refresh(asking(...less)))).toEqual(less)
    expect(detailsOf(await refresh())).toEqual(full)
    expect(detailsOf(await refresh(asking(...full)))).toEqual(full)
    const beyond = await refresh(asking({ ...accountInformation, accounts: [current, savings] }))
    expect(beyond.answer.json['error']).toBe('invalid_authorization_details')
    expect(beyond.answer.json).not.toHaveProperty('access_token')
  })

  it('RAR-21 merge adds to what was granted, replace puts it aside', async () => {
    const create = { grant_management_action: 'create' }
    const first = await agree([accountInformation], everything, create)
    const grant_id = String(first.answer.json['grant_id'])
    const more = { ...accountInformation, actions: ['read_transactions'] }
    const merged = await agree([more], { 'take.0': '1', 'choose.0.accounts.1': '1' }, { grant_management_action: 'merge', grant_id })
    expect(detailsOf(merged)).toEqual([
      { ...accountInformation, accounts: [current] },
      { ...more, accounts: [savings] },
    ])
    const replaced = await agree([payment], everything, { grant_management_action: 'replace', grant_id })
    expect(detailsOf(replaced)).toMatchObject([payment])
    expect(detailsOf(replaced)).toHaveLength(1)
  }) // prettier-ignore
})

describe('the consent page', () => {
  it('RAR-05 shows scopes and details, in the person’s language', async () => {
    const open = async (ui_locales: string) => {
      const fields = { ...asking(payment, accountInformation), ui_locales }
      return (await openConsent(web, users.alice, { key, fields })).page.words
    }
    const english = await open('en')
    for (const said of ['Your accounts', 'Make one payment', '€123.50 to Merchant A, account DE02 1001 0010 9307 1186 03', 'Reference: Ref Number Merchant', 'It may list the accounts and read their balances.', 'Pay from', 'Which accounts?']) {
      expect(english.replaceAll('\u00a0', ' ')).toContain(said)
    }
    const german = await open('de')
    for (const said of ['Eine Zahlung ausführen', '123,50 € an Merchant A, Konto DE02', 'Verwendungszweck: Ref Number Merchant', 'die Konten auflisten und ihre Kontostände lesen', 'Zahlen von']) {
      expect(german.replaceAll('\u00a0', ' ')).toContain(said)
    }
  }) // prettier-ignore

  it('RAR-14 shows markup and direction tricks as text', async () => {
    const creditorName = '<img src=x onerror=alert(1)>\u202eevil'
    const fields = asking({ ...payment, creditorName })
    const { page } = await openConsent(web, users.alice, { key, fields })
    expect(page.text).not.toContain('<img')
    expect(page.text).toContain('&lt;img src=x onerror=alert(1)&gt;evil</bdi>')
    expect(page.text).not.toContain('\u202e')
  })

  it('RAR-20 lets a person leave out single details, and the rest is granted', async () => {
    const choices = { 'take.1': '1', 'choose.1.accounts.1': '1' }
    const tokens = await agree([payment, accountInformation], choices)
    expect(detailsOf(tokens)).toEqual([{ ...accountInformation, accounts: [savings] }])
    expect(tokens.answer.json['scope']).toBe('openid accounts')
    const none = await agree([payment], {})
    expect(none.answer.json).not.toHaveProperty('authorization_details')
    expect(none.answer.json['scope']).toBe('openid accounts')
  })

  it('RAR-20 approves nothing when nothing is left, and a denial is access_denied', async () => {
    const fields = { ...asking(payment, patientRecord), scope: undefined, resource: server.api }
    const { page } = await openConsent(web, users.alice, { key, fields, extra: [['resource', other]] })
    const empty = await page.submit('approve', {})
    expect(empty.status).toBe(400)
    expect(empty.words).toContain('Nothing is left to approve')
    const denied = await empty.submit('deny')
    expect(denied.redirectedTo?.searchParams.get('error')).toBe('access_denied')
  }) // prettier-ignore

  it('RAR-10 takes nothing that was not offered, and asks again where a choice is missing', async () => {
    const fields = asking(accountInformation)
    const { page, verifier } = await openConsent(web, users.alice, { key, fields })
    for (const choices of [{}, { 'choose.0.accounts.7': '1' }, { 'choose.0.accounts': '0' }, { 'choose.0.accounts.x': '1' }]) {
      const ticked = { 'take.0': '1', ...choices } as unknown as Choices
      const again = await page.submit('approve', ticked)
      expect(again.status).toBe(400)
      expect(again.redirectedTo).toBeUndefined()
      expect(again.words).toContain('Please make a choice that can be used: Which accounts?')
    }
    const again = await page.submit('approve', { 'take.0': '1' })
    const done = await again.submit('approve', { 'take.0': '1', 'choose.0.accounts.0': '1', 'choose.0.accounts.1': '1' })
    const code = done.redirectedTo?.searchParams.get('code') ?? ''
    const tokens = await web.redeem({ code, verifier }, { key })
    expect(detailsOf(tokens)).toEqual([{ ...accountInformation, accounts: [current, savings] }])
  }) // prettier-ignore

  it('RAR-19 of the largest request that is taken can be answered', async () => {
    const remittanceInformationUnstructured = 'é'.repeat(140)
    const creditorName = '&'.repeat(70)
    const large = { ...payment, remittanceInformationUnstructured, creditorName }
    const count = 15
    const fits = Array.from({ length: count }, () => large)
    expect(JSON.stringify(fits).length).toBeLessThan(16 * 1024)
    expect((await pushed(asking(...fits, large, large))).status).toBe(400)

    const choices = Array.from({ length: count }, (_, at) => [
      [`take.${at}`, '1'],
      [`choose.${at}.debtorAccount`, '0'],
    ]).flat() as [string, string][]
    const tokens = await agree(fits, Object.fromEntries(choices))
    expect(detailsOf(tokens)).toHaveLength(count)
  })

  it('RAR-10 says so when nothing can be offered, with a way back, and nothing is granted', async () => {
    const detail = { ...accountInformation, type: 'urn:test:unavailable' }
    const { page } = await openConsent(web, users.alice, { key, fields: asking(detail) })
    expect(page.status).toBe(503)
    expect(page.text).toContain('<code id="error">temporarily_unavailable</code>')
    expect(page.words).toContain('This cannot be offered now')
    const back = /<a[^>]*id="back"[^>]*href="([^"]+)"/
      .exec(page.text)?.[1]
      ?.replaceAll('&amp;', '&')
    expect(new URL(back ?? 'about:blank').searchParams.get('error')).toBe('access_denied')
    const fields = asking(accountInformation)
    expect((await openConsent(web, users.alice, { key, fields })).page.status).toBe(200)
  })

  it('GM-35 marks what is new in an update, and says what it loses', async () => {
    const create = { grant_management_action: 'create' }
    const first = await agree([accountInformation], everything, create)
    const grant_id = String(first.answer.json['grant_id'])
    const update = async (action: string, ...details: readonly Detail[]) => {
      const fields = { ...asking(...details), grant_management_action: action, grant_id }
      return (await openConsent(web, users.alice, { key, fields })).page
    }
    expect((await update('merge', accountInformation)).text).not.toContain('class="badge">New<')
    const merge = await update('merge', payment)
    expect(merge.text).toMatch(/Make one payment<\/span><\/label><span class="badge">New</)
    const replace = await update('replace', payment)
    expect(replace.words).toContain('It will lose')
    expect(replace.words).toMatch(/See your accounts[\s\S]*DE02120300000000202051/)
  })
})

describe('the example bank', () => {
  const pay = async (tokens: Tokens, order: object) =>
    getResource(`${server.api}/payments`, tokens.accessToken, {
      key,
      method: 'POST',
      proofOptions: { nonce: await nonceOf(`${server.api}/accounts`) },
      headers: [['content-type', 'application/json']],
      body: JSON.stringify(order),
    })
  const { type: _type, ...order } = payment

  it('makes a payment the person agreed to, once, with this token or another', async () => {
    const tokens = await agree([payment], { 'take.0': '1', 'choose.0.debtorAccount': '1' })
    const [granted] = detailsOf(tokens)
    expect(granted).toMatchObject({ ...payment, debtorAccount: savings })
    const made = await pay(tokens, order)
    expect(made.status, made.text).toBe(201)
    expect(made.json).toMatchObject({ ...order, debtorAccount: savings, id: granted?.['identifier'] })
    expect(await pay(tokens, order)).toMatchObject({ status: 409, json: { error: 'conflict' } })
    const renewed = await web.refresh(tokens.refreshToken, { key })
    expect(detailsOf(renewed)).toEqual([granted])
    expect((await pay(renewed, order)).status).toBe(409)
    const anew = await agree([payment])
    expect(detailsOf(anew)[0]?.['identifier']).not.toBe(granted?.['identifier'])
    expect((await pay(anew, order)).status).toBe(201)
  }) // prettier-ignore

  it('shows the accounts that were chosen, as far as the actions go', async () => {
    const list = async (tokens: Tokens) =>
      (await getResource(`${server.api}/accounts`, tokens.accessToken, { key })).json['accounts']
    const without = { scope: undefined }
    const both = await agree([accountInformation], { 'choose.0.accounts.1': '1' }, without)
    expect(both.answer.json).not.toHaveProperty('scope')
    expect(await list(both)).toEqual([
      { id: 'savings', name: 'Rainy day savings', currency: 'EUR', ...savings, balance: '9310.00' },
    ])
    const narrow = { ...accountInformation, actions: ['list_accounts'] }
    const less = await web.refresh(both.refreshToken, { key, fields: asking(narrow) })
    expect(await list(less)).toEqual([
      { id: 'savings', name: 'Rainy day savings', currency: 'EUR', ...savings },
    ])
    const scoped = await agree([], {}, { authorization_details: undefined })
    expect(await list(scoped)).toHaveLength(2)
  })
})
