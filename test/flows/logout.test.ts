import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Browser, Page } from '../support/browser.ts'
import type { ClientFixture } from '../support/fixtures.ts'
import { form } from '../support/http.ts'
import { bob, startOwnServer } from '../support/own-server.ts'
import type { OwnServer } from '../support/own-server.ts'
import { pageRefusal } from '../support/refusal.ts'
import { makeDpopKey, moveClock, sign, testClient } from '../support/test-client.ts'

let own: OwnServer
let app: ClientFixture
let other: ClientFixture
const bye = 'https://app.example/bye?x=1'

beforeAll(async () => {
  own = await startOwnServer()
  app = await own.register({ post_logout_redirect_uris: [bye, 'https://app.example/other'] })
  other = await own.register({ post_logout_redirect_uris: ['https://other.example/bye'] })
})

afterEach(() => moveClock(0, own.server))
afterAll(() => own.close())

type Query = Readonly<Record<string, string>>

const url = (query: Query = {}) => `${own.server.issuer}/logout?${form(query)}`
const visit = (browser: Browser, query: Query) => browser.open(url(query), { from: 'cross-site' })
const isQuestion = (page: Page) =>
  page.status === 200 && page.forms.some(({ buttons }) => buttons.some(({ id }) => id === 'stay'))
const signedIn = async (browser: Browser) => !(await own.asksToSignIn(app, browser))

async function adaAtApp() {
  const browser = own.browser()
  return { browser, ...(await own.connect(app, browser)) }
}

describe('signing out by a client (RP-Initiated Logout)', () => {
  it('2 needs no question when it shows the id_token of this very session', async () => {
    const { browser, idToken } = await adaAtApp()
    const before = browser.cookies.header(new URL(own.server.issuer), { method: 'GET', crossSite: false }) // prettier-ignore
    const query = { id_token_hint: idToken, post_logout_redirect_uri: bye, state: 'a b&c' }
    const page = await visit(browser, query)
    expect(page.status).toBe(303)
    expect(page.redirectedTo?.href).toBe(`${bye}&state=a%20b%26c`)
    expect(await signedIn(browser)).toBe(false)
    // The session itself has ended, not only this browser's memory of it.
    const thief = own.browser()
    const stolen = await thief.open(`${own.server.issuer}/account`, { headers: { cookie: before } })
    expect(stolen.url).toContain('/login')
  })

  it('2 works by POST, which comes without cookies from another site', async () => {
    const { browser, idToken } = await adaAtApp()
    const fields = { id_token_hint: idToken, client_id: app.clientId, logout_hint: 'ada' }
    const page = await browser.post(`${own.server.issuer}/logout`, fields, { from: 'cross-site' })
    expect(page.url).toContain('/account/signed-out')
    expect(await signedIn(browser)).toBe(false)
  })

  it('2 takes an id_token long expired, for the session it came from', async () => {
    const { browser, idToken } = await adaAtApp()
    await moveClock(900, own.server)
    expect(Number(decodeJwt(idToken).exp)).toBeLessThan(Date.now() / 1000 + 900)
    const page = await visit(browser, { id_token_hint: idToken, post_logout_redirect_uri: bye })
    expect(page.redirectedTo?.href).toBe(bye)
  })

  it('2 keeps the permission that was given: only the sign-in ends', async () => {
    const { browser, idToken, refreshToken } = await adaAtApp()
    await visit(browser, { id_token_hint: idToken })
    const client = testClient(app, own.server)
    const { answer } = await client.refresh(refreshToken, { key: own.key })
    expect(answer.status, answer.text).toBe(200)
  })

  it('4 works for an id_token the client had encrypted no more than the question does', async () => {
    const { browser } = await adaAtApp()
    const page = await visit(browser, { id_token_hint: 'a.b.c.d.e', client_id: app.clientId })
    expect(isQuestion(page)).toBe(true)
  })
})

