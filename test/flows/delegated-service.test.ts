import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { oneTimeCode } from '../../demo/story/one-time-code.ts'
import { openAdmin, registerClient } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { makeDpopKey, moveClock, nowSeconds, testClient } from '../support/test-client.ts'
import type { Server, TestClient } from '../support/test-client.ts'
import { sessionOf, withCa } from '../support/two-servers.ts'

/** The example login: a second Worker, as it is shown in docs/delegated-login.md. */
let bank: Server & Runtime
let admin: Admin
let client: TestClient

beforeAll(async () => {
  const delegate = { binding: 'LOGIN', name: 'staff' }
  const config = { issuer: { id: 'bank', authentication: { delegate } } }
  bank = withCa(await startRuntime({ args: ['--no-demo'], config }))
  admin = await openAdmin(bank)
  client = testClient((await registerClient(admin)).fixture, bank)
})

afterEach(async () => moveClock(0, bank))
afterAll(async () => bank?.stop())

const mia = { username: 'mia', password: 'mia has a long password' }
const secret = 'MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK'
const otp = () => oneTimeCode(secret, nowSeconds() * 1000)

type Fields = Readonly<Record<string, string>>

async function open(fields: Fields = {}, browser: Browser = createBrowser()) {
  const { answer, requestUri, verifier } = await client.par({ fields })
  expect(answer.status, answer.text).toBe(201)
  const page = await browser.open(client.authorizeUrl(requestUri))
  return { browser, page, verifier }
}

const signIn = async (page: Page): Promise<Page> =>
  (await page.submit('login', mia)).submit('login', { otp: otp() })

const fieldsOf = (page: Page) => page.forms.flatMap(({ fields }) => fields.map(([name]) => name))

/** Pages that change how people sign in here. */
const factorPages = [
  '/account/passkeys',
  '/account/code',
  '/account/password',
  '/account/recovery-codes',
  '/setup',
]

describe('a sign-in at a Worker that is bound as a service', () => {
  it('shows its pages in this server’s form and ends with tokens of this issuer', async () => {
    const { browser, page, verifier } = await open()
    expect(page.status).toBe(200)
    expect(page.words).toContain('Staff sign-in')
    expect(fieldsOf(page)).toEqual(['interaction', 'username', 'password'])
    const second = await page.submit('login', mia)
    expect(second.words).toContain('Enter the code that your app shows now.')
    expect(sessionOf(bank, browser)).toBeUndefined()
    const consent = await second.submit('login', { otp: otp() })
    expect(consent.words).toContain('Mia Wolf')
    expect(sessionOf(bank, browser)).toBeDefined()
    const done = await consent.submit('approve')
    const code = done.redirectedTo?.searchParams.get('code') ?? ''
    const { answer } = await client.redeem({ code, verifier }, { key: await makeDpopKey() })
    const idToken = decodeJwt(String(answer.json['id_token']))
    expect(idToken).toMatchObject({
      iss: bank.issuer,
      acr: 'urn:fapi-edge:acr:two-factors',
      amr: ['pwd', 'otp', 'mfa'],
    })
    expect(idToken.sub).toMatch(/^user-/)
    expect(Math.abs(Number(idToken['auth_time']) - nowSeconds())).toBeLessThan(30)
  })

  it('has pages as safe as every other: no script, no frame, nothing stored', async () => {
    const { page } = await open()
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'self'; form-action 'self' https:\S+; frame-ancestors 'none'; base-uri 'none'$/,
    )
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(page.headers.get('cache-control')).toBe('no-store')
  })

  it('says what was wrong and lets the person try again', async () => {
    const { browser, page } = await open()
    const wrong = await page.submit('login', { ...mia, password: 'not her password' })
    expect(wrong.status).toBe(403)
    expect(wrong.element('problem')).toBe('Staff name and password do not match.')
    expect(wrong.forms[0]?.fields).toContainEqual(['username', 'mia'])
    const second = await wrong.submit('login', mia)
    const wrongCode = await second.submit('login', { otp: '000000' })
    expect(wrongCode.element('problem')).toBe('This code is not valid.')
    expect(sessionOf(bank, browser)).toBeUndefined()
    await wrongCode.submit('login', { otp: otp() })
    expect(sessionOf(bank, browser)).toBeDefined()
  })

  it('goes back to the client when the person cancels', async () => {
    const { browser, page } = await open()
    const { redirectedTo } = await page.submit('cancel')
    expect(redirectedTo?.searchParams.get('error')).toBe('access_denied')
    expect(sessionOf(bank, browser)).toBeUndefined()
  })

  it('shows whom the client expects, and knows the person the next time', async () => {
    const { browser, page } = await open({ login_hint: 'mia' })
    expect(page.forms[0]?.fields).toContainEqual(['username', 'mia'])
    await signIn(page)
    const again = await open({}, browser)
    expect(again.page.words).toContain('Approve')
    const fresh = await open({ prompt: 'login' }, browser)
    expect(fieldsOf(fresh.page)).toContain('password')
    expect((await signIn(fresh.page)).words).toContain('Approve')
  })

  it('is listed and disabled by the operator', async () => {
    const first = await open()
    await signIn(first.page)
    const users = (await admin.request('GET', '/users')).json['users']
    const [user] = users as readonly Readonly<Record<string, unknown>>[]
    expect(user).toMatchObject({ shown_as: 'Mia Wolf', enabled: true })
    const path = `/users/${encodeURIComponent(String(user?.['username']))}`
    expect((await admin.request('POST', `${path}/disable`)).status).toBe(200)
    const { browser, page } = await open()
    expect((await signIn(page)).status).toBe(403)
    expect(sessionOf(bank, browser)).toBeUndefined()
    expect((await admin.request('POST', `${path}/enable`)).status).toBe(200)
    const enabled = await open()
    expect((await signIn(enabled.page)).words).toContain('Approve')
  })

  it('leads to the account page too, which offers nothing to change about signing in', async () => {
    const browser = createBrowser()
    const page = await browser.open(`${bank.issuer}/account`)
    expect(fieldsOf(page)).toContain('password')
    const account = await signIn(page)
    expect(account.words).toContain('Mia Wolf')
    expect(account.element('methods')).toBeUndefined()
    for (const path of factorPages) {
      expect((await browser.open(`${bank.issuer}${path}`)).status).toBe(404)
    }
  })

  it('ATK-A1-17 ATK-A1-19 takes no form of another site, another browser or an expired one', async () => {
    const { browser, page } = await open()
    const form = Object.fromEntries(page.forms[0]?.fields ?? [])
    const fields = { ...form, ...mia, action: 'login' }
    const target = `${bank.issuer}/login`
    expect((await browser.post(target, fields, { from: 'cross-site' })).status).toBe(400)
    const other = await open()
    expect((await other.browser.post(target, fields)).status).toBe(400)
    expect((await createBrowser().post(target, fields)).status).toBe(400)
    await moveClock(31 * 60, bank)
    expect((await browser.post(target, fields)).status).toBe(400)
    await moveClock(0, bank)
    expect((await browser.post(target, fields)).words).toContain('Enter the code')
  })

  it('has no other way in: no code page, no callback', async () => {
    const { browser } = await open()
    expect((await browser.open(`${bank.issuer}/login/code`)).status).toBe(404)
    expect((await browser.post(`${bank.issuer}/login/code`, { otp: '1' })).status).toBe(404)
    const callback = await browser.open(`${bank.issuer}/login/callback?code=a&state=b`)
    expect(callback.status).toBe(400)
    expect(sessionOf(bank, browser)).toBeUndefined()
  })
})
