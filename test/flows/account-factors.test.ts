import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { answerCode, codeFrom, ownServer, recoveryOn, secretOn } from '../support/account.ts'
import { createBrowser } from '../support/browser.ts'
import { enrol as givePasskey } from '../support/passkeys.ts'
import { newPerson } from '../support/people.ts'
import { pageRefusal } from '../support/refusal.ts'

let own: Awaited<ReturnType<typeof ownServer>>
beforeAll(async () => {
  own = await ownServer()
})
afterAll(() => own.stop())
beforeEach(() => own.newDay())

/** Asks for a sign-in with two factors and gives name and password. */
async function askForCode(person: { readonly username: string; readonly password: string }) {
  const { requestUri } = await own.web.par({
    fields: { acr_values: 'urn:fapi-edge:acr:two-factors' },
  })
  const login = await createBrowser().open(own.web.authorizeUrl(requestUri))
  const { username, password } = person
  return login.submit('login', { username, password })
}

describe('one-time codes', () => {
  it('are not enrolled on the password alone', async () => {
    const person = await newPerson({ on: own.server, code: false })
    const { browser } = await own.open(person)
    const page = await own.go(browser, '/account/code')
    expect(pageRefusal(page)).toBe('403 access_denied')
    expect(page.text).not.toContain('id="secret"')
    expect(await own.factorsOf(person.username)).toMatchObject({ totp: false })
  })

  it('are replaced by whoever shows the code there is; then only the new ones work', async () => {
    const person = await newPerson({ on: own.server })
    const { browser } = await own.open(person)
    const setup = await answerCode(await own.go(browser, '/account/code'), person)
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
    const person = await newPerson({ on: own.server })
    const { browser } = await own.open(person)
    const setup = await answerCode(await own.go(browser, '/account/code'), person)
    const otp = codeFrom(secretOn(setup), steps)
    const answer = await setup.submit('confirm', { otp })
    expect(recoveryOn(answer)).toHaveLength(taken ? 10 : 0)
    expect(answer.status).toBe(taken ? 200 : 403)
  })

  it('ask for the second factor again after five minutes, and come back to the page', async () => {
    const person = await newPerson({ on: own.server })
    const { browser } = await own.open(person)
    const first = await answerCode(await own.go(browser, '/account/code'), person)
    expect(first.url).toBe(`${own.server.issuer}/account/code`)
    await own.pass(299)
    expect((await own.go(browser, '/account/code')).url).toBe(`${own.server.issuer}/account/code`)
    await own.pass(310)
    const asked = await own.go(browser, '/account/code')
    expect(new URL(asked.url).pathname).toBe('/login')
    const { username, password } = person
    const code = await asked.submit('login', { username, password })
    const back = await answerCode(code, person)
    expect(back.url).toBe(`${own.server.issuer}/account/code`)
  })

  it('are not removed when that would leave the password alone', async () => {
    const person = await newPerson({ on: own.server })
    const { browser } = await own.open(person)
    const page = await answerCode(await own.go(browser, '/account/code'), person)
    expect(page.text).not.toContain('id="remove"')
    const form = page.forms[0]?.fields.find(([name]) => name === 'form')?.[1] ?? ''
    const forced = await browser.post(page.url, { form, action: 'remove' })
    expect(forced.url).toBe(`${own.server.issuer}/account?notice=last-factor`)
    expect(await own.factorsOf(person.username)).toMatchObject({ totp: true })
  })
})

describe('recovery codes', () => {
  it('work once each in place of a one-time code, and the page says how many are left', async () => {
    const person = await newPerson({ on: own.server })
    const { browser } = await own.open(person)
    const page = await answerCode(await own.go(browser, '/account/recovery-codes'), person)
    const codes = recoveryOn(await page.submit('make'))
    expect(new Set(codes).size).toBe(10)
    for (const code of codes) expect(code).toMatch(/^([A-Z2-7]{4} ){3}[A-Z2-7]{4}$/)
    const asked = await askForCode(person)
    const signedIn = await asked.submit('login', { otp: codes[3] ?? '' })
    expect(signedIn.forms[0]?.buttons.map(({ id }) => id)).toContain('approve')
    const again = await (await askForCode(person)).submit('login', { otp: codes[3] ?? '' })
    expect(again.status).toBe(403)
    expect(await own.factorsOf(person.username)).toMatchObject({ recovery_codes: 9 })
    expect((await own.go(browser, '/account/recovery-codes')).element('left')).toContain('9')
  })

  it('are void when new ones are made, and shown again only to this session for a short time', async () => {
    const person = await newPerson({ on: own.server })
    const { browser } = await own.open(person)
    const page = await answerCode(await own.go(browser, '/account/recovery-codes'), person)
    const first = await page.submit('make')
    expect(recoveryOn(await browser.open(first.url))).toEqual(recoveryOn(first))
    const other = await own.open(person)
    expect(recoveryOn(await other.browser.open(first.url))).toEqual([])
    await own.pass(601)
    expect(recoveryOn(await browser.open(first.url))).toEqual([])
    await own.pass(0)
    await (await own.go(browser, '/account/recovery-codes')).submit('make')
    const old = await (
      await askForCode(person)
    ).submit('login', { otp: recoveryOn(first)[0] ?? '' })
    expect(old.status).toBe(403)
  })
})

