import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { storageCost } from '../support/attack.ts'
import { createBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { makeFixtures } from '../support/fixtures.ts'
import type { Fixtures } from '../support/fixtures.ts'
import { send } from '../support/http.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { testClient } from '../support/test-client.ts'
import type { TestClient } from '../support/test-client.ts'

/**
 * Failed sign-ins throttle their address, which all tests share, so this file has a server of its own.
 */
let runtime: Runtime
let fixtures: Fixtures
let web: TestClient
let offset = 0

beforeAll(async () => {
  const made = await makeFixtures()
  fixtures = made.fixtures
  runtime = await startRuntime({ config: made.config })
  web = testClient(fixtures.clients.web, { ...runtime, ca: '' })
})

beforeEach(() => wait(memory))

afterAll(async () => {
  await runtime.stop()
})

/** No delay lasts longer than this, and failures are forgotten after the other. */
const everyDelay = 301
const memory = 6 * 3_600 + 1

/** Lets time pass on this server. */
async function wait(seconds: number): Promise<void> {
  offset += seconds
  await send(`${runtime.control}/clock`, {
    method: 'POST',
    headers: [['content-type', 'application/json'], ['authorization', `Bearer ${runtime.controlToken}`]],
    body: JSON.stringify({ offset_s: offset }),
  }) // prettier-ignore
}

async function openLogin(): Promise<Page> {
  const now = Math.floor(Date.now() / 1000) + offset
  const { requestUri } = await web.par({ claims: { iat: now, exp: now + 60 } })
  return createBrowser().open(web.authorizeUrl(requestUri))
}

/** What a stranger can tell apart: status, words, headers and what is asked of storage, less the name. */
function seen(page: Page, username: string) {
  return {
    status: page.status,
    words: page.words,
    problem: page.element('problem'),
    // What is random or sealed differs each time, whoever asks.
    markup: page.text
      .replaceAll(username, 'NAME')
      .replace(/(value|data-interaction)="[^"]{100,}"/g, '')
      .replace(/&quot;challenge&quot;:&quot;[\w-]+&quot;/, ''),
    cookies: page.headers.getSetCookie(),
    retry: page.headers.get('retry-after'),
    // Rows differ by the sweep a bucket has or has not planned yet, whoever asks.
    calls: storageCost(page).calls,
    length: page.text.length - username.length,
  }
}

describe('an attacker who guesses passwords', () => {
  it('ATK-A1-33 sees no difference between a known name, an unknown one and a strange one', async () => {
    const { alice } = fixtures.users
    const unknown = randomBytes(2).toString('hex') + 'x'
    const answers = []
    for (const username of [alice.username, unknown, 'ALICE', '__proto__', 'ali ce', 'operator.local', 'client-web']) {
      const login = await openLogin()
      answers.push(seen(await login.submit('login', { username, password: 'wrong' }), username))
    } // prettier-ignore
    const [known, ...others] = answers
    expect(known).toMatchObject({ status: 403, cookies: [], retry: null })
    expect(known?.problem).toContain('do not match')
    for (const other of others) {
      expect({ ...other, markup: '', length: 0 }).toEqual({ ...known, markup: '', length: 0 })
    }
    expect(others[0]?.markup).toBe(known?.markup)
    expect(others[0]?.length).toBe(known?.length)
    const consent = await (await openLogin()).submit('login', alice)
    expect(consent.status).toBe(200)
  })

  it.each(['carol', 'nobody-of-this-name'])(
    'ATK-A1-32 ATK-A1-33 gets 429 for %s after some guesses, with a growing delay, in the same words',
    async (username) => {
      const login = await openLogin()
      const statuses = []
      let waits: Page | undefined
      for (let guess = 0; guess < 12 && waits === undefined; guess += 1) {
        const page = await login.submit('login', { username, password: `wrong ${guess}` })
        statuses.push(page.status)
        if (page.status === 429) waits = page
      }
      expect(statuses).toEqual([...Array.from({ length: 6 }, () => 403), 429])
      expect(waits?.headers.get('retry-after')).toMatch(/^[12]$/)
      expect(waits?.element('problem')).toMatch(/^Too many attempts\. Wait \d+ seconds?, then try again\.$/) // prettier-ignore
      // The right password says nothing either while the delay lasts.
      const { password } = fixtures.users.carol
      const right = await login.submit('login', { username, password })
      expect(right.status).toBe(429)
      expect(right.headers.getSetCookie()).toEqual([])
      await wait(2)
      expect((await login.submit('login', { username, password: 'wrong' })).status).toBe(403)
      const longer = await login.submit('login', { username, password: 'wrong' })
      expect(longer.headers.get('retry-after')).toMatch(/^[34]$/)
    },
  )

  it('ATK-A1-32 never locks a person out for good: after the delay the right password works', async () => {
    const { carol } = fixtures.users
    const login = await openLogin()
    for (let guess = 0; guess < 9; guess += 1) {
      await login.submit('login', { ...carol, password: `wrong ${guess}` })
      if (guess > 4) await wait(everyDelay)
    }
    expect((await login.submit('login', { ...carol, password: 'wrong' })).status).toBe(403)
    expect((await login.submit('login', carol)).status).toBe(429)
    await wait(everyDelay)
    const consent = await (await openLogin()).submit('login', carol)
    expect(consent.words).toContain('Signed in as carol')
    const next = await (await openLogin()).submit('login', { ...carol, password: 'wrong' })
    expect(next.status).toBe(403)
  })

  it('ATK-A1-32 ATK-A1-33 cannot slip through with 50 parallel guesses: few are judged, known name or not', async () => {
    const prices = []
    for (const username of ['alice', 'nobody-else']) {
      await wait(memory)
      const login = await openLogin()
      const guesses = Array.from({ length: 50 }, (_, guess) => `wrong ${guess}`)
      const pages = await Promise.all(
        guesses.map((password) => login.submit('login', { username, password })),
      )
      const judged = pages.filter(({ status }) => status === 403)
      const waiting = pages.filter(({ status }) => status === 429)
      expect(judged.length).toBeGreaterThan(0)
      // Six by the schedule; a slow machine may take longer than the first delay of two seconds.
      expect(judged.length).toBeLessThanOrEqual(8)
      expect(waiting).toHaveLength(50 - judged.length)
      const calls = [judged, waiting].map(
        (some) => new Set(some.map((page) => storageCost(page).calls)),
      )
      prices.push(calls)
    }
    expect(prices[1]).toEqual(prices[0])
  })

  it('ATK-A1-32 cannot spread guesses over many names from one address either', async () => {
    const login = await openLogin()
    const statuses = []
    for (let guess = 0; guess < 30; guess += 1) {
      const username = `somebody-${guess}-${randomBytes(4).toString('hex')}`
      statuses.push((await login.submit('login', { username, password: 'Password1!' })).status)
      if (statuses.at(-1) === 429) break
    }
    expect(statuses.at(-1)).toBe(429)
    expect(statuses.length).toBeLessThanOrEqual(22)
  })

  it('ATK-A1-32 cannot get around the delay by the address in a header', async () => {
    const login = await openLogin()
    for (let guess = 0; guess < 21; guess += 1) {
      await login.submit('login', { username: `somebody-${guess}`, password: 'Password1!' })
    }
    const username = `someone-${randomBytes(4).toString('hex')}`
    const headers = Object.fromEntries(
      ['cf-connecting-ip', 'x-forwarded-for', 'x-real-ip', 'true-client-ip', 'forwarded', 'cf-connecting-ipv6', 'x-client-ip'].map((name) => [name, name === 'forwarded' ? 'for=203.0.113.7' : '203.0.113.7']),
    ) // prettier-ignore
    const page = await login.submit('login', { username, password: 'Password1!' }, { headers })
    expect(page.status).toBe(429)
    await wait(everyDelay)
    const consent = await (await openLogin()).submit('login', fixtures.users.alice)
    expect(consent.status).toBe(200)
  })

  it('ATK-A1-32 takes no shortcut for empty, long or strange passwords', async () => {
    const { alice } = fixtures.users
    for (const password of ['', `${alice.password} `, alice.password.toUpperCase(), alice.password.slice(0, -1), `${alice.password}${'x'.repeat(300)}`]) {
      const page = await (await openLogin()).submit('login', { username: alice.username, password })
      expect(page.status, password).toBe(403)
      expect(page.headers.getSetCookie()).toEqual([])
      await wait(everyDelay)
    } // prettier-ignore
    const long = await (
      await openLogin()
    ).submit('login', { username: 'x'.repeat(257), password: 'x' })
    expect(long.status).toBe(400)
    const consent = await (await openLogin()).submit('login', alice)
    expect(consent.status).toBe(200)
  })
})
