import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openAdmin, registerClient } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { openFakeProvider } from '../support/fake-provider.ts'
import type { FakeProvider } from '../support/fake-provider.ts'
import { text } from '../support/key-host.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { makeDpopKey, moveClock, nowSeconds, testClient } from '../support/test-client.ts'
import type { Server, TestClient } from '../support/test-client.ts'
import { bankClientId, sessionOf, withCa } from '../support/two-servers.ts'

/*
 * The bank's people sign in at a provider that this file plays: each test lets it, or somebody else,
 * say one thing that is not so. The same visit without the fault ends signed in.
 */

let provider: FakeProvider
let bank: Server & Runtime
let admin: Admin
let client: TestClient

beforeAll(async () => {
  provider = await openFakeProvider(bankClientId)
  const upstream = {
    issuer: provider.issuer,
    client_id: bankClientId,
    scope: 'openid',
    acr: { one: 'one-factor', two: 'two-factors', three: 'phishing-resistant' },
    claims: { their_name: 'name', mail: 'email' },
  }
  bank = withCa(
    await startRuntime({
      args: ['--no-demo', '--outbound-allow', provider.issuer],
      config: { issuer: { id: 'bank', authentication: { upstream } } },
    }),
  )
  admin = await openAdmin(bank)
  client = testClient((await registerClient(admin)).fixture, bank)
})

afterEach(async () => {
  provider.metadata()
  await moveClock(0, bank)
})
afterAll(async () => {
  await bank?.stop()
  await provider?.host.close()
})

type Fields = Readonly<Record<string, string>>

/** A browser on its way to the provider, and what the provider was asked. */
type Sent = {
  readonly browser: Browser
  readonly asked: URLSearchParams
  readonly address: string
  /** Where an honest provider would send the browser back to. */
  readonly callback: (changes?: Readonly<Record<string, string | undefined>>) => string
}

async function send(fields: Fields = {}, browser: Browser = createBrowser()): Promise<Sent> {
  const { answer, requestUri } = await client.par({ fields })
  expect(answer.status, answer.text).toBe(201)
  const address = client.authorizeUrl(requestUri)
  const { redirectedTo, words } = await browser.open(address)
  const asked = redirectedTo?.searchParams ?? new URLSearchParams()
  expect(redirectedTo?.origin, words).toBe(provider.issuer)
  const callback: Sent['callback'] = (changes = {}) => {
    const all = { code: 'a-code', state: asked.get('state') ?? '', iss: provider.issuer, ...changes }
    const query = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined)
    return `${bank.issuer}/login/callback?${new URLSearchParams(query).toString()}`
  } // prettier-ignore
  return { browser, asked, address, callback }
}

const honest = async (sent: Sent, claims: Readonly<Record<string, unknown>> = {}) =>
  provider.answers(await provider.idToken({ nonce: sent.asked.get('nonce'), ...claims }))

const back = (sent: Sent, address = sent.callback(), browser = sent.browser): Promise<Page> =>
  browser.open(address, { from: 'cross-site' })

const people = async (): Promise<number> => {
  const { json } = await (await openAdmin(bank)).request('GET', '/users')
  return (json['users'] as readonly unknown[]).length
}

async function expectNothing(page: Page, { browser }: Sent, status = 403): Promise<void> {
  expect(page.status, page.words).toBe(status)
  expect(sessionOf(bank, browser)).toBeUndefined()
}

async function expectSignedIn(page: Page, { browser }: Sent): Promise<void> {
  expect(page.words).toContain('Approve')
  expect(sessionOf(bank, browser)).toBeDefined()
}

/** The same visit once more without the fault. */
async function twin(fields: Fields = {}): Promise<void> {
  const sent = await send(fields)
  await honest(sent)
  await expectSignedIn(await back(sent), sent)
}

describe('what the provider is asked', () => {
  it('is bound to this browser, this visit and this server, and keeps its secrets', async () => {
    const { asked } = await send()
    expect(Object.fromEntries(asked)).toMatchObject({
      client_id: bankClientId,
      response_type: 'code',
      redirect_uri: `${bank.issuer}/login/callback`,
      code_challenge_method: 'S256',
      acr_values: 'two three',
    })
    expect(asked.get('code_challenge')).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const other = (await send()).asked
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(other.get(name)).not.toBe(asked.get(name))
    }
    // A sealed state: neither the verifier nor the nonce can be read out of it.
    const opened = Buffer.from(asked.get('state')?.split('.')[1] ?? '', 'base64url')
    expect(opened.includes(asked.get('nonce') ?? '')).toBe(false)
    expect(opened.includes('verifier')).toBe(false)
  })
})

