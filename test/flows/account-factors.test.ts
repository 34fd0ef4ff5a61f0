import { afterEach, describe, expect, inject, it } from 'vitest'
import {
  account,
  answerCode,
  codeFrom,
  openAccount,
  openWithCode,
  recoveryOn,
  secretOn,
} from '../support/account.ts'
import { openAdmin } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import { newPerson } from '../support/people.ts'
import { pageRefusal } from '../support/refusal.ts'
import { moveClock, testClient } from '../support/test-client.ts'

const server = inject('server')
const web = testClient('web')

afterEach(() => moveClock(0))

const factorsOf = async (username: string) =>
  (await (await openAdmin()).request('GET', `/users/${username}`)).json['factors']

/** Asks for a sign-in with two factors and gives name and password. */
async function askForCode(person: { readonly username: string; readonly password: string }) {
  const { requestUri } = await web.par({
    fields: { acr_values: 'urn:fapi-edge:acr:two-factors' },
  })
  const login = await createBrowser().open(web.authorizeUrl(requestUri))
  const { username, password } = person
  return login.submit('login', { username, password })
}

describe('one-time codes', () => {
  it('are not enrolled on the password alone', async () => {
    const person = await newPerson({ code: false })
    const { browser } = await openAccount(person)
    const page = await account(browser, '/account/code')
    expect(pageRefusal(page)).toBe('403 access_denied')
    expect(page.text).not.toContain('id="secret"')
    expect(await factorsOf(person.username)).toMatchObject({ totp: false })
  })

  it('are replaced by whoever shows the code there is; then only the new ones work', async () => {
    const person = await newPerson()
    const { browser } = await openAccount(person)
    const setup = await answerCode(await account(browser, '/account/code'), person)
    const secret = secretOn(setup)
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    expect(setup.text).toContain('<svg class="qr"')
    // Nothing is stored before a code proves that an app has the secret.
    const wrong = await setup.submit('confirm', { otp: '000000' })
    expect([wrong.status, secretOn(wrong)]).toEqual([403, secret])
    const done = await wrong.submit('confirm', { otp: codeFrom(secret) })
    expect(recoveryOn(done)).toHaveLength(10)
    const asked = await askForCode(person)
    const old = await asked.submit('login', { otp: codeFrom(person.secret, 1) })
    expect(old.status).toBe(403)
    // The code that confirmed is used up; the next one is not.
    const replayed = await old.submit('login', { otp: codeFrom(secret) })
    expect(replayed.status).toBe(403)
    const signedIn = await replayed.submit('login', { otp: codeFrom(secret, 1) })
    expect(signedIn.forms[0]?.buttons.map(({ id }) => id)).toContain('approve')
  })

  it.each([
    [-1, true],
    [1, true],
    [-2, false],
    [2, false],
  ])('confirm with a clock that is %i steps off: %s', async (steps, taken) => {
    const person = await newPerson()
    const { browser } = await openAccount(person)
    const setup = await answerCode(await account(browser, '/account/code'), person)
    const otp = codeFrom(secretOn(setup), steps)
    const answer = await setup.submit('confirm', { otp })
    expect(recoveryOn(answer)).toHaveLength(taken ? 10 : 0)
    expect(answer.status).toBe(taken ? 200 : 403)
  })

  it('ask for the second factor again after five minutes, and come back to the page', async () => {
    const person = await newPerson()
    const { browser } = await openAccount(person)
    const first = await answerCode(await account(browser, '/account/code'), person)
    expect(first.url).toBe(`${server.issuer}/account/code`)
    await moveClock(299)
    expect((await account(browser, '/account/code')).url).toBe(`${server.issuer}/account/code`)
    await moveClock(310)
    const asked = await account(browser, '/account/code')
    expect(new URL(asked.url).pathname).toBe('/login')
    const { username, password } = person
    const code = await asked.submit('login', { username, password })
    const back = await answerCode(code, person)
    expect(back.url).toBe(`${server.issuer}/account/code`)
  })

  it('are not removed when that would leave the password alone', async () => {
    const person = await newPerson()
    const { browser } = await openAccount(person)
    const page = await answerCode(await account(browser, '/account/code'), person)
    expect(page.text).not.toContain('id="remove"')
    const form = page.forms[0]?.fields.find(([name]) => name === 'form')?.[1] ?? ''
    const forced = await browser.post(page.url, { form, action: 'remove' })
    expect(forced.url).toBe(`${server.issuer}/account?notice=last-factor`)
    expect(await factorsOf(person.username)).toMatchObject({ totp: true })
  })
})

