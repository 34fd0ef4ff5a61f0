import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Browser } from '../support/browser.ts'
import type { ClientFixture } from '../support/fixtures.ts'
import { form } from '../support/http.ts'
import { receiveLogouts } from '../support/logout-receiver.ts'
import type { LogoutReceiver } from '../support/logout-receiver.ts'
import { ada, bob, startOwnServer } from '../support/own-server.ts'
import type { OwnServer } from '../support/own-server.ts'
import { control, getResource, moveClock, testClient } from '../support/test-client.ts'

let own: OwnServer
let count = 0

beforeAll(async () => {
  own = await startOwnServer()
})
afterEach(() => moveClock(0, own.server))
afterAll(() => own.close())

type Told = { readonly fixture: ClientFixture; readonly receiver: LogoutReceiver }

/** A client that wants to hear of the end of sessions. */
async function listening(extra: Readonly<Record<string, unknown>> = {}): Promise<Told> {
  count += 1
  const receiver = receiveLogouts(own.host, `/logout-${count}`)
  const metadata = {
    backchannel_logout_uri: receiver.uri,
    backchannel_logout_session_required: true,
    ...extra,
  }
  return { fixture: await own.register(metadata), receiver }
}

async function verify(token: string, audience: string): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${own.server.issuer}/jwks`))
  const options = { issuer: own.server.issuer, audience, algorithms: ['ES256'], typ: 'logout+jwt' }
  return (await jwtVerify(token, keys, options)).payload
}

const sidOf = (idToken: string) => decodeJwt(idToken)['sid']
const signOut = async (browser: Browser) =>
  (await browser.open(`${own.server.issuer}/logout`)).submit('sign-out')

describe('the session in id_tokens', () => {
  it('Back-Channel Logout 2.1 is the same through one sign-in and another at each client and sign-in', async () => {
    const [one, two] = [await own.register(), await own.register()]
    const browser = own.browser()
    const first = sidOf((await own.connect(one, browser)).idToken)
    expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(sidOf((await own.connect(one, browser)).idToken)).toBe(first)
    const others = [
      sidOf((await own.connect(two, browser)).idToken),
      sidOf((await own.connect(one, own.browser())).idToken),
    ]
    expect(new Set([first, ...others]).size).toBe(3)
  })
})

describe('a client that registered for it', () => {
  it('Back-Channel Logout 2.4 2.5 hears of a sign-out in a token that can be nothing else', async () => {
    const { fixture, receiver } = await listening()
    const browser = own.browser()
    const { idToken } = await own.connect(fixture, browser)
    await signOut(browser)
    const token = await receiver.next()
    const claims = await verify(token, fixture.clientId)
    expect(Object.keys(claims).sort()).toEqual(['aud', 'events', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub']) // prettier-ignore
    expect(claims).toMatchObject({
      sub: 'sub-ada',
      sid: sidOf(idToken),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
    expect(Number(claims.exp) - Number(claims.iat)).toBe(120)
    const userinfo = `${own.server.issuer}/userinfo`
    expect((await getResource(userinfo, token, { on: own.server })).status).toBe(401)
    const asHint = await own.browser().open(`${own.server.issuer}/logout?${form({ id_token_hint: token })}`) // prettier-ignore
    expect(asHint.redirectedTo).toBeUndefined()
  })

  it('hears of the session’s own end only, under its own names, and others of theirs', async () => {
    const [one, two] = [await listening(), await listening({ subject_type: 'pairwise' })]
    const uninvolved = await listening()
    const browser = own.browser()
    const stays = own.browser()
    const first = await own.connect(one.fixture, browser)
    const second = await own.connect(two.fixture, browser)
    await own.connect(uninvolved.fixture, stays)
    await own.connect(one.fixture, own.browser(), bob)
    await signOut(browser)
    const [toOne, toTwo] = await Promise.all([one.receiver.next(), two.receiver.next()])
    expect(await verify(toOne, one.fixture.clientId)).toMatchObject({ sid: sidOf(first.idToken) })
    const told = await verify(toTwo, two.fixture.clientId)
    expect(told).toMatchObject({ sid: sidOf(second.idToken), sub: decodeJwt(second.idToken).sub })
    expect(told.sub).toMatch(/^user-/)
    expect([one, two, uninvolved].flatMap(({ receiver }) => receiver.waiting())).toEqual([])
    expect(await own.asksToSignIn(uninvolved.fixture, stays)).toBe(false)
  })

  it('hears when another client signs the person out, itself included', async () => {
    const [one, two] = [await listening(), await listening()]
    const browser = own.browser()
    const { idToken } = await own.connect(one.fixture, browser)
    await own.connect(two.fixture, browser)
    await browser.open(`${own.server.issuer}/logout?${form({ id_token_hint: idToken })}`)
    const tokens = await Promise.all([one.receiver.next(), two.receiver.next()])
    expect(tokens.map((token) => decodeJwt(token).aud)).toEqual([one.fixture.clientId, two.fixture.clientId]) // prettier-ignore
  })

  it('hears when somebody else signs in to the same browser', async () => {
    const { fixture, receiver } = await listening()
    const browser = own.browser()
    const { idToken } = await own.connect(fixture, browser)
    const page = await browser.open(`${own.server.issuer}/account`)
    expect(page.status).toBe(200)
    const other = testClient(fixture, own.server)
    const pushed = await other.par({ key: own.key, fields: { prompt: 'login', login_hint: 'bob' } })
    const login = await browser.open(other.authorizeUrl(pushed.requestUri))
    await login.submit('login', bob)
    expect(decodeJwt(await receiver.next())).toMatchObject({ sub: 'sub-ada', sid: sidOf(idToken) })
  })

  it('hears when the person signs out other browsers, and of those only', async () => {
    const { fixture, receiver } = await listening()
    const [here, there] = [own.browser(), own.browser()]
    await own.connect(fixture, here)
    const { idToken } = await own.connect(fixture, there)
    const account = await here.open(`${own.server.issuer}/account`)
    const button = account.forms.flatMap(({ buttons }) => buttons).find(({ value }) => value === 'end-others') // prettier-ignore
    await account.submit(button?.id ?? 'end-others')
    expect(decodeJwt(await receiver.next())['sid']).toBe(sidOf(idToken))
    expect(await own.asksToSignIn(fixture, here)).toBe(false)
    expect(receiver.waiting()).toEqual([])
  })

  it.each(['disable', 'password'] as const)(
    'hears when the operator ends all sessions of a person: %s',
    async (how) => {
      const { fixture, receiver } = await listening()
      const [one, two] = [own.browser(), own.browser()]
      const ids = [await own.connect(fixture, one), await own.connect(fixture, two)]
      const admin = await own.admin()
      if (how === 'disable') await admin.request('POST', '/users/ada/disable')
      else await admin.request('PUT', '/users/ada', { password: ada.password })
      const told = [await receiver.next(), await receiver.next()].map(
        (token) => decodeJwt(token)['sid'],
      )
      expect(new Set(told)).toEqual(new Set(ids.map(({ idToken }) => sidOf(idToken))))
      await admin.request('POST', '/users/ada/enable')
    },
  )
})

describe('a client that cannot be reached', () => {
  let moved = 0
  beforeEach(() => {
    moved = 0
  })

  /** Moves the clock on and runs what is due. */
  async function later(seconds: number): Promise<void> {
    moved += seconds
    await moveClock(moved, own.server)
    await control('/alarms', { class: 'Account' }, own.server)
  }

  /** The account may note a failed try only after the clock was moved: then it is due later. */
  async function laterUntil(seconds: number, happened: () => boolean): Promise<void> {
    for (let times = 0; times < 20 && !happened(); times += 1) await later(seconds + 1)
    expect(happened()).toBe(true)
  }

  it('Back-Channel Logout 2.5 is told again, a bounded number of times, with a new token', async () => {
    const { fixture, receiver } = await listening()
    const browser = own.browser()
    await own.connect(fixture, browser)
    receiver.answerWith(503, 302, 404, 500, 500)
    await signOut(browser)
    const seen = [decodeJwt(await receiver.next()).jti]
    for (const pause of [5, 60, 600, 3_600]) {
      await laterUntil(pause, () => receiver.waiting().length > 0)
      seen.push(decodeJwt(await receiver.next()).jti)
    }
    expect(new Set(seen).size).toBe(5)
    for (let day = 0; day < 3; day += 1) await later(86_400)
    expect(receiver.waiting()).toEqual([])
  })

  it('does not hold up the others or the person, and is not told twice what it understood', async () => {
    const [fails, works, refuses] = [await listening(), await listening(), await listening()]
    const browser = own.browser()
    for (const { fixture } of [fails, works, refuses]) await own.connect(fixture, browser)
    fails.receiver.answerWith(500)
    refuses.receiver.answerWith(400)
    expect((await signOut(browser)).url).toContain('/account/signed-out')
    await Promise.all([fails, works, refuses].map(({ receiver }) => receiver.next()))
    await laterUntil(5, () => fails.receiver.waiting().length > 0)
    expect([...works.receiver.waiting(), ...refuses.receiver.waiting()]).toEqual([])
  })
})

describe('clients that never answer', () => {
  it('ATK-A1-31 leave room for the others: few are called at a time', async () => {
    let [open, most, called] = [0, 0, 0]
    const clients = await Promise.all(Array.from({ length: 8 }, () => listening()))
    const browser = own.browser()
    for (const { fixture } of clients) await own.connect(fixture, browser)
    const everybody = new Promise<void>((resolve) => {
      for (const { receiver } of clients) {
        own.host.serve(new URL(receiver.uri).pathname, (_response, request) => {
          request.resume()
          request.socket.once('close', () => (open -= 1))
          open += 1
          called += 1
          most = Math.max(most, open)
          if (called === clients.length) resolve()
        })
      }
    })
    await signOut(browser)
    await everybody
    expect(most).toBeLessThanOrEqual(4)
  })
})

describe('a client that is not to be told', () => {
  it('is one without an address, a disabled one, and one whose id was made anew', async () => {
    const disabled = await listening()
    const renewed = await listening()
    const silent = await own.register()
    const witness = await listening()
    const browser = own.browser()
    for (const fixture of [disabled.fixture, renewed.fixture, silent, witness.fixture]) {
      await own.connect(fixture, browser)
    }
    const admin = await own.admin()
    await admin.request('POST', `/clients/${disabled.fixture.clientId}/disable`)
    const path = `/clients/${renewed.fixture.clientId}`
    const { json } = await admin.request('GET', path)
    await admin.request('DELETE', path)
    const { enabled: _enabled, version: _version, ...metadata } = json
    const again = await admin.request('PUT', path, metadata)
    expect(again.status, again.text).toBe(201)
    await signOut(browser)
    await witness.receiver.next()
    await control('/alarms', { class: 'Account' }, own.server)
    expect([...disabled.receiver.waiting(), ...renewed.receiver.waiting()]).toEqual([])
  })
})
