import { afterEach, describe, expect, it } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { createBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { send } from '../support/http.ts'
import type { Answer } from '../support/http.ts'
import { codeOf, newPerson } from '../support/people.ts'
import type { Somebody } from '../support/people.ts'
import { refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const key = await makeDpopKey()
const accounts = `${server.api}/accounts`
const sensitive = `${server.api}/accounts/current/transactions`

afterEach(() => moveClock(0))

const challengeOf = (answer: Answer): string => answer.headers.get('www-authenticate') ?? ''

const newBrowser = () => createBrowser({ fetch: createFetch({ ca: server.ca }) })
const shows = (page: Page, field: string): boolean =>
  page.forms.some(({ fields }) => fields.some(([name]) => name === field))

/** An access token, and what this browser was asked for on the way to it. */
async function tokenOf(browser: Browser, person: Somebody, fields: Record<string, string> = {}) {
  const pushed = await web.par({ key, fields })
  const asked: string[] = []
  let page = await browser.open(web.authorizeUrl(pushed.requestUri))
  if (shows(page, 'password')) {
    asked.push('password')
    page = await page.submit('login', { username: person.username, password: person.password })
  }
  if (shows(page, 'otp')) {
    asked.push('otp')
    page = await page.submit('login', { otp: codeOf(person) })
  }
  const { redirectedTo } = await page.submit('approve')
  const code = redirectedTo?.searchParams.get('code') ?? ''
  const { accessToken } = await web.redeem({ code, verifier: pushed.verifier }, { key })
  return { accessToken, asked }
}

/** What a challenge asks for, as parameters of an authorization request (RFC 9470 4). */
function wishOf(answer: Answer): Record<string, string> {
  const named = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challengeOf(answer))?.[1]
  return { acr_values: named('acr_values') ?? '', max_age: named('max_age') ?? '' }
}

describe('the way of a client through the challenge', () => {
  it('RFC 9470 4 leads from one factor to two in the same session, and to the resource', async () => {
    const person = await newPerson()
    const browser = newBrowser()
    const first = await tokenOf(browser, person)
    expect(first.asked).toEqual(['password'])
    expect((await getResource(accounts, first.accessToken, { key })).status).toBe(200)
    const refused = await getResource(sensitive, first.accessToken, { key })
    expect(refusal(refused)).toBe('401 insufficient_user_authentication')
    const second = await tokenOf(browser, person, wishOf(refused))
    expect(second.asked).toEqual(['otp'])
    const answer = await getResource(sensitive, second.accessToken, { key })
    expect(answer.status).toBe(200)
    expect(answer.json['transactions']).toHaveLength(3)
    expect((await getResource(sensitive, first.accessToken, { key })).status).toBe(401)
  })

  it('RFC 9470 4 leads from a sign-in of before to one of now', async () => {
    const person = await newPerson()
    const browser = newBrowser()
    const wish = { acr_values: 'urn:fapi-edge:acr:two-factors' }
    const { accessToken } = await tokenOf(browser, person, wish)
    expect((await getResource(sensitive, accessToken, { key })).status).toBe(200)
    await moveClock(301)
    const later = await tokenOf(browser, person, wish)
    expect(later.asked).toEqual([])
    const refused = await getResource(sensitive, later.accessToken, { key })
    expect(refusal(refused)).toBe('401 insufficient_user_authentication')
    const fresh = await tokenOf(browser, person, wishOf(refused))
    expect(fresh.asked).toEqual(['password', 'otp'])
    expect((await getResource(sensitive, fresh.accessToken, { key })).status).toBe(200)
  })

  it('is gone by the example application, which asks for no more than the bank does', async () => {
    const person = await newPerson()
    const browser = newBrowser()
    let page = await browser.open(server.client)
    page = await browser.open((await page.follow('connect')).redirectedTo ?? '')
    page = await page.submit('login', { username: person.username, password: person.password })
    page = await browser.open((await page.submit('approve')).redirectedTo ?? '')
    expect(page.element('transactions')).toBeUndefined()
    page = await browser.open((await page.follow('statement-current')).redirectedTo ?? '')
    expect([shows(page, 'password'), shows(page, 'otp')]).toEqual([false, true])
    page = await page.submit('login', { otp: codeOf(person) })
    page = await browser.open((await page.submit('approve')).redirectedTo ?? '')
    expect(page.element('error')).toBeUndefined()
    expect(page.element('transactions')).toContain('Greengrocer')
    // Fresh enough now: the next look needs no sign-in.
    page = await page.follow('statement-savings')
    expect(page.element('transactions')).toContain('Standing order')
  })
})

describe('a resource that needs a strong and recent sign-in', () => {
  it('RFC 9470 3 tells the holder of a token of a client alone what to ask for', async () => {
    const grant = { grant_type: 'client_credentials', scope: 'accounts' }
    const { accessToken } = await web.token(grant, { key })
    expect((await getResource(accounts, accessToken, { key })).status).toBe(200)
    const answer = await getResource(sensitive, accessToken, { key })
    expect(refusal(answer)).toBe('401 insufficient_user_authentication')
    expect(challengeOf(answer)).toMatch(
      /^DPoP error="insufficient_user_authentication", error_description="[^"]+", acr_values="urn:fapi-edge:acr:two-factors urn:fapi-edge:acr:phishing-resistant", max_age="300", algs="/,
    )
    expect(answer.headers.get('cache-control')).toContain('no-store')
    expect(answer.json).not.toHaveProperty('transactions')
  })

  it('RFC 9470 3 says what else is wrong first: no token, another key, too little scope', async () => {
    const none = await send(sensitive)
    expect(none.status).toBe(401)
    expect(challengeOf(none)).toMatch(/^DPoP algs="/)
    const { accessToken } = await web.redeem(await web.code({ key }), { key })
    const foreign = await getResource(sensitive, accessToken, { key: await makeDpopKey() })
    expect(refusal(foreign)).toBe('401 invalid_token')
    const openid = await web.redeem(await web.code({ key, fields: { scope: 'openid' } }), { key })
    const little = await getResource(sensitive, openid.accessToken, { key })
    expect(refusal(little)).toBe('403 insufficient_scope')
    expect(challengeOf(little)).not.toContain('acr_values')
  })
})