describe('an answer in the browser', () => {
  it('ATK-A1-07 counts once: the second time nothing is redeemed', async () => {
    const sent = await send()
    await honest(sent)
    await expectSignedIn(await back(sent), sent)
    const before = provider.redeemed()
    const session = sessionOf(bank, sent.browser)
    const again = await back(sent)
    expect(again.status).toBe(400)
    expect(again.element('error')).toBe('invalid_request')
    expect(provider.redeemed()).toBe(before)
    expect(sessionOf(bank, sent.browser)).toBe(session)
  })

  it('counts once when twenty copies come at the same time', async () => {
    const sent = await send()
    await honest(sent)
    const before = provider.redeemed()
    const pages = await Promise.all(Array.from({ length: 20 }, () => back(sent)))
    expect(pages.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(provider.redeemed()).toBe(before + 1)
  })

  it('ATK-A1-19 counts in the browser it was asked for only', async () => {
    const sent = await send()
    const victim = await send()
    await honest(sent)
    const before = provider.redeemed()
    const page = await back(sent, sent.callback(), victim.browser)
    await expectNothing(page, victim, 400)
    expect(page.links.find(({ id }) => id === 'back')).toBeUndefined()
    const bare = createBrowser()
    expect((await back(sent, sent.callback(), bare)).status).toBe(400)
    expect(provider.redeemed()).toBe(before)
    await expectSignedIn(await back(sent), sent)
  })

  it.each([
    ['of another provider', 'https://evil.example'],
    ['of this server itself', () => bank.issuer],
    ['with a slash more', () => `${provider.issuer}/`],
    ['missing', undefined],
  ])('ATK-A1a-01 with an iss %s sends no code anywhere', async (_what, iss) => {
    const sent = await send()
    await honest(sent)
    const before = provider.redeemed()
    const mixed = typeof iss === 'function' ? iss() : iss
    await expectNothing(await back(sent, sent.callback({ iss: mixed })), sent)
    const error = sent.callback({ iss: mixed, code: undefined, error: 'access_denied' })
    await expectNothing(await back(sent, error), sent)
    expect(provider.redeemed()).toBe(before)
    // Nothing was used up: the true answer still counts.
    await expectSignedIn(await back(sent), sent)
  })

  it.each([
    ['nothing', undefined],
    ['anything', 'a-state'],
    ['a long text', 'a'.repeat(6_000)],
  ])('with %s for a state is refused', async (_what, state) => {
    const sent = await send()
    await honest(sent)
    await expectNothing(await back(sent, sent.callback({ state })), sent, 400)
    await expectSignedIn(await back(sent), sent)
  })

  it('with a state that was changed, or is the token of a page, is refused', async () => {
    const sent = await send()
    await honest(sent)
    const state = sent.asked.get('state') ?? ''
    const flipped = `${state.slice(0, -2)}${state.endsWith('A') ? 'BB' : 'AA'}`
    await expectNothing(await back(sent, sent.callback({ state: flipped })), sent, 400)
    // The token of the sign-in page is sealed for another use.
    const cancelled = sent.callback({ code: undefined, error: 'access_denied' })
    const page = await back(sent, cancelled)
    const again = new URL(page.links.find(({ id }) => id === 'again')?.href ?? '')
    const token = again.searchParams.get('interaction') ?? ''
    expect(token).not.toBe('')
    await expectNothing(await back(sent, sent.callback({ state: token })), sent, 400)
    await twin()
  })

  it('comes too late after a quarter of an hour', async () => {
    const stale = await send()
    await honest(stale)
    await moveClock(15 * 60 + 1, bank)
    await expectNothing(await back(stale), stale, 400)
    await moveClock(0, bank)
    const sent = await send()
    await moveClock(15 * 60 - 10, bank)
    await honest(sent)
    await expectSignedIn(await back(sent), sent)
  })

  it('sent twice in one address is refused', async () => {
    const sent = await send()
    await honest(sent)
    for (const name of ['code', 'state', 'iss'] as const) {
      const address = new URL(sent.callback())
      address.searchParams.append(name, address.searchParams.get(name) ?? '')
      await expectNothing(await back(sent, address.href), sent, 400)
    }
    await expectSignedIn(await back(sent), sent)
  })

  it.each([
    ['access_denied', 403, 'access_denied'],
    ['login_required', 403, 'access_denied'],
    ['interaction_required', 403, 'access_denied'],
    ['server_error', 503, 'temporarily_unavailable'],
    ['temporarily_unavailable', 503, 'temporarily_unavailable'],
    ['unmet_authentication_requirements', 400, 'unmet_authentication_requirements'],
    ['<script>alert(1)</script>', 403, 'access_denied'],
  ])('that is the error %s ends in a page with both ways on', async (error, status, told) => {
    const sent = await send()
    const description = '<b>raw</b>'
    const address = sent.callback({ code: undefined, error, error_description: description })
    const page = await back(sent, address)
    await expectNothing(page, sent, status)
    expect(page.text).not.toContain('<script>')
    expect(page.text).not.toContain('<b>raw')
    const link = page.links.find(({ id }) => id === 'back')
    const wayBack = new URL(link?.href ?? '')
    expect(wayBack.origin + wayBack.pathname).toBe(client.fixture.redirectUri)
    expect(wayBack.searchParams.get('error')).toBe(told)
    const again = await page.follow('again')
    expect(again.redirectedTo?.origin).toBe(provider.issuer)
  })

  it('without a code or an error is refused', async () => {
    const sent = await send()
    await honest(sent)
    await expectNothing(await back(sent, sent.callback({ code: undefined })), sent)
    await twin()
  })
})

describe('an id_token', () => {
  const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['another nonce', { nonce: 'another' }],
    ['no nonce', { nonce: undefined }],
    ['another iss', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'another-client' }],
    ['this issuer as audience', { aud: 'http://localhost' }],
    ['a second audience', { aud: [bankClientId, 'another-client'], azp: bankClientId }],
    ['another azp', { azp: 'another-client' }],
    ['no exp', { exp: undefined }],
    ['an exp that has passed', { exp: nowSeconds() - 60 }],
    ['no iat', { iat: undefined }],
    ['an iat in the future', { iat: nowSeconds() + 3_600 }],
    ['no sub', { sub: undefined }],
    ['an empty sub', { sub: '' }],
    ['a number as sub', { sub: 7 }],
    ['a sub of 256 characters', { sub: 'a'.repeat(256) }],
    ['an auth_time in the future', { auth_time: nowSeconds() + 3_600 }],
    ['an auth_time that is no number', { auth_time: 'now' }],
  ]

  it.each(wrong)('with %s signs nobody in', async (_what, claims) => {
    const sent = await send()
    const before = await people()
    await honest(sent, claims)
    await expectNothing(await back(sent), sent)
    expect(await people()).toBe(before)
  })

  it('without these faults signs the person in', async () => {
    await twin()
  })

  it('of another visit signs nobody in', async () => {
    const [mine, victims] = [await send(), await send()]
    provider.answers(await provider.idToken({ nonce: victims.asked.get('nonce') }))
    await expectNothing(await back(mine), mine)
    await twin()
  })

  it.each([
    ['of an unknown key', { kid: 'fake-1' }],
    ['of an unknown key id', { kid: 'fake-2' }],
  ])('signed %s signs nobody in', async (_what, header) => {
    const sent = await send()
    const key = await makeDpopKey()
    const claims = { nonce: sent.asked.get('nonce') }
    provider.answers(await provider.idToken(claims, { key, header }))
    await expectNothing(await back(sent), sent)
    await twin()
  })

  it('chooses no algorithm: not none, and not one that was not agreed', async () => {
    const claims = async (sent: Sent) => provider.idToken({ nonce: sent.asked.get('nonce') })
    const unsigned = await send()
    const [, body = ''] = (await claims(unsigned)).split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
    provider.answers(`${none}.${body}.`)
    await expectNothing(await back(unsigned), unsigned)
    const other = await send()
    const key = await makeDpopKey('EdDSA')
    const nonce = other.asked.get('nonce')
    provider.answers(await provider.idToken({ nonce }, { key, header: { alg: 'EdDSA' } }))
    await expectNothing(await back(other), other)
    await twin()
  })

  it.each([
    ['an acr that is not in the table', { acr: 'four' }],
    ['an acr that every object has', { acr: 'constructor' }],
    ['a list of acr', { acr: ['two'] }],
    ['no acr', { acr: undefined }],
    ['an acr that is worth too little', { acr: 'one' }],
  ])('with %s is worth nothing', async (_what, claims) => {
    const sent = await send()
    await honest(sent, claims)
    const page = await back(sent)
    await expectNothing(page, sent, 400)
    expect(page.element('error')).toBe('unmet_authentication_requirements')
    await twin()
  })

  it('must be as fresh as the client demands', async () => {
    const old = { auth_time: nowSeconds() - 120 }
    for (const claims of [old, { auth_time: undefined }]) {
      const sent = await send({ max_age: '60' })
      expect(Number(sent.asked.get('max_age'))).toBeGreaterThanOrEqual(60)
      expect(Number(sent.asked.get('max_age'))).toBeLessThanOrEqual(65)
      await honest(sent, claims)
      await expectNothing(await back(sent), sent, 400)
    }
    const anyAge = await send()
    await honest(anyAge, old)
    await expectSignedIn(await back(anyAge), anyAge)
    await twin({ max_age: '60' })
  })

  it('must say when the person signed in, since a later client may ask how long ago that was', async () => {
    // A session of days at the provider, told without its age to a client that does not mind.
    const mute = await send()
    expect(Number(mute.asked.get('max_age'))).toBeGreaterThan(0)
    await honest(mute, { auth_time: undefined })
    const page = await back(mute)
    await expectNothing(page, mute, 400)
    expect(page.element('error')).toBe('unmet_authentication_requirements')
    // One that minds is asked for more than the session that would have come of it.
    await send({ max_age: '60' }, mute.browser)
    const told = await send()
    await honest(told, { auth_time: nowSeconds() - 86_400 })
    await expectSignedIn(await back(told), told)
    await send({ max_age: '60' }, told.browser)
    // The positive twin: a sign-in of just now does for both.
    const fresh = await send()
    await honest(fresh)
    await expectSignedIn(await back(fresh), fresh)
    const { answer, requestUri } = await client.par({ fields: { max_age: '60' } })
    expect(answer.status).toBe(201)
    expect((await fresh.browser.open(client.authorizeUrl(requestUri))).words).toContain('Approve')
  })

  it('reaches what the client calls essential, or signs nobody in', async () => {
    const values = ['urn:fapi-edge:acr:phishing-resistant']
    const claims = JSON.stringify({ id_token: { acr: { essential: true, values } } })
    const sent = await send({ claims })
    expect(sent.asked.get('acr_values')).toBe('three')
    await honest(sent, { acr: 'two' })
    await expectNothing(await back(sent), sent, 400)
    const strong = await send({ claims })
    await honest(strong, { acr: 'three' })
    await expectSignedIn(await back(strong), strong)
  })

  it('is asked for anew where a client wishes for more than the session has (RFC 9470 4)', async () => {
    const three = { acr_values: 'urn:fapi-edge:acr:phishing-resistant' }
    const first = await send()
    await honest(first)
    await expectSignedIn(await back(first), first)
    // What the session has is enough for another wish: nobody is sent away.
    const two = await client.par({ fields: { acr_values: 'urn:fapi-edge:acr:two-factors' } })
    const consent = await first.browser.open(client.authorizeUrl(two.requestUri))
    expect(consent.words).toContain('Approve')
    // A wish that comes to nothing ends in what there is, and not in a circle.
    const wished = await send(three, first.browser)
    expect(wished.asked.get('acr_values')).toBe('three')
    await honest(wished)
    await expectSignedIn(await back(wished), wished)
    const granted = await send(three, first.browser)
    await honest(granted, { acr: 'three' })
    await expectSignedIn(await back(granted), granted)
    const again = await client.par({ fields: three })
    const page = await first.browser.open(client.authorizeUrl(again.requestUri))
    expect(page.words).toContain('Approve')
  })

  it('is not asked again for the person a client expects, as they are called on pages', async () => {
    const sent = await send()
    await honest(sent, { mail: 'Fay@People.example' })
    await expectSignedIn(await back(sent), sent)
    const hinted = await client.par({ fields: { login_hint: 'fay@people.example' } })
    const page = await sent.browser.open(client.authorizeUrl(hinted.requestUri))
    expect(page.words).toContain('Approve')
    const other = await send({ login_hint: 'gil@people.example' }, sent.browser)
    expect(other.asked.get('login_hint')).toBe('gil@people.example')
  })

  it('cannot take over an account of this issuer, whatever it says of the person', async () => {
    const operator = await openAdmin(bank)
    const local = await operator.request('PUT', '/users/local', {
      password: 'a long local password',
      claims: { email: 'local@bank.example' },
    })
    const before = await people()
    const sent = await send()
    await honest(sent, { sub: String(local.json['sub']), mail: 'local@bank.example' })
    await expectSignedIn(await back(sent), sent)
    expect(await people()).toBe(before + 1)
    const seen = await operator.request('GET', '/users')
    const users = seen.json['users'] as readonly Readonly<Record<string, unknown>>[]
    const named = users.filter(({ username }) => String(username).startsWith('delegated:'))
    expect(named.map(({ sub }) => sub)).not.toContain(local.json['sub'])
  })

  it('fills claims of the right shape only, and shows names as text', async () => {
    const sent = await send()
    await honest(sent, { sub: 'odd', their_name: { a: 1 }, mail: '<b>x</b>@people.example' })
    const page = await back(sent)
    await expectSignedIn(page, sent)
    expect(page.text).not.toContain('<b>x</b>')
    expect(page.words).toContain('<b>x</b>@people.example')
  })
})