describe('the question whether to sign out', () => {
  const foreign: Readonly<Record<string, (idToken: string) => Promise<Query> | Query>> = {
    'nothing at all': () => ({}),
    'its name alone': () => ({ client_id: app.clientId }),
    'its name and address': () => ({ client_id: app.clientId, post_logout_redirect_uri: bye }),
    'an id_token of another session of the same person': async () => ({
      id_token_hint: (await own.connect(app, own.browser())).idToken,
    }),
    'an id_token of another person': async () => ({
      id_token_hint: (await own.connect(app, own.browser(), bob)).idToken,
    }),
    'an id_token somebody else signed': async (idToken) => {
      const { jwk } = await makeDpopKey()
      const header = { alg: 'ES256', typ: 'JWT', kid: 'unknown' }
      return { id_token_hint: await sign(jwk, header, decodeJwt(idToken)) }
    },
    'an id_token that was changed': (idToken) => ({
      id_token_hint: idToken.replace(/\.[^.]+$/, (part) => `.${part.slice(1).split('').reverse().join('')}`),
    }), // prettier-ignore
  }
  it.each(Object.entries(foreign))(
    'ATK-A1-17 is asked when the client shows %s, and nobody is signed out before it is answered',
    async (_what, make) => {
      const { browser, idToken } = await adaAtApp()
      const page = await visit(browser, await make(idToken))
      expect(isQuestion(page)).toBe(true)
      expect(page.words).toContain('ada')
      expect(await signedIn(browser)).toBe(true)
    },
  )

  it('is answered with yes: signed out, and back to the registered address', async () => {
    const { browser } = await adaAtApp()
    const query = { client_id: app.clientId, post_logout_redirect_uri: bye, state: 's' }
    const page = await visit(browser, query)
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self' https://app.example") // prettier-ignore
    const done = await page.submit('sign-out')
    expect([done.status, done.redirectedTo?.href]).toEqual([303, `${bye}&state=s`])
    expect(await signedIn(browser)).toBe(false)
  })

  it('is answered with no: nothing changes, and the way back is a link', async () => {
    const { browser } = await adaAtApp()
    const query = { client_id: app.clientId, post_logout_redirect_uri: bye }
    const done = await (await visit(browser, query)).submit('stay')
    expect(done.status).toBe(200)
    expect(done.redirectedTo).toBeUndefined()
    expect(done.links.find(({ id }) => id === 'back')?.href).toBe(bye)
    expect(await signedIn(browser)).toBe(true)
  })

  it('without an address ends on a page of this server', async () => {
    const { browser } = await adaAtApp()
    const done = await (await visit(browser, {})).submit('sign-out')
    expect(done.url).toContain('/account/signed-out')
    expect(await signedIn(browser)).toBe(false)
  })

  it('ATK-A1-16 ATK-A1-17 is not answered from another site, by another browser, twice or without its token', async () => {
    const { browser } = await adaAtApp()
    const page = await visit(browser, {})
    const token = page.forms[0]?.fields.find(([name]) => name === 'form')?.[1] ?? ''
    const answer = { form: token, action: 'sign-out' }
    const target = `${own.server.issuer}/logout`
    const crossSite = await browser.post(target, answer, { from: 'cross-site' })
    expect(pageRefusal(crossSite)).toBe('400 invalid_request')
    const { browser: another } = await adaAtApp()
    expect(pageRefusal(await another.post(target, answer))).toBe('400 invalid_request')
    expect(await signedIn(another)).toBe(true)
    const forged = { form: `${token}x`, action: 'sign-out' }
    expect(pageRefusal(await browser.post(target, forged))).toBe('400 invalid_request')
    expect(await signedIn(browser)).toBe(true)
    expect((await browser.post(target, answer)).url).toContain('/account/signed-out')
    // A second click finds what it wanted done.
    const again = await browser.post(target, answer)
    expect([again.status, again.element('error')]).toEqual([200, undefined])
  })

  it('stays open for ten minutes', async () => {
    const { browser } = await adaAtApp()
    const page = await visit(browser, {})
    await moveClock(601, own.server)
    expect(pageRefusal(await page.submit('sign-out'))).toBe('400 invalid_request')
    expect(await signedIn(browser)).toBe(true)
  })

  it('is asked in the language of the client’s wish', async () => {
    const { browser } = await adaAtApp()
    const page = await visit(browser, { ui_locales: 'de en' })
    expect(page.headers.get('content-language')).toBe('de')
    expect(page.words).toContain('abmelden')
  })
})

