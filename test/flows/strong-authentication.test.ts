import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { createBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { codeOf, newPerson } from '../support/people.ts'
import type { Somebody } from '../support/people.ts'
import { pageRefusal } from '../support/refusal.ts'
import { makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const [one, two, three] = ['one-factor', 'two-factors', 'phishing-resistant'].map(
  (name) => `urn:fapi-edge:acr:${name}`,
) as [string, string, string]
const essential = (...values: readonly string[]) =>
  JSON.stringify({ id_token: { acr: { essential: true, values } } })

let person: Somebody
beforeEach(async () => {
  person = await newPerson()
})
afterEach(() => moveClock(0))

type Fields = Readonly<Record<string, string>>

/** Pushes a request and opens it. */
async function arrive(browser: Browser, fields: Fields = {}) {
  const pushed = await web.par({ fields: { scope: 'openid', ...fields } })
  if (pushed.answer.status !== 201) throw new Error(pushed.answer.text)
  const page = await browser.open(web.authorizeUrl(pushed.requestUri))
  return { page, ...pushed }
}

const inputs = (fields: readonly (readonly [string, string])[], wanted: string): boolean =>
  fields.some(([name]) => name === wanted)

const shows = (page: Page): string =>
  page.forms.flatMap(({ buttons, fields }) => [
    ...(inputs(fields, 'otp') ? ['otp'] : []),
    ...(inputs(fields, 'password') ? ['password'] : []),
    ...buttons.flatMap(({ id }) => (id === 'approve' ? ['approve'] : [])),
  ])[0] ?? `${page.status} ${page.redirectedTo?.searchParams.get('error') ?? page.element('error')}`

const givePassword = (page: Page, by: Somebody = person): Promise<Page> =>
  page.submit('login', { username: by.username, password: by.password })

/** The id_token that comes of approving. */
async function tokenOf(consent: Page, verifier: string) {
  const done = await consent.submit('approve')
  const code = done.redirectedTo?.searchParams.get('code') ?? ''
  const { answer, claims } = await web.redeem({ code, verifier }, { key: await makeDpopKey() })
  const idToken = decodeJwt(String(answer.json['id_token']))
  expect(claims).toMatchObject({ acr: idToken['acr'], auth_time: idToken['auth_time'] })
  return idToken
}

async function signInWith(browser: Browser, fields: Fields, steps = 0) {
  const { page, verifier } = await arrive(browser, fields)
  const code = await givePassword(page)
  return { consent: await code.submit('login', { otp: codeOf(person, steps) }), code, verifier }
}

describe('two factors', () => {
  it('are asked for when an essential acr needs them, and told as they were', async () => {
    const { page, verifier } = await arrive(createBrowser(), { claims: essential(two) })
    const code = await givePassword(page)
    expect(shows(code)).toBe('otp')
    expect(code.words).toContain(person.username)
    const consent = await code.submit('login', { otp: codeOf(person) })
    expect(shows(consent)).toBe('approve')
    expect(await tokenOf(consent, verifier)).toMatchObject({
      acr: two,
      amr: ['pwd', 'otp', 'mfa'],
      sub: person.sub,
    })
  })

  it('are not asked for when nobody needs them here: one is told as one', async () => {
    const { page, verifier } = await arrive(createBrowser())
    const consent = await givePassword(page)
    expect(await tokenOf(consent, verifier)).toMatchObject({ acr: one, amr: ['pwd'] })
  })

  it('refuse a wrong code, a used one and one of two steps ago, and take one a step late', async () => {
    const somebody = await newPerson()
    const begin = async (): Promise<Page> => {
      const { page } = await arrive(createBrowser(), { claims: essential(two) })
      return givePassword(page, somebody)
    }
    const page = await begin()
    for (const otp of ['12345', 'abcdef', codeOf(somebody, -2), codeOf(somebody, 2)]) {
      const again = await page.submit('login', { otp })
      expect([again.status, shows(again)]).toEqual([403, 'otp'])
      expect(again.element('problem')).toBeTruthy()
    }
    // Those were failures, so the next attempt has to wait.
    expect((await page.submit('login', { otp: codeOf(somebody) })).status).toBe(429)
    await moveClock(3_600)
    const later = await newPerson()
    const { page: login } = await arrive(createBrowser(), { claims: essential(two) })
    const code = await givePassword(login, later)
    const late = codeOf(later, -1)
    expect(shows(await code.submit('login', { otp: late }))).toBe('approve')
    const { page: next } = await arrive(createBrowser(), { claims: essential(two) })
    const again = await givePassword(next, later)
    expect((await again.submit('login', { otp: late })).status).toBe(403)
    expect(shows(await again.submit('login', { otp: codeOf(later, 1) }))).toBe('approve')
  })

  it('are done without where they are a wish and the app is not at hand, and nowhere else', async () => {
    const { page, verifier } = await arrive(createBrowser(), { acr_values: two })
    const code = await givePassword(page)
    expect(shows(code)).toBe('otp')
    expect(await tokenOf(await code.submit('skip'), verifier)).toMatchObject({ acr: one })
    const browser = createBrowser()
    const demanded = await givePassword((await arrive(browser, { claims: essential(two) })).page)
    expect(demanded.element('skip')).toBeUndefined()
    const interaction = new URL(demanded.url).searchParams.get('interaction') ?? ''
    const fields = { interaction, action: 'skip' }
    const posted = await browser.post(`${server.issuer}/login/code`, fields)
    expect(pageRefusal(posted)).toBe('400 invalid_request')
  })

  it('ATK-A1-18 are nothing by half: the password alone leaves no session and opens no consent', async () => {
    const browser = createBrowser()
    const { page } = await arrive(browser, { claims: essential(two) })
    const code = await givePassword(page)
    expect(browser.cookies.list().map(({ name }) => name.replace(/^.*-/, ''))).toEqual(['browser'])
    const interaction = new URL(code.url).searchParams.get('interaction') ?? ''
    const consent = `${server.issuer}/consent`
    expect(pageRefusal(await browser.open(`${consent}?interaction=${interaction}`))).toBe(
      '400 invalid_request',
    )
    const posted = await browser.post(consent, { interaction, action: 'approve' })
    expect(pageRefusal(posted)).toBe('400 invalid_request')
    expect(shows((await arrive(browser)).page)).toBe('password')
    expect(shows(await code.submit('login', { otp: codeOf(person) }))).toBe('approve')
  })

  it('may be sent twice by a double click: both answers lead to the consent, one code is used, one session is there', async () => {
    const browser = createBrowser()
    const { page, verifier } = await arrive(browser, { claims: essential(two) })
    const code = await givePassword(page)
    const otp = codeOf(person)
    const [first, second] = await Promise.all([
      code.submit('login', { otp }),
      code.submit('login', { otp }),
    ])
    expect([shows(first), shows(second)]).toEqual(['approve', 'approve'])
    expect(await tokenOf(second, verifier)).toMatchObject({ acr: two })
    const account = await browser.open(`${server.issuer}/account`)
    expect(account.text.split('This browser')).toHaveLength(2)
    expect(account.text).not.toContain('name="session"')
    const later = await arrive(createBrowser(), { claims: essential(two) })
    expect((await (await givePassword(later.page)).submit('login', { otp })).status).toBe(403)
  })

  it('ATK-A1-19 cannot be completed in another browser', async () => {
    const { page } = await arrive(createBrowser(), { claims: essential(two) })
    const code = await givePassword(page)
    const other = createBrowser()
    await arrive(other)
    expect(pageRefusal(await other.open(code.url))).toBe('400 invalid_request')
    const interaction = new URL(code.url).searchParams.get('interaction') ?? ''
    const fields = { interaction, otp: codeOf(person), action: 'login' }
    const posted = await other.post(`${server.issuer}/login/code`, fields)
    expect(pageRefusal(posted)).toBe('400 invalid_request')
  })

  it('are out of reach for an account without a second factor: said after the right password only', async () => {
    const { carol } = inject('fixtures').users
    const { page } = await arrive(createBrowser(), { claims: essential(two) })
    const wrong = await page.submit('login', { ...carol, password: 'not the password' })
    const right = await page.submit('login', carol)
    expect([wrong.status, right.status]).toEqual([403, 403])
    expect(right.element('problem')).toMatch(/no second factor yet/)
    expect(wrong.element('problem')).not.toBe(right.element('problem'))
    const done = await right.submit('cancel')
    expect(done.redirectedTo?.searchParams.get('error')).toBe('access_denied')
  })

  it('of which the one that is wished for is missing are done without it, and nothing else is told', async () => {
    const { carol } = inject('fixtures').users
    const { page, verifier } = await arrive(createBrowser(), { acr_values: `${three} ${two}` })
    const consent = await page.submit('login', carol)
    expect(await tokenOf(consent, verifier)).toMatchObject({ acr: one, amr: ['pwd'] })
  })
})

describe('a session', () => {
  it('saves a second sign-in, and consent is asked for all the same', async () => {
    const browser = createBrowser()
    const first = await arrive(browser)
    const consent = await givePassword(first.page)
    const { auth_time: time } = await tokenOf(consent, first.verifier)
    const second = await arrive(browser)
    expect(shows(second.page)).toBe('approve')
    expect((await tokenOf(second.page, second.verifier))['auth_time']).toBe(time)
  })

  it('is stepped up by what is missing alone, under a new cookie', async () => {
    const browser = createBrowser()
    await givePassword((await arrive(browser)).page)
    const session = () => browser.cookies.list().find(({ name }) => name.endsWith('session'))
    const before = session()?.value
    const { page, verifier } = await arrive(browser, { acr_values: two })
    expect(shows(page)).toBe('otp')
    await moveClock(120)
    const consent = await page.submit('login', { otp: codeOf(person) })
    expect(session()?.value).not.toBe(before)
    const token = await tokenOf(consent, verifier)
    expect(token).toMatchObject({ acr: two, amr: ['pwd', 'otp', 'mfa'] })
    // As old as the password, which is the older of the two.
    expect(Number(token['iat']) - Number(token['auth_time'])).toBeGreaterThanOrEqual(120)
    expect(shows((await arrive(browser, { claims: essential(two) })).page)).toBe('approve')
  })

  it('is too old for max_age when it is, and exactly then', async () => {
    const browser = createBrowser()
    await givePassword((await arrive(browser)).page)
    expect(shows((await arrive(browser, { max_age: '600' })).page)).toBe('approve')
    await moveClock(700)
    expect(shows((await arrive(browser, { max_age: '600' })).page)).toBe('password')
    expect(shows((await arrive(browser)).page)).toBe('approve')
    const { page, verifier } = await arrive(browser, { max_age: '0' })
    expect(shows(page)).toBe('password')
    const token = await tokenOf(await givePassword(page), verifier)
    expect(Number(token['iat']) - Number(token['auth_time'])).toBeLessThan(60)
  })

  it('does not stand in for prompt=login, and is offered for prompt=select_account', async () => {
    const browser = createBrowser()
    await givePassword((await arrive(browser)).page)
    expect(shows((await arrive(browser, { prompt: 'login' })).page)).toBe('password')
    expect(shows((await arrive(browser, { prompt: 'consent' })).page)).toBe('approve')
    const { page, verifier } = await arrive(browser, { prompt: 'select_account' })
    expect(page.words).toContain(`Continue as ${person.username}`)
    const consent = await page.submit('continue')
    expect(await tokenOf(consent, verifier)).toMatchObject({ sub: person.sub })
    const { carol } = inject('fixtures').users
    const other = await arrive(browser, { prompt: 'select_account' })
    const switched = await other.page.submit('login', carol)
    expect(await tokenOf(switched, other.verifier)).toMatchObject({ sub: carol.sub })
    // The session of before is over: there is one person at a browser.
    const next = await arrive(browser)
    expect(await tokenOf(next.page, next.verifier)).toMatchObject({ sub: carol.sub })
  })

  it('is not meant when login_hint or id_token_hint name somebody else', async () => {
    const { carol } = inject('fixtures').users
    const browser = createBrowser()
    const { page, verifier } = await arrive(browser)
    const consent = await givePassword(page)
    const done = await consent.submit('approve')
    const code = done.redirectedTo?.searchParams.get('code') ?? ''
    const { answer } = await web.redeem({ code, verifier }, { key: await makeDpopKey() })
    const hint = String(answer.json['id_token'])
    expect(shows((await arrive(browser, { login_hint: person.username })).page)).toBe('approve')
    expect(shows((await arrive(browser, { login_hint: carol.username })).page)).toBe('password')
    expect(shows((await arrive(browser, { id_token_hint: hint })).page)).toBe('approve')
    await moveClock(1_000)
    expect(shows((await arrive(browser, { id_token_hint: hint })).page)).toBe('approve')
    const stranger = createBrowser()
    const hinted = await arrive(stranger, { id_token_hint: hint })
    const wrong = await hinted.page.submit('login', carol)
    expect(wrong.redirectedTo?.searchParams.get('error')).toBe('login_required')
    expect(wrong.redirectedTo?.searchParams.has('code')).toBe(false)
  })

  it('is taken at PAR by no hint but an id_token of this issuer for this client', async () => {
    const { page, verifier } = await arrive(createBrowser())
    const done = await (await givePassword(page)).submit('approve')
    const code = done.redirectedTo?.searchParams.get('code') ?? ''
    const { answer, accessToken } = await web.redeem(
      { code, verifier },
      { key: await makeDpopKey() },
    )
    const idToken = String(answer.json['id_token'])
    const push = async (client: typeof web, hint: string) =>
      (await client.par({ fields: { scope: 'openid', id_token_hint: hint } })).answer.status
    expect(await push(web, idToken)).toBe(201)
    expect(await push(testClient('second'), idToken)).toBe(400)
    for (const hint of ['', 'x', 'e30.e30.', accessToken, `${idToken.slice(0, -4)}AAAA`]) {
      expect(await push(web, hint)).toBe(hint === '' ? 201 : 400)
    }
  })

  it('answers prompt=none with what is missing, without a page', async () => {
    const silent = async (browser: Browser, fields: Fields = {}) =>
      (await arrive(browser, { prompt: 'none', ...fields })).page.redirectedTo?.searchParams.get(
        'error',
      )
    const browser = createBrowser()
    expect(await silent(browser)).toBe('login_required')
    await givePassword((await arrive(browser)).page)
    expect(await silent(browser)).toBe('consent_required')
    expect(await silent(browser, { max_age: '0' })).toBe('login_required')
    expect(await silent(browser, { claims: essential(two) })).toBe('login_required')
    expect(await silent(browser, { login_hint: 'carol' })).toBe('login_required')
    expect(await silent(browser, { claims: essential('urn:strange') })).toBe(
      'unmet_authentication_requirements',
    )
  })

  it('ends while it rests, and no consent page of it is answered any more', async () => {
    const browser = createBrowser()
    const { page } = await arrive(browser)
    const consent = await givePassword(page)
    await moveClock(1_790)
    expect(shows(await browser.open(consent.url))).toBe('approve')
    await moveClock(1_801 + 60)
    expect(pageRefusal(await consent.submit('approve'))).toMatch(/^40[03] /)
    expect(shows((await arrive(browser)).page)).toBe('password')
  })

  it('is signed in with anew when the second factor is too old', async () => {
    const browser = createBrowser()
    const { consent } = await signInWith(browser, { claims: essential(two) })
    expect(shows(consent)).toBe('approve')
    await moveClock(700)
    const { page } = await arrive(browser, { claims: essential(two), max_age: '600' })
    expect(shows(page)).toBe('password')
    const code = await givePassword(page)
    expect(shows(code)).toBe('otp')
    expect(shows(await code.submit('login', { otp: codeOf(person) }))).toBe('approve')
  })
})
