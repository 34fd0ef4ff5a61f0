import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newClient, openAdmin } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import type { Browser } from '../support/browser.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { newPerson } from '../support/people.ts'
import { makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import type { Server } from '../support/test-client.ts'

/** An operator's own applications: the one kind of issuer that remembers a consent. */
let runtime: Runtime
let server: Server
const made = await newClient({ scope: 'openid profile accounts' })

beforeAll(async () => {
  runtime = await startRuntime({
    config: {
      issuer: { profile: 'openid-connect', authentication: { factors: 1 } },
      clients: [made.metadata],
    },
  })
  server = { ...runtime, ca: readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8') }
})
afterAll(() => runtime.stop())

const app = () => testClient(made.fixture, server)

async function ask(browser: Browser, fields: Readonly<Record<string, string>>) {
  const { requestUri, verifier } = await app().par({ fields: { scope: 'openid', ...fields } })
  const page = await browser.open(app().authorizeUrl(requestUri))
  const answer = page.redirectedTo?.searchParams
  return { page, verifier, code: answer?.get('code') ?? '', error: answer?.get('error') }
}

/** A browser in which somebody signed in and allowed `scope`. */
async function allowed(scope: string) {
  const browser = createBrowser()
  const person = await newPerson({ code: false, on: server })
  const { page, verifier } = await ask(browser, { scope })
  const consent = await page.submit('login', {
    username: person.username,
    password: person.password,
  })
  const done = await consent.submit('approve')
  const code = done.redirectedTo?.searchParams.get('code') ?? ''
  const { answer } = await app().redeem({ code, verifier }, { key: await makeDpopKey() })
  if (answer.status !== 200) throw new Error(answer.text)
  return { browser, person }
}

describe('a remembered consent', () => {
  it('answers prompt=none for what it covers, with a grant of its own', async () => {
    const { browser, person } = await allowed('openid accounts')
    const { code, verifier } = await ask(browser, { prompt: 'none', scope: 'openid' })
    const { answer } = await app().redeem({ code, verifier }, { key: await makeDpopKey() })
    expect(answer.status).toBe(200)
    expect(decodeJwt(String(answer.json['id_token'])).sub).toBe(person.sub)
    expect(answer.json['scope']).toBe('openid')
  })

  it('is never silent for a new scope, a new claim or another person', async () => {
    const { browser } = await allowed('openid accounts')
    const silent = async (fields: Readonly<Record<string, string>>, by = browser) =>
      (await ask(by, { prompt: 'none', ...fields })).error
    expect(await silent({ scope: 'openid accounts profile' })).toBe('consent_required')
    const claims = JSON.stringify({ userinfo: { email: null } })
    expect(await silent({ claims })).toBe('consent_required')
    expect(await silent({}, createBrowser())).toBe('login_required')
    const other = await allowed('openid')
    expect(await silent({ scope: 'openid accounts' }, other.browser)).toBe('consent_required')
  })

  it('lasts no longer than the person agreed to, however often it is used', async () => {
    const { browser, person } = await allowed('openid')
    await moveClock(1_000, server)
    expect((await ask(browser, { prompt: 'none' })).code).not.toBe('')
    await moveClock(2_000, server)
    expect((await ask(browser, { prompt: 'none' })).code).not.toBe('')
    const listed = await (
      await openAdmin(server)
    ).request('GET', `/users/${person.username}/grants`)
    const grants = listed.json['grants'] as readonly { readonly expires_at: string }[]
    const ends = grants.map(({ expires_at: end }) => Math.round(Date.parse(end) / 10_000))
    expect([ends.length, new Set(ends).size]).toEqual([3, 1])
    await moveClock(0, server)
  })

  it('ends with the grant it stands for', async () => {
    const { browser, person } = await allowed('openid')
    const admin = await openAdmin(server)
    const listed = await admin.request('GET', `/users/${person.username}/grants`)
    const [grant] = listed.json['grants'] as readonly { readonly grant_id: string }[]
    expect((await admin.request('POST', `/grants/${grant?.grant_id}/revoke`)).status).toBeLessThan(
      300,
    )
    expect((await ask(browser, { prompt: 'none' })).error).toBe('consent_required')
  })

  it('does not spare a page where no silence was asked for, and the page marks what is new', async () => {
    const { browser } = await allowed('openid')
    const again = await ask(browser, { scope: 'openid accounts' })
    expect(again.page.forms.flatMap(({ buttons }) => buttons.map(({ id }) => id))).toContain(
      'approve',
    )
    expect(again.page.words).toMatch(/See your accounts\s*New/)
    expect(again.page.words).not.toMatch(/Confirm that it is you\s*New/)
  })
})
