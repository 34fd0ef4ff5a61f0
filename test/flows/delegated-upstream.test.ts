import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openAdmin, registerClient } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { TestClient, Tokens } from '../support/test-client.ts'
import {
  ana,
  ben,
  cross,
  sessionOf,
  signInAtBank,
  signInThere,
  startTwoServers,
} from '../support/two-servers.ts'
import type { TwoServers } from '../support/two-servers.ts'

let servers: TwoServers
let admin: Admin
let client: TestClient

beforeAll(async () => {
  servers = await startTwoServers()
  admin = await openAdmin(servers.bank)
  const { fixture } = await registerClient(admin)
  client = testClient(fixture, servers.bank)
})

afterEach(async () => servers.moveClocks(0))
afterAll(async () => servers?.stop())

type Push = Readonly<Record<string, string>>

async function push(fields: Push = {}): Promise<{ address: string; verifier: string }> {
  const { answer, requestUri, verifier } = await client.par({ fields })
  expect(answer.status, answer.text).toBe(201)
  return { address: client.authorizeUrl(requestUri), verifier }
}

/** Signs in at the upstream, agrees at the bank, and redeems the code. */
async function tokensOf(
  person: typeof ana | typeof ben,
  fields: Push = {},
  browser: Browser = createBrowser(),
): Promise<Tokens> {
  const { address, verifier } = await push(fields)
  const consent = await signInAtBank(address, person, browser)
  const done = await consent.submit('approve')
  const code = done.redirectedTo?.searchParams.get('code') ?? ''
  return client.redeem({ code, verifier }, { key: await makeDpopKey() })
}

const idTokenOf = ({ answer }: Tokens) => decodeJwt(String(answer.json['id_token']))

/** The upstream's sign-in page, opened by this browser. */
async function sentThere(fields: Push = {}, browser = createBrowser()) {
  const { address } = await push(fields)
  const away = await browser.open(address)
  return { browser, away, login: await cross(browser, away) }
}

/** Every person the operator sees. */
async function people(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { json } = await (await openAdmin(servers.bank)).request('GET', '/users')
  return json['users'] as readonly Readonly<Record<string, unknown>>[]
}

/** The answer starts a code's sign-in anew: a step of a one-time code counts once. */
const nextCode = (count: number) => servers.moveClocks(count * 30)

describe('a sign-in at an upstream OpenID Provider', () => {
  it('ends with tokens of this issuer that tell how the person signed in there', async () => {
    const before = Math.floor(Date.now() / 1000) - 1
    const tokens = await tokensOf(ana)
    expect(tokens.answer.status, tokens.answer.text).toBe(200)
    const { iss, acr, amr, auth_time: at } = idTokenOf(tokens)
    expect(iss).toBe(servers.bank.issuer)
    expect(acr).toBe('urn:fapi-edge:acr:two-factors')
    expect(amr).toEqual(['pwd', 'otp', 'mfa'])
    expect(at).toBeGreaterThanOrEqual(before)
    expect(at).toBeLessThanOrEqual(Math.floor(Date.now() / 1000) + 1)
  })

  it('names the person by a sub of its own, the same at every sign-in', async () => {
    await nextCode(2)
    const first = idTokenOf(await tokensOf(ana)).sub
    await nextCode(4)
    expect(idTokenOf(await tokensOf(ana)).sub).toBe(first)
    expect(first).toMatch(/^user-/)
    expect(first).not.toContain(ana.sub)
  })

  it('shows the browser nothing of the request but a reference', async () => {
    const { away } = await sentThere()
    expect(away.redirectedTo?.origin).toBe(servers.upstream.issuer)
    expect([...(away.redirectedTo?.searchParams.keys() ?? [])].sort()).toEqual([
      'client_id',
      'request_uri',
    ])
    expect(away.headers.get('cache-control')).toBe('no-store')
  })

  it('takes over the claims that the table names, and renews them at the next sign-in', async () => {
    const claimsOf = async (step: number) => {
      await nextCode(step)
      const claims = JSON.stringify({ id_token: { name: null, email: null, birthdate: null } })
      const { name, email, birthdate } = idTokenOf(await tokensOf(ana, { claims }))
      return { name, email, birthdate }
    }
    expect(await claimsOf(6)).toEqual({ name: 'Ana Lima', email: 'ana@people.example' })
    const there = await openAdmin(servers.upstream)
    const renamed = { claims: { ...ana.claims, name: 'Ana Lima Costa', birthdate: '1990-01-01' } }
    expect((await there.request('PUT', '/users/ana', renamed)).status).toBe(200)
    expect(await claimsOf(8)).toEqual({ name: 'Ana Lima Costa', email: 'ana@people.example' })
  })

  it('answers userinfo and calls the person by a name they know', async () => {
    await nextCode(10)
    const { address, verifier } = await push({ scope: 'openid email' })
    const consent = await signInAtBank(address, ana)
    expect(consent.words).toContain('ana@people.example')
    expect(consent.words).not.toContain('delegated:')
    const code = (await consent.submit('approve')).redirectedTo?.searchParams.get('code') ?? ''
    const key = await makeDpopKey()
    const { accessToken } = await client.redeem({ code, verifier }, { key })
    const target = `${servers.bank.issuer}/userinfo`
    const { json } = await getResource(target, accessToken, { key, on: servers.bank })
    expect(json).toMatchObject({ email: 'ana@people.example', email_verified: true })
  })

  it('goes on without a page while the session at the bank lives', async () => {
    await nextCode(12)
    const browser = createBrowser()
    await tokensOf(ana, {}, browser)
    const { address } = await push()
    const consent = await browser.open(address)
    expect(consent.status).toBe(200)
    expect(consent.words).toContain('Approve')
  })

  it('asks again for prompt=login, and for a sign-in that is too old', async () => {
    await nextCode(14)
    const browser = createBrowser()
    await tokensOf(ana, {}, browser)
    await nextCode(16)
    const wishes: readonly Push[] = [{ prompt: 'login' }, { max_age: '10' }]
    for (const wish of wishes) {
      const { login } = await sentThere(wish, browser)
      expect(login.forms.flatMap(({ fields }) => fields.map(([name]) => name))).toContain(
        'password',
      )
    }
    // The positive twin: an older sign-in does for one who accepts it.
    const { address } = await push({ max_age: '3600' })
    expect((await browser.open(address)).words).toContain('Approve')
    // And the fresh one is told as fresh.
    const { address: again, verifier } = await push({ prompt: 'login' })
    const start = Math.floor(Date.now() / 1000) + 16 * 30 - 1
    const consent = await signInAtBank(again, ana, browser)
    const code = (await consent.submit('approve')).redirectedTo?.searchParams.get('code') ?? ''
    const tokens = await client.redeem({ code, verifier }, { key: await makeDpopKey() })
    expect(idTokenOf(tokens)['auth_time']).toBeGreaterThanOrEqual(start)
  })

  it('hands on whom the client expects and the language of the person', async () => {
    const { login } = await sentThere({ login_hint: 'ana', ui_locales: 'de' })
    const fields = login.forms.flatMap((form) => form.fields)
    expect(fields).toContainEqual(['username', 'ana'])
    expect(login.headers.get('content-language')).toBe('de')
  })

  it('refuses a sign-in that was worth too little, and tells the client so', async () => {
    const { browser, login } = await sentThere()
    const page = await cross(browser, await signInThere(login, ben))
    expect(page.status).toBe(400)
    expect(page.element('error')).toBe('unmet_authentication_requirements')
    const back = new URL(page.links.find(({ id }) => id === 'back')?.href ?? '')
    expect(back.searchParams.get('error')).toBe('unmet_authentication_requirements')
    expect(back.searchParams.get('iss')).toBe(servers.bank.issuer)
    expect(sessionOf(servers.bank, browser)).toBeUndefined()
    expect((await people()).map(({ shown_as: name }) => name)).not.toContain('Ben Roy')
  })

  it('lets a person who cancelled there start again, or go back', async () => {
    await nextCode(18)
    const { browser, login } = await sentThere()
    const page = await cross(browser, await login.submit('cancel'))
    expect(page.status).toBe(403)
    expect(page.element('error')).toBe('access_denied')
    const back = new URL(page.links.find(({ id }) => id === 'back')?.href ?? '')
    expect(back.searchParams.get('error')).toBe('access_denied')
    expect(sessionOf(servers.bank, browser)).toBeUndefined()
    const there = await cross(browser, await page.follow('again'))
    const consent = await cross(browser, await signInThere(there, ana))
    expect(consent.words).toContain('Approve')
    expect(sessionOf(servers.bank, browser)).toBeDefined()
  })
})