/** Moves the clock past the time for which metadata of before is used. */
let hours = 0
const forgetMetadata = async () => moveClock((hours += 2) * 3_600, bank)

describe('the provider’s server', () => {
  const faults: readonly (readonly [string, Parameters<FakeProvider['answers']>[0], number])[] = [
    ['answers with a redirect', text('', 302, { location: 'https://evil.example' }), 503],
    ['answers with too much', text(JSON.stringify({ id_token: 'a'.repeat(70_000) })), 503],
    ['breaks the connection', (_response, request) => request.socket.destroy(), 503],
    ['never answers', () => undefined, 503],
    ['answers with an error', text('{"error":"invalid_grant"}', 400), 403],
    ['fails', text('oops', 500), 403],
    ['answers with no JSON', text('<html>'), 403],
    ['answers without id_token', text('{"access_token":"a","token_type":"Bearer"}'), 403],
  ]

  it.each(faults)('%s: nobody is signed in, and the state is used up', async (_what, answer, status) => {
    const sent = await send()
    provider.answers(answer)
    await expectNothing(await back(sent), sent, status)
    await honest(sent)
    await expectNothing(await back(sent), sent, 400)
    await twin()
  }) // prettier-ignore

  it.each([
    ['of another issuer', { issuer: 'https://evil.example' }],
    ['that lead into this network', { authorization_endpoint: 'https://169.254.169.254/' }],
    ['that lead to a plain address', { authorization_endpoint: 'http://people.example/' }],
    ['that lead to a script', { authorization_endpoint: 'javascript:alert(1)' }],
  ])('ATK-A1a-05 describes itself with metadata %s: nobody is sent there', async (_what, changes) => {
    provider.metadata(changes)
    await forgetMetadata()
    const { answer, requestUri } = await client.par()
    expect(answer.status).toBe(201)
    const page = await createBrowser().open(client.authorizeUrl(requestUri))
    expect([403, 503]).toContain(page.status)
    expect(page.redirectedTo).toBeUndefined()
    provider.metadata()
    await twin()
  }) // prettier-ignore

  it('ATK-A1-30 is never called inside this network by what it says of itself', async () => {
    provider.metadata({ token_endpoint: 'https://169.254.169.254/token' })
    await forgetMetadata()
    const sent = await send()
    await honest(sent)
    const before = provider.redeemed()
    await expectNothing(await back(sent), sent, 503)
    expect(provider.redeemed()).toBe(before)
  })
})

