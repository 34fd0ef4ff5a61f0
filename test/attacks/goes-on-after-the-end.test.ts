import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { account, makeLink, openAccount } from '../support/account.ts'
import { openAdmin } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { codeOf, newPerson } from '../support/people.ts'
import type { Somebody } from '../support/people.ts'
import { pageRefusal } from '../support/refusal.ts'
import { moveClock, testClient } from '../support/test-client.ts'

const web = testClient('web')
const claims = JSON.stringify({
  id_token: { acr: { essential: true, values: ['urn:fapi-edge:acr:two-factors'] } },
})

let person: Somebody
beforeEach(async () => {
  person = await newPerson()
})
afterEach(() => moveClock(0))

const hasSession = (browser: Browser): boolean =>
  browser.cookies.list().some(({ name }) => name.endsWith('-session'))
const offers = (page: Page): readonly (string | undefined)[] =>
  page.forms.flatMap(({ buttons }) => buttons.map(({ id }) => id))
const pathOf = (page: Page): string => new URL(page.url).pathname

async function arrive(browser: Browser, fields: Readonly<Record<string, string>> = {}) {
  const { requestUri } = await web.par({ fields: { scope: 'openid', claims, ...fields } })
  return browser.open(web.authorizeUrl(requestUri))
}

const givePassword = (page: Page) =>
  page.submit('login', { username: person.username, password: person.password })

/** A page that asks only for the password of somebody whose code was shown ten minutes ago at most. */
async function askedForPasswordAlone() {
  const browser = createBrowser()
  const code = await givePassword(await arrive(browser))
  await moveClock(120)
  expect(offers(await code.submit('login', { otp: codeOf(person) }))).toContain('approve')
  await moveClock(650)
  const page = await arrive(browser, { max_age: '600' })
  expect(page.text).toContain(`value="${person.username}"`)
  return { browser, page }
}

describe('whoever holds a browser that was signed out', () => {
  it('ATK-A1-18 cannot go on with the code of the session that was ended elsewhere', async () => {
    const { browser, page } = await askedForPasswordAlone()
    const elsewhere = await openAccount(person)
    await elsewhere.page.submit('end-others')
    const after = await givePassword(page)
    expect(offers(after)).not.toContain('approve')
    expect(pathOf(await account(browser))).toBe('/login')
  })

  it('while the session lives, its code counts and the password alone is missing', async () => {
    const { page } = await askedForPasswordAlone()
    expect(offers(await givePassword(page))).toContain('approve')
  })

  it('ATK-A1-18 cannot finish from the history a sign-in whose password was shown before signing out', async () => {
    const browser = createBrowser()
    const half = await givePassword(await arrive(browser))
    expect(offers(await half.submit('login', { otp: codeOf(person) }))).toContain('approve')
    await moveClock(60)
    await (await account(browser)).submit('sign-out')
    expect(hasSession(browser)).toBe(false)
    await moveClock(120)
    const after = await half.submit('login', { otp: codeOf(person) })
    expect(offers(after)).not.toContain('approve')
    expect(hasSession(browser)).toBe(false)
    const again = await givePassword(await arrive(browser))
    expect(offers(await again.submit('login', { otp: codeOf(person, 1) }))).toContain('approve')
  })
})

describe('whoever holds an operator’s link, or the browser it was begun in', () => {
  const own = 'a password of my own'

  async function begunIn(browser: Browser) {
    await (await browser.open(await makeLink(person.username, 'reset'))).submit('begin')
    const form = await account(browser, '/account/password')
    await form.submit('save', { password: own, again: own })
    return account(browser, '/account/code')
  }

  it('enrols nothing after its owner has signed in there and out again', async () => {
    const browser = createBrowser()
    expect(offers(await begunIn(browser))).toContain('confirm')
    const { page } = await openAccount({ ...person, password: own }, browser)
    await page.submit('sign-out')
    for (const path of ['/account/code', '/account/passkeys', '/account/password']) {
      expect(pathOf(await account(browser, path)), path).toBe('/login')
    }
  })

  it('enrols nothing after its owner has signed out all others elsewhere', async () => {
    const browser = createBrowser()
    expect(offers(await begunIn(browser))).toContain('confirm')
    const { page } = await openAccount({ ...person, password: own })
    await page.submit('sign-out')
    expect(offers(await account(browser, '/account/code'))).toContain('confirm')
    await openAccount({ ...person, password: own })
    const elsewhere = await openAccount({ ...person, password: own })
    await elsewhere.page.submit('end-others')
    expect(pageRefusal(await account(browser, '/account/code'))).toBe('403 access_denied')
  })

  it('cannot begin once the operator has disabled the account, not even when it is enabled again', async () => {
    const admin = await openAdmin()
    for (const kind of ['setup-link', 'reset'] as const) {
      const link = await makeLink(person.username, kind)
      expect((await createBrowser().open(link)).forms).toHaveLength(1)
      for (const action of ['disable', 'enable']) {
        await admin.request('POST', `/users/${person.username}/${action}`)
      }
      expect(pageRefusal(await createBrowser().open(link))).toBe('404 not_found')
      const newer = await makeLink(person.username, kind)
      expect((await createBrowser().open(newer)).forms).toHaveLength(1)
    }
  })

  it('cannot begin without the password that the operator has written since', async () => {
    const admin = await openAdmin()
    const write = () =>
      admin.request('PUT', `/users/${person.username}`, { password: 'by the operator' })
    const reset = await makeLink(person.username, 'reset')
    expect((await createBrowser().open(reset)).forms).toHaveLength(1)
    expect((await write()).status).toBe(200)
    expect(pageRefusal(await createBrowser().open(reset))).toBe('404 not_found')
    const invitation = await makeLink(person.username, 'setup-link')
    expect((await write()).status).toBe(200)
    const first = await createBrowser().open(invitation)
    const refused = await first.submit('begin', { password: person.password })
    expect(refused.status).toBe(403)
    expect(pathOf(await first.submit('begin', { password: 'by the operator' }))).toBe('/setup')
  })
})