describe('a browser that is not signed in', () => {
  it('is sent on when the client is proven, and otherwise finds a link', async () => {
    const { idToken } = await adaAtApp()
    const proven = await visit(own.browser(), { id_token_hint: idToken, post_logout_redirect_uri: bye }) // prettier-ignore
    expect(proven.redirectedTo?.href).toBe(bye)
    const query = { client_id: app.clientId, post_logout_redirect_uri: bye }
    const unproven = await visit(own.browser(), query)
    expect([unproven.status, unproven.redirectedTo]).toEqual([200, undefined])
    expect(unproven.links.find(({ id }) => id === 'back')?.href).toBe(bye)
    const plain = await visit(own.browser(), {})
    expect([plain.status, plain.forms]).toEqual([200, []])
  })
})

describe('the address to return to', () => {
  const evil = 'https://evil.example/'
  const wrong = (idToken: string): readonly Query[] => [
    { id_token_hint: idToken, post_logout_redirect_uri: evil },
    { id_token_hint: idToken, post_logout_redirect_uri: `${bye}&y=2` },
    { id_token_hint: idToken, post_logout_redirect_uri: bye.replace('app.', 'APP.') },
    { id_token_hint: idToken, post_logout_redirect_uri: 'https://app.example/bye' },
    { id_token_hint: idToken, post_logout_redirect_uri: app.redirectUri },
    { id_token_hint: idToken, post_logout_redirect_uri: 'javascript:alert(1)' },
    { id_token_hint: idToken, post_logout_redirect_uri: 'https://other.example/bye' },
    { id_token_hint: idToken, client_id: other.clientId },
    { id_token_hint: idToken, client_id: other.clientId, post_logout_redirect_uri: 'https://other.example/bye' },
    { id_token_hint: idToken, post_logout_redirect_uri: bye, state: 's'.repeat(513) },
    { client_id: app.clientId, post_logout_redirect_uri: evil },
    { client_id: 'nobody', post_logout_redirect_uri: bye },
    { client_id: 'operator.local' },
    { post_logout_redirect_uri: bye },
    { id_token_hint: 'x', post_logout_redirect_uri: bye },
  ] // prettier-ignore

  it('ATK-A1-11 is exactly a registered one of that client: else an error page, and nobody is signed out', async () => {
    const { browser, idToken } = await adaAtApp()
    for (const query of wrong(idToken)) {
      for (const one of [browser, own.browser()]) {
        const page = await visit(one, query)
        expect([query, pageRefusal(page)]).toEqual([query, '400 invalid_request'])
        expect(page.headers.get('location')).toBeNull()
        expect(page.text).not.toContain('evil.example')
      }
    }
    expect(await signedIn(browser)).toBe(true)
    const right = await visit(browser, { id_token_hint: idToken, post_logout_redirect_uri: bye })
    expect(right.redirectedTo?.href).toBe(bye)
  })

  it('ATK-A1-11 is no longer one of a client that was disabled', async () => {
    const gone = await own.register({ post_logout_redirect_uris: [bye] })
    const query = { client_id: gone.clientId, post_logout_redirect_uri: bye }
    expect((await visit(own.browser(), query)).status).toBe(200)
    await (await own.admin()).request('POST', `/clients/${gone.clientId}/disable`)
    expect(pageRefusal(await visit(own.browser(), query))).toBe('400 invalid_request')
  })
})