describe('recovery codes in place of a lost passkey', () => {
  /** A person with password and passkey only, and their recovery codes. */
  async function withPasskey() {
    const person = await newPerson({ on: own.server })
    await givePasskey(person, { on: own.server })
    const { browser } = await own.open(person)
    const page = await answerCode(await own.go(browser, '/account/recovery-codes'), person, 1)
    const codes = recoveryOn(await page.submit('make'))
    const removed = await (await own.go(browser, '/account/code')).submit('remove')
    expect(removed.url).toBe(`${own.server.issuer}/account?notice=code-removed`)
    return { person, codes }
  }

  it('reach two factors beside the password, once each', async () => {
    const { person, codes } = await withPasskey()
    const asked = await askForCode(person)
    expect(asked.text).toContain('id="passkey-area"')
    const code = await asked.submit('recovery')
    expect(new URL(code.url).pathname).toBe('/login/code')
    const signedIn = await code.submit('login', { otp: codes[0] ?? '' })
    expect(signedIn.forms[0]?.buttons.map(({ id }) => id)).toContain('approve')
    const again = await (await askForCode(person)).submit('recovery')
    expect((await again.submit('login', { otp: codes[0] ?? '' })).status).toBe(403)
  })

  it('are not offered to whoever has none, nor taken before the password', async () => {
    const person = await newPerson({ on: own.server, code: false })
    const { requestUri } = await own.web.par({
      fields: { acr_values: 'urn:fapi-edge:acr:two-factors' },
    })
    const browser = createBrowser()
    const login = await browser.open(own.web.authorizeUrl(requestUri))
    expect(login.text).not.toContain('id="recovery"')
    expect(pageRefusal(await login.submit('login', { action: 'recovery' }))).toBe(
      '400 invalid_request',
    )
    expect((await askForCode(person)).text).not.toContain('id="recovery"')
  })

  it('do not reach a level that only a passkey reaches', async () => {
    const { person } = await withPasskey()
    const acr = { essential: true, value: 'urn:fapi-edge:acr:phishing-resistant' }
    const { requestUri } = await own.web.par({
      fields: { claims: JSON.stringify({ id_token: { acr } }) },
    })
    const login = await createBrowser().open(own.web.authorizeUrl(requestUri))
    const { username, password } = person
    const asked = await login.submit('login', { username, password })
    expect(asked.text).toContain('id="passkey-area"')
    expect(asked.text).not.toContain('id="recovery"')
  })
})

describe('the password', () => {
  it('is changed with the current one: other sessions end, this one goes on under a new id', async () => {
    const person = await newPerson({ on: own.server })
    const { browser } = await own.open(person)
    const page = await answerCode(await own.go(browser, '/account/password'), person)
    const cookie = () => browser.cookies.list().find(({ name }) => name.endsWith('-session'))?.value
    const before = cookie()
    const other = await own.open(person)
    const fresh = 'a new and longer password'
    const wrong = await page.submit('save', { current: 'not it', password: fresh, again: fresh })
    expect(wrong.status).toBe(403)
    const done = await wrong.submit('save', {
      current: person.password,
      password: fresh,
      again: fresh,
    })
    expect(done.url).toBe(`${own.server.issuer}/account?notice=password-changed`)
    expect(cookie()).not.toBe(before)
    expect(new URL((await own.go(other.browser)).url).pathname).toBe('/login')
    const old = await own.open(person)
    expect(old.page.status).toBe(403)
    const signedIn = await own.open({ ...person, password: fresh })
    expect(signedIn.page.url).toBe(`${own.server.issuer}/account`)
  })

  it.each([
    ['short', 'short'],
    ['the user name', undefined],
    ['common', 'Password123'],
    ['one letter', 'aaaaaaaaaaaa'],
    ['too long', 'long '.repeat(60)],
  ])('is refused when it is %s', async (_, given) => {
    const person = await newPerson({ on: own.server })
    const { browser } = await own.open(person)
    const page = await answerCode(await own.go(browser, '/account/password'), person)
    const password = given ?? person.username.toUpperCase()
    const answer = await page.submit('save', {
      current: person.password,
      password,
      again: password,
    })
    expect(answer.status).toBe(403)
    expect((await own.open(person)).page.url).toBe(`${own.server.issuer}/account`)
  })
})
