import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { answerCode, codeFrom, ownServer, recoveryOn, secretOn } from '../support/account.ts'
import { openAdmin } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { newPerson } from '../support/people.ts'
import { pageRefusal } from '../support/refusal.ts'

let own: Awaited<ReturnType<typeof ownServer>>
beforeAll(async () => {
  own = await ownServer()
})
afterAll(() => own.stop())
beforeEach(() => own.newDay())

/** Registers a person who has nothing to sign in with yet. */
async function newcomer(): Promise<string> {
  const username = `person-${randomBytes(6).toString('hex')}`
  const answer = await (await openAdmin(own.server)).request('PUT', `/users/${username}`, {})
  expect(answer.status).toBe(201)
  return username
}

/** Opens a link and begins. */
async function begin(link: string, fields: Readonly<Record<string, string>> = {}) {
  const browser = createBrowser()
  const first = await browser.open(link, { from: 'cross-site' })
  return { browser, first, page: await first.submit('begin', fields) }
}

/** Sets password and one-time code in a set-up; returns the code's secret. */
async function enrol(browser: Browser, password: string): Promise<string> {
  const form = await own.go(browser, '/account/password')
  const saved = await form.submit('save', { password, again: password })
  expect(saved.url).toBe(`${own.server.issuer}/setup?notice=password-changed`)
  const setup = await own.go(browser, '/account/code')
  const secret = secretOn(setup)
  expect(recoveryOn(await setup.submit('confirm', { otp: codeFrom(secret) }))).toHaveLength(10)
  return secret
}

describe('an invitation', () => {
  it('lets a newcomer set up password, one-time code and recovery codes, and then sign in', async () => {
    const username = await newcomer()
    const { browser, first, page } = await begin(await own.link(username, 'setup-link'))
    expect(first.text).not.toContain(username)
    expect(page.url).toBe(`${own.server.issuer}/setup`)
    const secret = await enrol(browser, 'a password of my own')
    const ready = await own.go(browser, '/setup')
    const login = await ready.submit('finish')
    expect(new URL(login.url).pathname).toBe('/login')
    expect(browser.cookies.list().some(({ name }) => name.endsWith('-setup'))).toBe(false)
    const person = { username, password: 'a password of my own', sub: '', secret }
    const signedIn = await login.submit('login', { username, password: person.password })
    const page2 = await answerCode(signedIn, person, 1)
    expect(page2.url).toBe(`${own.server.issuer}/account`)
    expect(await own.factorsOf(username)).toEqual({
      password: true, totp: true, passkeys: 0, recovery_codes: 10,
    }) // prettier-ignore
  })

  it('is not burnt by being looked at, begins once, and is dead afterwards', async () => {
    const link = await own.link(await newcomer(), 'setup-link')
    for (let look = 0; look < 3; look += 1) {
      expect((await createBrowser().open(link)).forms).toHaveLength(1)
    }
    const { first } = await begin(link)
    expect(pageRefusal(await createBrowser().open(link))).toBe('404 not_found')
    expect(pageRefusal(await first.submit('begin'))).toBe('404 not_found')
  })

  it('begins once of 50 at the same time', async () => {
    const link = await own.link(await newcomer(), 'setup-link')
    const pages = await Promise.all(Array.from({ length: 50 }, () => createBrowser().open(link)))
    const begun = await Promise.all(pages.map((page) => page.submit('begin')))
    const won = begun.filter(({ status }) => status === 200)
    expect(won).toHaveLength(1)
    expect(begun.filter(({ status }) => status === 404)).toHaveLength(49)
  })

  it('is void after 24 hours, when a newer one is made, and when the account is disabled', async () => {
    const username = await newcomer()
    const link = await own.link(username, 'setup-link')
    await own.pass(86_390)
    expect((await createBrowser().open(link)).forms).toHaveLength(1)
    await own.pass(86_410)
    expect(pageRefusal(await createBrowser().open(link))).toBe('404 not_found')
    await own.pass(0)
    const newer = await own.link(username, 'setup-link')
    expect(pageRefusal(await createBrowser().open(link))).toBe('404 not_found')
    expect((await createBrowser().open(newer)).forms).toHaveLength(1)
    await (await openAdmin(own.server)).request('POST', `/users/${username}/disable`)
    expect(pageRefusal(await createBrowser().open(newer))).toBe('404 not_found')
  })

  it('asks for the password of an account that has one, counted like a sign-in', async () => {
    const person = await newPerson({ on: own.server, code: false })
    const link = await own.link(person.username, 'setup-link')
    const { first, page } = await begin(link, { password: 'not it' })
    expect([page.status, page.forms.length]).toEqual([403, 1])
    let last = page
    for (let tries = 0; tries < 6 && last.status === 403; tries += 1) {
      last = await first.submit('begin', { password: 'not it' })
    }
    expect(last.status).toBe(429)
    expect((await own.open(person)).page.status).toBe(429)
    await own.pass(600)
    const begun = await first.submit('begin', { password: person.password })
    expect(begun.url).toBe(`${own.server.issuer}/setup`)
  })
})