describe('a flood of sign-ins that nobody finishes', () => {
  /** How many are free, and the one that starts the delay. */
  const free = 300 + 1

  it('ATK-A1-32 calls the provider in this server’s name a bounded number of times', async () => {
    // Forgotten by now: what the tests before left unfinished.
    await forgetMetadata()
    await moveClock(hours * 3_600 + 7 * 3_600, bank)
    provider.host.serve('/par', text('{"request_uri":"urn:provider:1","expires_in":60}', 201))
    provider.metadata({ pushed_authorization_request_endpoint: `${provider.issuer}/par` })
    const browser = createBrowser()
    // Anybody may open the account page: nothing of a client is needed.
    const account = `${bank.issuer}/account`
    const visits = async (count: number) => {
      const pages = Array.from({ length: count }, () => browser.open(account))
      return (await Promise.all(pages)).map(({ status }) => status)
    }
    for (let sent = 0; sent < free; sent += 43) {
      expect(new Set(await visits(43))).toEqual(new Set([303]))
    }
    expect(provider.host.asked('/par')).toBe(free)
    expect(new Set(await visits(20))).toEqual(new Set([429]))
    expect(provider.host.asked('/par')).toBe(free)
    const page = await browser.open(account)
    expect(page.element('error')).toBe('too_many_requests')
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0)
    // Nobody is locked out: a moment later the same page leads on.
    await moveClock(hours * 3_600 + 7 * 3_600 + 10, bank)
    expect((await page.follow('again')).redirectedTo?.origin).toBe(provider.issuer)
  })
})
