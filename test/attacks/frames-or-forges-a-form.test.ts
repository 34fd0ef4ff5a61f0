import { describe, expect, inject, it } from 'vitest'
import { createBrowser } from '../support/browser.ts'
import type { Browser, Page, Visit } from '../support/browser.ts'
import { send } from '../support/http.ts'
import { peopleForms } from '../support/people-forms.ts'
import { pageRefusal } from '../support/refusal.ts'
import { testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')
const { username, password } = users.alice

const sealedOf = (page: Page): string =>
  page.forms[0]?.fields.find(([name]) => name === 'interaction')?.[1] ?? ''

async function arrive(): Promise<{
  readonly browser: Browser
  readonly login: Page
  readonly requestUri: string
}> {
  const browser = createBrowser()
  const { requestUri } = await web.par()
  return { browser, requestUri, login: await browser.open(web.authorizeUrl(requestUri)) }
}

/** What browsers and forgers send with a form from elsewhere. */
const elsewhere: readonly (readonly [string, Visit])[] = [
  ['a foreign Origin', { headers: { origin: 'https://evil.example', 'sec-fetch-site': null } }],
  ['a cross-site form', { headers: { 'sec-fetch-site': 'cross-site' } }],
  ['a same-site form', { headers: { 'sec-fetch-site': 'same-site' } }],
  ['a form without an initiator', { headers: { 'sec-fetch-site': 'none' } }],
  ['a cross-site form with our Origin', { headers: { origin: server.issuer, 'sec-fetch-site': 'cross-site' } }],
  ['our Origin with another port', { headers: { origin: server.issuer.replace(/\d+$/, '1'), 'sec-fetch-site': null } }],
  ['our Origin with another scheme', { headers: { origin: server.issuer.replace('http:', 'https:'), 'sec-fetch-site': null } }],
  ['an Origin that begins like ours', { headers: { origin: `${server.issuer}.evil.example` } }],
  ['a Sec-Fetch-Site nobody knows', { headers: { 'sec-fetch-site': 'x' } }],
  ['two values of Sec-Fetch-Site', { headers: { 'sec-fetch-site': 'same-origin, cross-site' } }],
] // prettier-ignore

describe('an attacker who frames or forges a form', () => {
  it('ATK-A1-16 ATK-A3-04 cannot frame login, consent or error pages, nor learn their addresses', async () => {
    const { browser, login } = await arrive()
    const consent = await login.submit('login', { username, password })
    const pages = [
      login,
      consent,
      await browser.open(`${server.issuer}/authorize`),
      await browser.open(`${server.issuer}/nothing-here`),
      await createBrowser().open(consent.url),
    ]
    for (const { headers, text } of pages) {
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("base-uri 'none'")
      expect(policy.replace("script-src 'self'; ", '')).not.toMatch(
        /unsafe|script-src|\*|http:\/\/(?!127|localhost)/,
      )
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toContain('no-store')
      expect(headers.get('access-control-allow-origin')).toBeNull()
      const inline = text.replace(/<script src="[^"]*" defer=""><\/script>/, '')
      expect(inline).not.toMatch(/<script|<iframe|<img|javascript:| on[a-z]+=|style="/i)
      const sources = [...text.matchAll(/(?:src|href|action)="([^"]*)"/g)].map(([, to = '']) => to)
      const foreign = sources.filter((to) => new URL(to, server.issuer).origin !== server.issuer)
      expect(foreign).toEqual([])
      expect(sources.length).toBeGreaterThan(0)
    }
  })

  it('ATK-A1-15 gets a 303 after every form, never one that repeats the password', async () => {
    const { browser, login } = await arrive()
    const cookie = browser.cookies.list().map(({ name, value }) => `${name}=${value}`).join('; ') // prettier-ignore
    const headers = [['content-type', 'application/x-www-form-urlencoded'], ['cookie', cookie]] as const // prettier-ignore
    const fields = { interaction: sealedOf(login), username, password, action: 'login' }
    const body = new URLSearchParams(fields).toString()
    const signedIn = await send(`${server.issuer}/login`, { method: 'POST', headers, body })
    expect(signedIn.status).toBe(303)
    expect(signedIn.headers.get('location')).not.toContain(encodeURIComponent(password))
    expect(signedIn.headers.get('cache-control')).toContain('no-store')
    const consent = await login.submit('login', { username, password })
    expect((await consent.submit('approve')).status).toBe(303)
    const posted = new URLSearchParams(new URL(web.authorizeUrl((await web.par()).requestUri)).search) // prettier-ignore
    const start = await send(`${server.issuer}/authorize`, {
      method: 'POST',
      headers: [['content-type', 'application/x-www-form-urlencoded']],
      body: posted.toString(),
    })
    expect(start.status).toBe(303)
    const cancelled = await (await arrive()).login.submit('cancel')
    expect(cancelled.status).toBe(303)
  })

  it.each(elsewhere)(
    'ATK-A1-17 cannot send the login or consent form as %s, which consumes nothing',
    async (_, visit) => {
      const { login } = await arrive()
      const forged = await login.submit('login', { username, password }, visit)
      expect(pageRefusal(forged)).toBe('400 invalid_request')
      expect(forged.headers.getSetCookie()).toEqual([])
      const consent = await login.submit('login', { username, password })
      for (const button of ['approve', 'deny']) {
        const forgedAnswer = await consent.submit(button, {}, visit)
        expect(pageRefusal(forgedAnswer)).toBe('400 invalid_request')
      }
      const done = await consent.submit('approve')
      expect(done.redirectedTo?.searchParams.get('code')).toBeTruthy()
    },
  )

  it('ATK-A1-17 takes the form of a browser that sends neither header, and one whose Origin is null', async () => {
    const quiet = { headers: { origin: null, 'sec-fetch-site': null } }
    const hidden = { headers: { origin: 'null' } }
    for (const visit of [quiet, hidden]) {
      const { login } = await arrive()
      const consent = await login.submit('login', { username, password }, visit)
      const done = await consent.submit('approve', {}, visit)
      expect(done.redirectedTo?.searchParams.get('code')).toBeTruthy()
    }
  })

  it('ATK-A1-17 cannot send the forms with a missing, altered or foreign token, or one of another stage', async () => {
    const { login, browser } = await arrive()
    const sealed = sealedOf(login)
    const consent = await login.submit('login', { username, password })
    const approval = sealedOf(consent)
    const stranger = await arrive()
    const alter = (text: string, at: number) => {
      const index = at < 0 ? text.length + at : at
      return text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1)
    }
    const never = ['', 'x', 'k1.', '.', '..', '__proto__', alter(sealed, -1), alter(sealed, -30), `${sealed}A`, sealed.slice(0, -4), `x${sealed}`, `${sealed}.x`, sealedOf(stranger.login), 'A'.repeat(5000)] // prettier-ignore
    for (const interaction of [...never, approval]) {
      const page = await browser.post(`${server.issuer}/login`, { interaction, username, password, action: 'login' }) // prettier-ignore
      expect(pageRefusal(page), interaction).toBe('400 invalid_request')
    }
    for (const interaction of [...never, sealed, alter(approval, 40)]) {
      const page = await browser.post(`${server.issuer}/consent`, { interaction, action: 'approve' }) // prettier-ignore
      expect(pageRefusal(page), interaction).toBe('400 invalid_request')
    }
    const done = await consent.submit('approve')
    expect(done.redirectedTo?.searchParams.get('code')).toBeTruthy()
  })

  it('ATK-A1-17 cannot sign in or approve by a GET, or with an action nobody offered', async () => {
    const { login, browser, requestUri } = await arrive()
    const query = (fields: Readonly<Record<string, string>>) => new URLSearchParams(fields).toString() // prettier-ignore
    const signIn = query({ interaction: sealedOf(login), username, password, action: 'login' })
    const got = await browser.open(`${server.issuer}/login?${signIn}`)
    expect(got.headers.getSetCookie()).toEqual([])
    expect(got.element('problem')).toBeUndefined()
    expect(got.forms[0]?.buttons.map(({ id }) => id)).toEqual(['login', 'cancel'])
    const consent = await login.submit('login', { username, password })
    const approve = query({ interaction: sealedOf(consent), action: 'approve' })
    const shown = await browser.open(`${server.issuer}/consent?${approve}`)
    expect(shown.redirectedTo).toBeUndefined()
    expect(shown.forms).toHaveLength(1)
    for (const action of ['', 'yes', 'APPROVE', 'constructor', 'approve deny']) {
      const page = await browser.post(`${server.issuer}/consent`, { interaction: sealedOf(consent), action }) // prettier-ignore
      expect(pageRefusal(page), action).toBe('400 invalid_request')
    }
    expect((await browser.open(web.authorizeUrl(requestUri))).forms).toHaveLength(1)
    const done = await consent.submit('approve')
    expect(done.redirectedTo?.searchParams.get('code')).toBeTruthy()
  })

  it('ATK-A1-17 gets no CORS for pages, and none of the endpoints takes credentials cross-origin', async () => {
    const paths = [...peopleForms, '/token', '/par', '/userinfo', '/admin/clients']
    for (const path of paths) {
      const headers = [['origin', 'https://evil.example'], ['access-control-request-method', 'POST']] as const // prettier-ignore
      const answer = await send(`${server.issuer}${path}`, { method: 'OPTIONS', headers })
      expect(answer.status, path).toBe(405)
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    }
  })
})
