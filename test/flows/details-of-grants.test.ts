import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { openAdmin } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import { accountInformation, agreeTo, asking, current, everything, openConsent, payment, savings } from '../support/details.ts' // prettier-ignore
import type { Detail } from '../support/details.ts'
import { newPerson } from '../support/people.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { TestClient, Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')
const second = testClient('second')
const key = await makeDpopKey()
const create = { grant_management_action: 'create' }

type Fields = Readonly<Record<string, string>>

const agree = (
  details: readonly Detail[],
  fields: Fields = {},
  choices: Fields = everything,
  client: TestClient = web,
) => agreeTo(client, users.alice, { options: { key, fields: { ...asking(...details), ...fields } }, choices }) // prettier-ignore
const detailsOf = (tokens: Tokens) => tokens.answer.json['authorization_details'] as Detail[]
const grantOf = (tokens: Tokens) => String(tokens.answer.json['grant_id'])

async function query(grantId: string, client = web) {
  const asked = { grant_type: 'client_credentials', scope: 'grant_management_query' }
  const { accessToken } = await client.token(asked, { key })
  return getResource(`${server.issuer}/grants/${grantId}`, accessToken, { key })
}

describe('the details of a grant', () => {
  it('GM-20 RAR-09 are told to its client by the grants endpoint, and to no other', async () => {
    const tokens = await agree([accountInformation, payment], create)
    const told = await query(grantOf(tokens))
    expect(told.status).toBe(200)
    expect(told.json['authorization_details']).toEqual(detailsOf(tokens))
    const stranger = await query(grantOf(tokens), second)
    expect(stranger.status).toBe(403)
    expect(stranger.text).not.toContain('Merchant A')
  })

  it('GM-20 are not there where none were granted', async () => {
    const tokens = await web.redeem(await web.code({ key, fields: create }), { key })
    const told = await query(grantOf(tokens))
    expect(told.status).toBe(200)
    expect(told.json).not.toHaveProperty('authorization_details')
  })

  it('RAR-21 GM-03 are the union after a merge: what lies within the rest is not there twice', async () => {
    const first = await agree([accountInformation], create, { 'choose.0.accounts.0': '1', 'take.0': '1' })
    const merge = { grant_management_action: 'merge', grant_id: grantOf(first) }
    const less = { ...accountInformation, actions: ['list_accounts'] }
    const same = await agree([less], merge, { 'choose.0.accounts.0': '1', 'take.0': '1' })
    expect(detailsOf(same)).toEqual([{ ...accountInformation, accounts: [current] }])
    const wider = await agree([accountInformation], merge, { 'choose.0.accounts.0': '1', 'choose.0.accounts.1': '1', 'take.0': '1' })
    expect(detailsOf(wider)).toEqual([{ ...accountInformation, accounts: [current, savings] }])
    expect((await query(grantOf(first))).json['authorization_details']).toEqual(detailsOf(wider))
  }) // prettier-ignore

  it('RAR-21 GM-04 are swapped by replace: tokens of before open nothing any more', async () => {
    const before = await agree([accountInformation], create)
    const list = (tokens: Tokens) => getResource(`${server.api}/accounts`, tokens.accessToken, { key })
    expect((await list(before)).status).toBe(200)
    const replace = { grant_management_action: 'replace', grant_id: grantOf(before) }
    const after = await agree([payment], replace)
    expect((await query(grantOf(before))).json['authorization_details']).toEqual(detailsOf(after))
    expect((await list(before)).status).toBe(401)
    const renewed = await web.refresh(after.refreshToken, { key })
    expect(detailsOf(renewed)).toEqual(detailsOf(after))
    const lost = await web.refresh(after.refreshToken, { key, fields: asking(accountInformation) })
    expect(lost.answer.json['error']).toBe('invalid_authorization_details')
  }) // prettier-ignore

  it('GM-12 RAR-21 stay as they are when an update is abandoned', async () => {
    const before = await agree([accountInformation], create)
    const fields = {
      ...asking(payment),
      grant_management_action: 'replace',
      grant_id: grantOf(before),
    }
    const { page } = await openConsent(web, users.alice, { key, fields })
    expect((await page.submit('approve', everything)).redirectedTo?.searchParams.has('code')).toBe(
      true,
    )
    expect((await query(grantOf(before))).json['authorization_details']).toEqual(detailsOf(before))
  })
})