describe('recovery codes', () => {
  it('work once each in place of a one-time code, and the page says how many are left', async () => {
    const person = await newPerson()
    const { browser } = await openAccount(person)
    const page = await answerCode(await account(browser, '/account/recovery-codes'), person)
    const codes = recoveryOn(await page.submit('make'))
    expect(new Set(codes).size).toBe(10)
    for (const code of codes) expect(code).toMatch(/^([A-Z2-7]{4} ){3}[A-Z2-7]{4}$/)
    const asked = await askForCode(person)
    const signedIn = await asked.submit('login', { otp: codes[3] ?? '' })
    expect(signedIn.forms[0]?.buttons.map(({ id }) => id)).toContain('approve')
    const again = await (await askForCode(person)).submit('login', { otp: codes[3] ?? '' })
    expect(again.status).toBe(403)
    expect(await factorsOf(person.username)).toMatchObject({ recovery_codes: 9 })
    expect((await account(browser, '/account/recovery-codes')).element('left')).toContain('9')
  })

  it('are void when new ones are made, and shown again only to this session for a short time', async () => {
    const person = await newPerson()
    const { browser } = await openAccount(person)
    const page = await answerCode(await account(browser, '/account/recovery-codes'), person)
    const first = await page.submit('make')
    expect(recoveryOn(await browser.open(first.url))).toEqual(recoveryOn(first))
    const other = await openWithCode(person, 1)
    expect(recoveryOn(await other.browser.open(first.url))).toEqual([])
    await moveClock(601)
    expect(recoveryOn(await browser.open(first.url))).toEqual([])
    await moveClock(0)
    await (await account(browser, '/account/recovery-codes')).submit('make')
    const old = await (
      await askForCode(person)
    ).submit('login', { otp: recoveryOn(first)[0] ?? '' })
    expect(old.status).toBe(403)
  })
})

describe('the password', () => {
  it('is changed with the current one: other sessions end, this one goes on under a new id', async () => {
    const person = await newPerson()
    const { browser } = await openAccount(person)
    const page = await answerCode(await account(browser, '/account/password'), person)
    const cookie = () => browser.cookies.list().find(({ name }) => name.endsWith('-session'))?.value
    const before = cookie()
    const other = await openAccount(person)
    const fresh = 'a new and longer password'
    const wrong = await page.submit('save', { current: 'not it', password: fresh, again: fresh })
    expect(wrong.status).toBe(403)
    const done = await wrong.submit('save', {
      current: person.password,
      password: fresh,
      again: fresh,
    })
    expect(done.url).toBe(`${server.issuer}/account?notice=password-changed`)
    expect(cookie()).not.toBe(before)
    expect(new URL((await account(other.browser)).url).pathname).toBe('/login')
    const old = await openAccount(person)
    expect(old.page.status).toBe(403)
    const signedIn = await openAccount({ ...person, password: fresh })
    expect(signedIn.page.url).toBe(`${server.issuer}/account`)
  })

  it.each([
    ['short', 'short'],
    ['the user name', undefined],
    ['common', 'Password123'],
    ['one letter', 'aaaaaaaaaaaa'],
    ['too long', 'long '.repeat(60)],
  ])('is refused when it is %s', async (_, given) => {
    const person = await newPerson()
    const { browser } = await openAccount(person)
    const page = await answerCode(await account(browser, '/account/password'), person)
    const password = given ?? person.username.toUpperCase()
    const answer = await page.submit('save', {
      current: person.password,
      password,
      again: password,
    })
    expect(answer.status).toBe(403)
    expect((await openAccount(person)).page.url).toBe(`${server.issuer}/account`)
  })
})
