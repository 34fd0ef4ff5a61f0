import { describe, expect, it } from 'vitest'
import { account, openAccount } from '../support/account.ts'
import { openAdmin, registerPerson } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const resourceServer = testClient('resourceServer')

describe('the account page', () => {
  it('asks to sign in first, and comes back to the page', async () => {
    const person = await registerPerson(await openAdmin())
    const browser = createBrowser()
    const login = await account(browser)
    expect(new URL(login.url).pathname).toBe('/login')
    const { username, password } = person
    const page = await login.submit('login', { username, password })
    expect(page.status).toBe(200)
    expect(page.url).toBe(`${server.issuer}/account`)
    expect(page.words).toContain(username)
  })

  it('signs out: the session is over, and another page asks to sign in', async () => {
    const { browser, page } = await openAccount(await registerPerson(await openAdmin()))
    const cookie = browser.cookies.list().find(({ name }) => name.endsWith('-session'))
    const out = await page.submit('sign-out')
    expect(out.status).toBe(200)
    expect(browser.cookies.list().some(({ name }) => name.endsWith('-session'))).toBe(false)
    if (cookie !== undefined) browser.cookies.put(cookie)
    expect(new URL((await account(browser)).url).pathname).toBe('/login')
  })

  it('signs out whoever waited until the session was over, without asking to sign in', async () => {
    const { browser, page } = await openAccount(await registerPerson(await openAdmin()))
    const elsewhere = browser.cookies.list().find(({ name }) => name.endsWith('-session'))
    await page.submit('sign-out')
    if (elsewhere !== undefined) browser.cookies.put(elsewhere)
    const late = await page.submit('sign-out')
    expect(late.url).toBe(`${server.issuer}/account/signed-out`)
    expect(browser.cookies.list().some(({ name }) => name.endsWith('-session'))).toBe(false)
    const other = await openAccount(await registerPerson(await openAdmin()))
    const foreign = await other.browser.post(
      `${server.issuer}/account/sign-out`,
      {},
      { from: 'cross-site' },
    )
    expect(foreign.status).toBe(400)
    expect(new URL((await account(other.browser)).url).pathname).toBe('/account')
  })

  it('takes a permission back at once: for refresh, introspection and the bank API', async () => {
    const person = await registerPerson(await openAdmin())
    const key = await makeDpopKey()
    const given = await web.code({}, person)
    const { accessToken, refreshToken } = await web.redeem(given, { key })
    const introspect = () => resourceServer.post('/introspect', { token: accessToken })
    const call = () => getResource(`${server.api}/accounts`, accessToken, { key })
    expect((await call()).status).toBe(200)
    const { page } = await openAccount(person)
    const button = /id="(end-[0-9a-f]{64})"/.exec(page.text)?.[1] ?? ''
    const after = await page.submit(button)
    expect(after.status).toBe(200)
    expect(after.url).toBe(`${server.issuer}/account?notice=permission-ended`)
    expect(after.text).not.toContain(`id="${button}"`)
    const refreshed = await web.refresh(refreshToken, { key })
    expect([refreshed.answer.status, refreshed.answer.json['error']]).toEqual([
      400,
      'invalid_grant',
    ])
    expect((await introspect()).json).toEqual({ active: false })
    expect((await call()).status).toBe(401)
  })

  it('shows every browser that is signed in, and signs out the others but not this one', async () => {
    const person = await registerPerson(await openAdmin())
    const here = await openAccount(person)
    const there = await openAccount(person)
    const page = await account(here.browser)
    const after = await page.submit('end-others')
    expect(after.url).toBe(`${server.issuer}/account?notice=sessions-ended`)
    expect(new URL((await account(there.browser)).url).pathname).toBe('/login')
    expect(new URL((await account(here.browser)).url).pathname).toBe('/account')
  })
})