describe('what a client is registered for', () => {
  it('RAR-17 bounds what it may ask, at PAR and at the token endpoint', async () => {
    const par = async (detail: Detail) =>
      (await second.par({ key, fields: asking(detail) })).answer
    const refused = await par(payment)
    expect([refused.status, refused.json['error']]).toEqual([400, 'invalid_authorization_details'])
    expect(refused.json).not.toHaveProperty('request_uri')
    expect((await par(accountInformation)).status).toBe(201)
    const tokens = await agree([accountInformation], {}, everything, second)
    const beyond = await second.refresh(tokens.refreshToken, { key, fields: asking(payment) })
    expect([beyond.answer.status, beyond.answer.json['error']]).toEqual([400, 'invalid_authorization_details'])
    const within = await second.refresh(tokens.refreshToken, { key })
    expect(detailsOf(within)).toEqual(detailsOf(tokens))
  }) // prettier-ignore

  it('RAR-17 none at all means no details', async () => {
    const bare = testClient('dpopBound')
    const { answer } = await bare.par({ key, fields: asking(accountInformation) })
    expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_authorization_details'])
    expect((await bare.par({ key })).answer.status).toBe(201)
  })
})

describe('a request that is refused for its details', () => {
  it('RAR-02 RAR-03 costs no storage call, and one that is taken no more than any other', async () => {
    const cost = async (...details: readonly Detail[]) => {
      const { answer } = await web.par({ key, fields: asking(...details) })
      return `${answer.status} ${answer.headers.get('server-timing') ?? ''}`
    }
    const nothing = '400 do;desc="calls=0 depth=0 rows=0"'
    expect(await cost({ type: 'unknown' })).toBe(nothing)
    expect(await cost({ ...payment, urgent: true })).toBe(nothing)
    expect(await cost(payment, { ...payment, creditorName: 1 })).toBe(nothing)
    expect(await cost(payment)).toMatch(/^201 do;desc="calls=3 depth=1 rows=\d+"$/)
  })

  it('RAR-07 at the token endpoint leaves the code unspent, and says what goes beyond', async () => {
    const { page, verifier } = await openConsent(web, users.alice, { key, fields: asking(payment) })
    const code = (await page.submit('approve', everything)).redirectedTo?.searchParams.get('code') ?? ''
    const redeem = (...details: readonly Detail[]) =>
      web.redeem({ code, verifier }, { key, fields: details.length > 0 ? asking(...details) : {} })
    const dearer = { ...payment, instructedAmount: { currency: 'EUR', amount: '9999.99' } }
    for (const more of [[dearer], [payment, dearer], [accountInformation]]) {
      const { answer } = await redeem(...more)
      expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_authorization_details'])
      expect(answer.headers.get('cache-control')).toContain('no-store')
      expect(answer.text).not.toContain('9999.99')
    }
    expect(detailsOf(await redeem())).toMatchObject([payment])
  }) // prettier-ignore

  it('RAR-07 client_credentials never carries any', async () => {
    const fields = { grant_type: 'client_credentials', scope: 'accounts' }
    const refused = await web.token({ ...fields, ...asking(accountInformation) }, { key })
    expect(refused.answer.json['error']).toBe('invalid_authorization_details')
    expect(refused.answer.json).not.toHaveProperty('access_token')
    expect((await web.token(fields, { key })).answer.status).toBe(200)
  })
})

describe('markup in a detail', () => {
  const planted = `<img src=x onerror=alert(1)>"'&amp;`
  const readLog = () => readFileSync(join(server.state, 'server.log'), 'utf8')
  let logged: number
  let person: Awaited<ReturnType<typeof newPerson>>

  beforeAll(async () => {
    logged = readLog().length
    person = await newPerson({ code: false })
  })
  afterAll(async () => {
    await (await openAdmin()).request('DELETE', `/users/${person.username}`)
  })

  it('RAR-14 RAR-16 is harmless on the consent page, in answers, on the account page and in the log', async () => {
    const evil = { ...payment, creditorName: planted, remittanceInformationUnstructured: planted }
    const { page, verifier } = await openConsent(web, person, { key, fields: asking(evil) })
    expect(page.text).not.toContain('<img')
    expect(page.words).toContain('<img src=x onerror=alert(1)>')
    const done = await page.submit('approve', everything)
    const code = done.redirectedTo?.searchParams.get('code') ?? ''
    expect(done.redirectedTo?.href).not.toContain('img')
    const tokens = await web.redeem({ code, verifier }, { key })
    expect(tokens.answer.headers.get('content-type')).toBe('application/json')
    expect(detailsOf(tokens)).toMatchObject([evil])
    const browser = createBrowser({ fetch: createFetch({ ca: server.ca }) })
    const login = await browser.open(`${server.issuer}/account`)
    const { username, password } = person
    const account = await login.submit('login', { username, password })
    expect(account.status).toBe(200)
    expect(account.text).not.toContain('<img')
    expect(account.words).toContain('<img src=x onerror=alert(1)>')
    expect(account.words).toContain('Make one payment')
    const log = readLog().slice(logged)
    expect(log.length).toBeGreaterThan(0)
    for (const secret of ['onerror', 'DE02100100109307118603', '123.50']) {
      expect(log).not.toContain(secret)
    }
  }) // prettier-ignore
})