describe('an issuer whose people sign in elsewhere', () => {
  it('takes no password and has no page for one', async () => {
    const { bank } = servers
    await admin.request('PUT', '/users/local', { password: 'a long local password' })
    const { browser, away } = await sentThere()
    expect(away.text).toBe('')
    const fields = { username: 'local', password: 'a long local password', action: 'login' }
    const posted = await browser.post(`${bank.issuer}/login`, fields)
    expect(posted.status).toBe(400)
    expect(posted.element('error')).toBe('invalid_request')
    expect(sessionOf(bank, browser)).toBeUndefined()
    expect((await browser.open(`${bank.issuer}/login/code`)).status).toBe(404)
    expect((await browser.post(`${bank.issuer}/login/code`, { otp: '123456' })).status).toBe(404)
  })

  it('has no callback where people sign in here', async () => {
    const page = await createBrowser().open(`${servers.upstream.issuer}/login/callback?code=1`)
    expect(page.status).toBe(404)
  })

  it('says login_required for prompt=none without a session', async () => {
    const { address } = await push({ prompt: 'none' })
    const { redirectedTo } = await createBrowser().open(address)
    expect(redirectedTo?.searchParams.get('error')).toBe('login_required')
  })

  it('lets the operator list and disable the people, but not make them', async () => {
    await nextCode(20)
    const sub = idTokenOf(await tokensOf(ana)).sub
    const known = (await people()).find((person) => person['sub'] === sub)
    expect(known).toMatchObject({ enabled: true, shown_as: 'ana@people.example' })
    const name = String(known?.['username'])
    expect(name).toMatch(/^delegated:[0-9a-f]{64}$/)
    const path = `/users/${encodeURIComponent(name)}`
    const operator = await openAdmin(servers.bank)
    expect((await operator.request('POST', `${path}/disable`)).json['enabled']).toBe(false)
    await nextCode(22)
    const { browser, login } = await sentThere()
    const refused = await cross(browser, await signInThere(login, ana))
    expect(refused.status).toBe(403)
    expect(sessionOf(servers.bank, browser)).toBeUndefined()
    expect((await operator.request('POST', `${path}/enable`)).json['enabled']).toBe(true)
    await nextCode(24)
    expect(idTokenOf(await tokensOf(ana)).sub).toBe(sub)
    const taken = await operator.request('PUT', path, { password: 'a long local password' })
    expect(taken.status).toBe(400)
    const made = await operator.request('PUT', `/users/${encodeURIComponent('delegated:me')}`, {})
    expect(made.status).toBe(400)
  })
})
