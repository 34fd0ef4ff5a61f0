import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { createBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { form, send } from '../support/http.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { pageRefusal } from '../support/refusal.ts'
import { testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')

const cookieNamed = (browser: Browser, part: string) =>
  browser.cookies.list().find(({ name }) => name.endsWith(part))

/** Puts a cookie into a browser as a sibling domain or a shared machine could. */
function plant(browser: Browser, name: string, value: string): void {
  const host = new URL(server.issuer).hostname
  browser.cookies.put({
    name, value, host, path: '/', secure: false, httpOnly: true, sameSite: 'lax',
  }) // prettier-ignore
}

async function arrive(browser = createBrowser()) {
  const { requestUri } = await web.par()
  return { browser, requestUri, login: await browser.open(web.authorizeUrl(requestUri)) }
}

const post = (browser: Browser, page: Page, fields: Readonly<Record<string, string>>) =>
  browser.post(page.forms[0]?.action ?? '', {
    ...Object.fromEntries(page.forms[0]?.fields ?? []),
    ...fields,
  })

/** The page asks this, and sends nobody to the client. */
function asked(page: Page): readonly string[] {
  expect([page.status, page.redirectedTo]).toEqual([200, undefined])
  return page.forms.flatMap(({ buttons }) => buttons.map(({ id }) => id ?? ''))
}

describe('an attacker who fixes a session', () => {
  it('ATK-A1-18 knows the cookie of before sign-in, but a new one decides after it', async () => {
    const attacker = await arrive()
    const known = cookieNamed(attacker.browser, 'browser')
    if (known === undefined) throw new Error('no browser cookie')
    const victim = createBrowser()
    plant(victim, known.name, known.value)
    const planted = randomBytes(65).toString('base64url')
    plant(victim, known.name.replace('browser', 'session'), planted)
    const login = await victim.open(attacker.login.url)
    const consent = await login.submit('login', users.alice)
    expect(consent.forms).toHaveLength(1)
    const fresh = cookieNamed(victim, 'session')
    expect(fresh?.value).not.toBe(planted)
    // The attacker knows the address of the consent page, the browser cookie and what was planted.
    const thief = createBrowser()
    plant(thief, known.name, known.value)
    plant(thief, known.name.replace('browser', 'session'), planted)
    for (const browser of [attacker.browser, thief]) {
      expect(asked(await browser.open(consent.url))).toEqual(['login', 'cancel'])
      const approved = await post(browser, consent, { action: 'approve' })
      expect(asked(approved)).toEqual(['login', 'cancel'])
      expect(approved.text).not.toContain(users.alice.username)
    }
    const done = await consent.submit('approve')
    expect(done.redirectedTo?.searchParams.get('code')).toBeTruthy()
  })

  it('ATK-A1-18 cannot keep a sign-in cookie alive: each sign-in makes a new one and voids the page before', async () => {
    const { browser, login } = await arrive()
    const first = await login.submit('login', users.alice)
    const before = cookieNamed(browser, 'session')?.value
    const second = await login.submit('login', users.alice)
    expect(cookieNamed(browser, 'session')?.value).not.toBe(before)
    // Nothing is approved with the page before: the session that there is now is asked.
    expect(asked(await first.submit('approve'))).toEqual(['approve', 'deny'])
    expect((await second.submit('approve')).redirectedTo?.searchParams.get('code')).toBeTruthy()
  })

  it('ATK-A1-18 cannot plant a cookie of their own form, or a second one of the same name', async () => {
    const { browser } = await arrive()
    const own = cookieNamed(browser, 'browser')
    if (own === undefined) throw new Error('no browser cookie')
    const malformed = createBrowser()
    plant(malformed, own.name, 'attacker')
    await arrive(malformed)
    expect(cookieNamed(malformed, 'browser')?.value).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const { login } = await arrive(browser)
    const cookie = `${own.name}=${own.value}; ${own.name}=${randomBytes(32).toString('base64url')}`
    const twice = await login.submit('login', users.alice, { headers: { cookie } })
    expect(pageRefusal(twice)).toBe('400 invalid_request')
    expect((await login.submit('login', users.alice)).forms).toHaveLength(1)
  })

  it('ATK-A1-18 cannot replace the cookie of an open sign-in by a POST from another site', async () => {
    const { browser, login } = await arrive()
    const consent = await login.submit('login', users.alice)
    const before = browser.cookies.list()
    const { requestUri } = await web.par()
    const fields = { client_id: web.fixture.clientId, request_uri: requestUri }
    const posted = await send(`${server.issuer}/authorize`, {
      method: 'POST',
      headers: [['content-type', 'application/x-www-form-urlencoded'], ['sec-fetch-site', 'cross-site']],
      body: form(fields),
    }) // prettier-ignore
    expect([posted.status, posted.all('set-cookie')]).toEqual([303, []])
    expect(posted.headers.get('location')).toBe(web.authorizeUrl(requestUri))
    const other = await browser.post(`${server.issuer}/authorize`, fields, { from: 'cross-site' })
    expect(other.forms).toHaveLength(1)
    expect(browser.cookies.list()).toEqual(before)
    expect((await consent.submit('approve')).redirectedTo?.searchParams.get('code')).toBeTruthy()
    // What the other site began is an interaction like any other: the session's person is asked.
    expect((await other.submit('approve')).redirectedTo?.searchParams.get('code')).toBeTruthy()
  })

  it('ATK-A1-18 cannot read the cookies by script or send them cross-site', async () => {
    const { browser, login } = await arrive()
    await login.submit('login', users.alice)
    const cookies = browser.cookies.list()
    expect(cookies.map(({ name }) => name.replace(/^.*-(browser|session)$/, '$1')).sort()).toEqual([
      'browser',
      'session',
    ])
    for (const cookie of cookies) {
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'lax', path: '/' })
      // A browser is known again later; a session ends with it.
      expect(cookie.expires !== undefined).toBe(cookie.name.endsWith('-browser'))
    }
    expect(new Set(cookies.map(({ value }) => value)).size).toBe(2)
  })
})

