import { describe, expect, it } from 'vitest'
import {
  account,
  answerCode,
  codeFrom,
  makeLink,
  openAccount,
  secretOn,
} from '../support/account.ts'
import { openAdmin } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import type { Browser, Page, Visit } from '../support/browser.ts'
import { newPerson } from '../support/people.ts'
import { pageRefusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const url = (path: string) => `${server.issuer}${path}`

const tokenOn = (page: Page, action: string): string =>
  page.forms
    .find((form) => form.action === url(action))
    ?.fields.find(([name]) => name === 'form')?.[1] ?? ''

const factorsOf = async (username: string) =>
  (await (await openAdmin()).request('GET', `/users/${username}`)).json['factors']

/** A person who is signed in with two factors, gave a permission, and has every form open. */
async function everyForm() {
  const person = await newPerson()
  const key = await makeDpopKey()
  const given = await web.redeem(await web.code({}, person), { key })
  const { browser } = await openAccount(person)
  const code = await answerCode(await account(browser, '/account/code'), person)
  const recovery = await account(browser, '/account/recovery-codes')
  const password = await account(browser, '/account/password')
  const overview = await account(browser)
  const grant = /id="end-([0-9a-f]{64})"/.exec(overview.text)?.[1] ?? ''
  const fresh = 'chosen by somebody else'
  const page = tokenOn(overview, '/account/sign-out')
  const forms = [
    ['/account/permissions', { form: page, action: 'end', grant }],
    ['/account/sessions', { form: page, action: 'end-others' }],
    ['/account/sign-out', { form: page }],
    ['/account/code', { form: tokenOn(code, '/account/code'), action: 'confirm', otp: codeFrom(secretOn(code)) }],
    ['/account/recovery-codes', { form: tokenOn(recovery, '/account/recovery-codes') }],
    ['/account/password', { form: tokenOn(password, '/account/password'), current: person.password, password: fresh, again: fresh }],
  ] as const // prettier-ignore
  const alive = async () => {
    const api = await getResource(`${server.api}/accounts`, given.accessToken, { key })
    return [api.status, new URL((await account(browser)).url).pathname]
  }
  return { person, browser, forms, alive, grant }
}

/** What browsers and forgers send with a form from elsewhere. */
const elsewhere: readonly (readonly [string, Visit])[] = [
  ['a foreign Origin', { headers: { origin: 'https://evil.example', 'sec-fetch-site': null } }],
  ['a cross-site form', { headers: { 'sec-fetch-site': 'cross-site' } }],
  ['a same-site form', { headers: { 'sec-fetch-site': 'same-site' } }],
  ['a form without an initiator', { headers: { 'sec-fetch-site': 'none' } }],
]

const without = { password: true, totp: true, passkeys: 0, recovery_codes: 0 }

describe('an attacker who forges the forms of an account', () => {
  it.each(elsewhere)('ATK-A1-17 changes nothing with %s', async (_, visit) => {
    const { person, browser, forms, alive } = await everyForm()
    for (const [path, fields] of forms) {
      const page = await browser.post(url(path), fields, visit)
      expect(pageRefusal(page), path).toBe('400 invalid_request')
      expect(page.headers.getSetCookie(), path).toEqual([])
    }
    expect(await alive()).toEqual([200, '/account'])
    expect(await factorsOf(person.username)).toEqual(without)
    expect((await openAccount(person)).page.status).toBe(200)
  })

  it('ATK-A1-17 changes nothing without a token, with one of another form, or of another person', async () => {
    const { person, browser, forms, alive } = await everyForm()
    const other = await everyForm()
    const tokens = [...forms, ...other.forms].map(([path, { form }]) => [path, form] as const)
    for (const [path, fields] of forms) {
      const foreign = tokens.filter(([, form]) => form !== fields.form).map(([, form]) => form)
      const bent = fields.form.slice(0, -2)
      for (const form of ['', 'x', '__proto__', bent, `${fields.form}A`, ...new Set(foreign)]) {
        const page = await browser.post(url(path), { ...fields, form })
        expect(pageRefusal(page), `${path} ${form.slice(0, 12)}`).toBe('400 invalid_request')
      }
    }
    expect(await alive()).toEqual([200, '/account'])
    expect(await factorsOf(person.username)).toEqual(without)
  })

  it('ATK-A1-17 gets the same forms taken that their owner sends', async () => {
    const { browser, forms, person } = await everyForm()
    for (const [path, fields] of [...forms].filter(([path]) => path !== '/account/sign-out')) {
      const page = await browser.post(url(path), fields)
      expect([page.status, page.element('error')], path).toEqual([200, undefined])
    }
    expect(await factorsOf(person.username)).toMatchObject({ recovery_codes: 10 })
  })

  it('ATK-A1-17 changes nothing by a GET', async () => {
    const { browser, forms, alive } = await everyForm()
    for (const [path, fields] of forms) {
      await browser.open(`${url(path)}?${new URLSearchParams(fields).toString()}`)
    }
    expect(await alive()).toEqual([200, '/account'])
  })
})

describe('an attacker with an account of their own', () => {
  it('ATK-A1-19 ends no permission and no session of another person', async () => {
    const victim = await everyForm()
    const session = await openAccount(victim.person)
    expect(session.page.status).toBe(200)
    const sessionId = /id="end-([\w-]{22})"/.exec(session.page.text)?.[1] ?? ''
    expect(sessionId).not.toBe('')
    const attacker = await everyForm()
    const form = attacker.forms[0][1].form
    for (const [path, fields] of [
      ['/account/permissions', { grant: victim.grant, action: 'end' }],
      ['/account/permissions', { grant: 'account', action: 'end' }],
      ['/account/permissions', { grant: '__proto__', action: 'end' }],
      ['/account/permissions', { action: 'end' }],
      ['/account/sessions', { session: sessionId, action: 'end' }],
      ['/account/sessions', { action: 'end' }],
    ] as const) {
      const page = await attacker.browser.post(url(path), { form, ...fields })
      expect(page.url, path).toBe(url('/account?notice=gone'))
    }
    expect(await victim.alive()).toEqual([200, '/account'])
    expect(await attacker.alive()).toEqual([200, '/account'])
    expect(new URL((await account(session.browser)).url).pathname).toBe('/account')
  })

  it('ATK-A1-18 signs nobody else in: the session cookie is worth nothing in another browser', async () => {
    const { browser } = await everyForm()
    const thief: Browser = createBrowser()
    await account(thief)
    for (const cookie of browser.cookies.list().filter(({ name }) => name.endsWith('-session'))) {
      thief.cookies.put(cookie)
    }
    expect(new URL((await account(thief)).url).pathname).toBe('/login')
  })
})

describe('an attacker who plants a set-up', () => {
  it('ATK-A1-17 begins none in somebody’s browser by a form from elsewhere, and burns nothing', async () => {
    const person = await newPerson({ code: false })
    const link = await makeLink(person.username, 'reset')
    const victim = createBrowser()
    const page = await victim.open(link)
    for (const [name, visit] of elsewhere) {
      const forged = await page.submit('begin', {}, visit)
      expect(pageRefusal(forged), name).toBe('400 invalid_request')
    }
    // The attacker's own page in the victim's browser.
    const own = await createBrowser().open(link)
    const form = own.forms[0]?.fields.find(([name]) => name === 'form')?.[1] ?? ''
    expect(pageRefusal(await victim.post(url('/setup'), { form }))).toBe('400 invalid_request')
    expect((await page.submit('begin')).status).toBe(200)
  })
})

describe('an attacker who bends where a sign-in leads', () => {
  it('ATK-A1-11 finds no address in any parameter that the account would go to', async () => {
    const evil = 'https://evil.example'
    for (const name of [
      'return',
      'return_to',
      'path',
      'next',
      'redirect_uri',
      'notice',
      'page',
      'codes',
      'link',
    ]) {
      const query = `${name}=${encodeURIComponent(evil)}`
      for (const path of ['/account', '/account/code', '/account/signed-out', '/setup']) {
        const page = await createBrowser().open(`${url(path)}?${query}`)
        expect(page.redirectedTo, `${path} ${name}`).toBeUndefined()
        expect(page.text, `${path} ${name}`).not.toContain('evil.example')
      }
    }
  })

  it('ATK-A1-22 puts no words on the page: a notice is one of a closed list', async () => {
    const { browser } = await everyForm()
    for (const notice of [
      '<b>x</b>',
      'Your account was hacked',
      '__proto__',
      'constructor',
      'toString',
      '',
    ]) {
      const page = await account(browser, `/account?notice=${encodeURIComponent(notice)}`)
      expect([page.status, page.text.includes('role="status"')], notice).toEqual([200, false])
      expect(page.text).not.toContain('hacked')
    }
    const page = await account(browser, '/account?notice=password-changed')
    expect(page.text).toContain('role="status"')
  })
})