describe('a set-up', () => {
  it('is no sign-in: the account page and an authorization ask for one', async () => {
    const { browser } = await begin(await own.link(await newcomer(), 'setup-link'))
    expect(new URL((await own.go(browser, '/account')).url).pathname).toBe('/login')
    const { requestUri } = await own.web.par()
    const page = await browser.open(own.web.authorizeUrl(requestUri))
    expect(new URL(page.url).pathname).toBe('/login')
    const value = browser.cookies.list().find(({ name }) => name.endsWith('-setup'))
    if (value === undefined) throw new Error('no set-up cookie')
    browser.cookies.put({ ...value, name: value.name.replace('-setup', '-session') })
    expect(new URL((await own.go(browser, '/account')).url).pathname).toBe('/login')
  })

  it('ends after 15 minutes, in another browser at once, and when it is finished', async () => {
    const { browser } = await begin(await own.link(await newcomer(), 'setup-link'))
    const [setup, other] = [browser.cookies.list(), createBrowser()]
    await other.open(`${own.server.issuer}/account`)
    for (const cookie of setup.filter(({ name }) => name.endsWith('-setup')))
      other.cookies.put(cookie)
    expect(pageRefusal(await own.go(other, '/setup'))).toBe('403 access_denied')
    expect((await own.go(browser, '/setup')).status).toBe(200)
    await own.pass(901)
    expect(pageRefusal(await own.go(browser, '/setup'))).toBe('403 access_denied')
    expect(pageRefusal(await own.go(browser, '/account/code'))).toBe('403 access_denied')
  })

  it('does not go on in the name of whoever signs in to the browser afterwards', async () => {
    const { browser } = await begin(await own.link(await newcomer(), 'setup-link'))
    const person = await newPerson({ on: own.server })
    await own.open(person, browser)
    const page = await answerCode(await own.go(browser, '/account/code'), person)
    const secret = secretOn(page)
    await page.submit('confirm', { otp: codeFrom(secret) })
    const { recovery_codes: codes } = (await own.factorsOf(person.username)) as Record<
      string,
      unknown
    >
    expect(codes).toBe(10)
  })

  it('ends the session the browser had', async () => {
    const person = await newPerson({ on: own.server, code: false })
    const { browser } = await own.open(person)
    const link = await own.link(await newcomer(), 'setup-link')
    await (await browser.open(link)).submit('begin')
    expect(new URL((await own.go(browser, '/account')).url).pathname).toBe('/login')
  })
})

describe('an operator’s reset', () => {
  it('takes everything away, ends sessions, and leaves a link that asks for no password', async () => {
    const person = await newPerson({ on: own.server })
    const { browser } = await own.open(person)
    const link = await own.link(person.username, 'reset')
    expect(await own.factorsOf(person.username)).toEqual({
      password: false, totp: false, passkeys: 0, recovery_codes: 0,
    }) // prettier-ignore
    expect(new URL((await own.go(browser)).url).pathname).toBe('/login')
    expect((await own.open(person)).page.status).toBe(403)
    const setup = await begin(link)
    expect(setup.page.url).toBe(`${own.server.issuer}/setup`)
    await enrol(setup.browser, 'another long password')
    expect((await own.open({ ...person, password: 'another long password' })).page.status).toBe(200)
  })

  it('ends a set-up under way', async () => {
    const username = await newcomer()
    const { browser } = await begin(await own.link(username, 'setup-link'))
    await own.link(username, 'reset')
    expect(pageRefusal(await own.go(browser, '/setup'))).toBe('403 access_denied')
  })

  it('is for people who exist, and for operators', async () => {
    const admin = await openAdmin(own.server)
    for (const action of ['setup-link', 'reset']) {
      expect((await admin.request('POST', `/users/nobody-here/${action}`)).status).toBe(404)
    }
  })
})

describe('a set-up link nobody made', () => {
  it('is refused like a used one, whatever is wrong with it', async () => {
    const link = new URL(await own.link(await newcomer(), 'setup-link'))
    const text = link.searchParams.get('link') ?? ''
    const bytes = Buffer.from(text, 'base64url')
    const changed = (at: number, value: number) => {
      const copy = Buffer.from(bytes)
      copy[at] = value
      return copy.toString('base64url')
    }
    const wrong = [
      'x', '__proto__', 'A'.repeat(87), `${text}A`, text.slice(0, -1), changed(0, 4), changed(0, 6),
      changed(5, (bytes[5] ?? 0) ^ 1), changed(64, (bytes[64] ?? 0) ^ 1), randomBytes(65).toString('base64url'),
    ] // prettier-ignore
    for (const value of wrong) {
      link.searchParams.set('link', value)
      expect(pageRefusal(await createBrowser().open(link)), value).toBe('404 not_found')
    }
    link.searchParams.set('link', text)
    expect((await createBrowser().open(link)).forms).toHaveLength(1)
  })
})