describe('an attacker who hijacks an interaction', () => {
  it('ATK-A1-19 cannot go on with the address of somebody’s login page in another browser', async () => {
    const { login, browser } = await arrive()
    const own = await arrive()
    for (const other of [createBrowser(), own.browser]) {
      expect(pageRefusal(await other.open(login.url))).toBe('400 invalid_request')
      const posted = await post(other, login, { ...users.carol, action: 'login' })
      expect(pageRefusal(posted)).toBe('400 invalid_request')
    }
    expect((await browser.open(login.url)).forms).toHaveLength(1)
  })

  it('ATK-A1-19 cannot approve or deny with somebody’s consent page, with or without cookies of their own', async () => {
    const victim = await arrive()
    const consent = await victim.login.submit('login', users.alice)
    const signedIn = await arrive()
    await signedIn.login.submit('login', users.carol)
    const sameRequest = createBrowser()
    const ownLogin = await sameRequest.open(web.authorizeUrl(victim.requestUri))
    await ownLogin.submit('login', users.carol)
    for (const browser of [createBrowser(), signedIn.browser, sameRequest]) {
      const page = await browser.open(consent.url)
      expect(pageRefusal(page)).toBe('400 invalid_request')
      expect(page.text).not.toMatch(/alice|Test client/)
      for (const action of ['approve', 'deny']) {
        const answered = await post(browser, consent, { action })
        expect(pageRefusal(answered)).toBe('400 invalid_request')
      }
    }
    const done = await consent.submit('approve')
    expect(done.redirectedTo?.searchParams.get('code')).toBeTruthy()
  })

  it('ATK-A1-19 cannot combine the own sign-in with the victim’s browser cookie', async () => {
    const victim = await arrive()
    const consent = await victim.login.submit('login', users.alice)
    const attacker = await arrive()
    await attacker.login.submit('login', users.carol)
    const cookie = cookieNamed(victim.browser, 'browser')
    if (cookie !== undefined) plant(attacker.browser, cookie.name, cookie.value)
    for (const page of [
      await attacker.browser.open(consent.url),
      await post(attacker.browser, consent, { action: 'approve' }),
    ]) {
      expect(asked(page)).toEqual(['login', 'cancel'])
      expect(page.text).not.toContain(users.alice.username)
    }
    expect((await victim.browser.open(consent.url)).forms).toHaveLength(1)
  })

  it('ATK-A1-19 gets one winner when two people answer one request', async () => {
    const { requestUri } = await web.par()
    const pages = []
    for (const person of [users.alice, users.carol]) {
      const login = await createBrowser().open(web.authorizeUrl(requestUri))
      pages.push(await login.submit('login', person))
    }
    const done = await Promise.all(pages.map((page) => page.submit('approve')))
    const codes = done.flatMap((page) => page.redirectedTo?.searchParams.get('code') ?? [])
    expect(codes).toHaveLength(1)
    const losers = done.filter((page) => page.redirectedTo === undefined)
    expect(losers.map(pageRefusal)).toEqual(['400 invalid_request_uri'])
  })
})

describe('over https', () => {
  let runtime: Runtime
  beforeAll(async () => {
    runtime = await startRuntime({ tls: true })
  })
  afterAll(async () => {
    await runtime.stop()
  })

  it('ATK-A1-18 ATK-A2-01 gets only __Host- cookies that are Secure, and HSTS with every answer', async () => {
    const ca = readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8')
    const started = await fetchStart(runtime, ca)
    const browser = createBrowser({ fetch: createFetch({ ca }) })
    const login = await browser.open(started)
    expect(login.forms).toHaveLength(1)
    const cookies = browser.cookies.list()
    expect(cookies.length).toBeGreaterThan(0)
    for (const { name, secure, httpOnly, path } of cookies) {
      expect(name).toMatch(/^__Host-fapi-/)
      expect({ secure, httpOnly, path }).toEqual({ secure: true, httpOnly: true, path: '/' })
    }
    for (const path of ['/login', '/nothing', '/jwks', '/authorize']) {
      const page = await browser.open(`${runtime.issuer}${path}`)
      expect(page.headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}/)
    }
  })
})

/** The example client sends people to the server: its redirect is a pushed request. */
async function fetchStart(runtime: Runtime, ca: string): Promise<string> {
  const client = createBrowser({ fetch: createFetch({ ca }) })
  const { redirectedTo, text } = await client.open(`${runtime.client}/connect`)
  if (redirectedTo === undefined) throw new Error(`the example client does not start: ${text}`)
  return redirectedTo.href
}
