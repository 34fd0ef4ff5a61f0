import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openAdmin } from '../support/admin.ts'
import { createAuthenticator, flags, toText } from '../support/authenticator.ts'
import type { SoftwareAuthenticator, Twist } from '../support/authenticator.ts'
import { createBrowser } from '../support/browser.ts'
import type { Browser, Page } from '../support/browser.ts'
import { addPasskey, answerWith, asked, askedBy, enrol, formOf, openPasskeys, signInWithPasskey } from '../support/passkeys.ts' // prettier-ignore
import { makeFixtures } from '../support/fixtures.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { codeOf, newPerson } from '../support/people.ts'
import type { Somebody } from '../support/people.ts'
import { pageRefusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import type { Server, TestClient } from '../support/test-client.ts'

/** Refused answers throttle their address, which all tests share, so this file has a server of its own. */
let runtime: Runtime
let server: Server
let web: TestClient
/** Seconds this server’s clock is ahead at the start of a test. */
let ahead = 0

const three = 'urn:fapi-edge:acr:phishing-resistant'
const phishingResistant = JSON.stringify({
  id_token: { acr: { essential: true, values: [three] } },
})

beforeAll(async () => {
  const { config, fixtures } = await makeFixtures()
  runtime = await startRuntime({ config })
  server = { ...runtime, ca: '' }
  web = testClient(fixtures.clients.web, server)
})
afterAll(() => runtime.stop())

let person: Somebody
beforeEach(async () => {
  // Failures of the test before are forgotten then.
  ahead += 6 * 3_600 + 1
  await pass(0)
  person = await newPerson({ on: server })
})

/** Lets time pass since the test began. */
const pass = (seconds: number): Promise<void> => moveClock(ahead + seconds, server)

/** Pushes a request and opens it. */
async function arrive(browser: Browser, fields: Readonly<Record<string, string>> = {}) {
  const pushed = await web.par({ fields: { scope: 'openid accounts', ...fields } })
  const page = await browser.open(web.authorizeUrl(pushed.requestUri))
  return { page, ...pushed }
}

/** A login page of another browser, answered with a passkey. */
async function attempt(
  authenticator: SoftwareAuthenticator,
  twist: Twist = {},
): Promise<{ readonly browser: Browser; readonly page: Page; readonly after: Page }> {
  const browser = createBrowser()
  const { page } = await arrive(browser)
  return { browser, page, after: await signInWithPasskey(browser, page, { authenticator, twist }) }
}

const signedIn = (browser: Browser): boolean =>
  browser.cookies.list().some(({ name }) => name.endsWith('-session'))

const consents = (page: Page): boolean => page.element('approve') !== undefined

const wrong = 'Your passkey was not accepted. Try again, or sign in another way.'

describe('signing in with a passkey', () => {
  it('is one answer: tokens tell that it is phishing-resistant', async () => {
    const authenticator = await enrol(person, { on: server })
    const browser = createBrowser()
    const { page, verifier } = await arrive(browser)
    const consent = await signInWithPasskey(browser, page, { authenticator })
    expect(consents(consent)).toBe(true)
    const done = await consent.submit('approve')
    const code = done.redirectedTo?.searchParams.get('code') ?? ''
    const key = await makeDpopKey()
    const { answer, accessToken, claims } = await web.redeem({ code, verifier }, { key })
    const how = { acr: three, amr: ['pop', 'user', 'mfa'] }
    const idToken = decodeJwt(String(answer.json['id_token']))
    expect(idToken).toMatchObject({ sub: person.sub, ...how })
    expect(claims).toMatchObject({ acr: three, auth_time: idToken['auth_time'] })
    expect(
      (await getResource(`${server.api}/accounts`, accessToken, { key, on: server })).status,
    ).toBe(200)
  })

  it('ATK-A1-16 asks every browser and every page anew, with user verification and no names', async () => {
    const browser = createBrowser()
    const { page } = await arrive(browser)
    const again = await browser.open(page.url)
    const first = askedBy(page)
    const second = askedBy(again)
    expect(first.options.challenge).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(second.options.challenge).not.toBe(first.options.challenge)
    expect(first.options).toMatchObject({
      rpId: new URL(server.issuer).hostname,
      userVerification: 'required',
      allowCredentials: [],
    })
  })

  it.each([
    ['a signature that was bent', { signature: (bytes) => bytes.map((octet, at) => (at === 20 ? octet ^ 1 : octet)) }],
    ['the challenge of another page', { challenge: toText(new Uint8Array(32)) }],
    ['another origin', { origin: 'https://evil.example' }],
    ['another site', { rpId: 'evil.example' }],
    ['nobody verified', { clear: flags.userVerified }],
    ['nobody named', { userHandle: null }],
    ['somebody named who does not exist', { userHandle: toText(new Uint8Array(32).fill(9)) }],
    ['a name that is no account', { userHandle: toText(new Uint8Array(7)) }],
    ['a counter that stands still', { counter: 1 }],
  ] as readonly (readonly [string, Twist])[])('ATK-A1-16 is refused with %s, in the same words', async (_what, twist) => {
    const authenticator = await enrol(person, { on: server })
    const { browser, page, after } = await attempt(authenticator, twist)
    expect([after.status, after.element('problem')]).toEqual([403, wrong])
    expect(signedIn(browser)).toBe(false)
    // The page it is told on asks anew.
    expect(askedBy(after).options.challenge).not.toBe(askedBy(page).options.challenge)
    expect(consents(await signInWithPasskey(browser, after, { authenticator }))).toBe(true)
  }) // prettier-ignore

  it('ATK-A1-16 is refused for a passkey nobody enrolled, and for another person’s name', async () => {
    const mine = await enrol(person, { on: server })
    const other = await newPerson({ on: server })
    const theirs = await enrol(other, { on: server })
    const { options } = await theirsOptions(theirs)
    const stranger = await createAuthenticator(new URL(server.issuer).origin)
    const named = { userHandle: options }
    for (const [authenticator, twist] of [[stranger, named], [mine, named]] as const) {
      const { browser, after } = await attempt(authenticator, twist)
      expect([after.status, after.element('problem')]).toEqual([403, wrong])
      expect(signedIn(browser)).toBe(false)
    }
    expect(consents((await attempt(mine)).after)).toBe(true)
  }) // prettier-ignore

  it('ATK-A1-16 uses an answer once: neither again, nor twice at once, nor after going back', async () => {
    const authenticator = await enrol(person, { counter: 0, on: server })
    const browser = createBrowser()
    const { page } = await arrive(browser)
    const answer = await authenticator.get(askedBy(page).options)
    const both = await Promise.all([
      answerWith(browser, page, answer),
      answerWith(browser, page, answer),
    ])
    expect(both.map(consents).sort()).toEqual([false, true])
    const again = await answerWith(browser, page, answer)
    expect([again.status, again.element('problem')]).toEqual([403, wrong])
    expect(consents(await signInWithPasskey(browser, again, { authenticator }))).toBe(true)
  })

  it('ATK-A1-19 counts in the browser that was asked, and in no other', async () => {
    const authenticator = await enrol(person, { on: server })
    const browser = createBrowser()
    const { page } = await arrive(browser)
    const answer = await authenticator.get(askedBy(page).options)
    const other = createBrowser()
    await arrive(other)
    expect(pageRefusal(await answerWith(other, page, answer))).toBe('400 invalid_request')
    expect(signedIn(other)).toBe(false)
    expect(consents(await answerWith(browser, page, answer))).toBe(true)
  })

  it('ATK-A1-17 is refused when another site posts the form', async () => {
    const authenticator = await enrol(person, { on: server })
    const browser = createBrowser()
    const { page } = await arrive(browser)
    const { action, interaction, options } = askedBy(page)
    const assertion = JSON.stringify(await authenticator.get(options))
    const posted = await browser.post(action, { interaction, assertion }, { from: 'cross-site' })
    expect(pageRefusal(posted)).toBe('400 invalid_request')
    expect(signedIn(browser)).toBe(false)
    expect(consents(await answerWith(browser, page, assertion))).toBe(true)
  })

  it('on a page that was open too long says so kindly, and asks once more', async () => {
    const authenticator = await enrol(person, { on: server })
    const browser = createBrowser()
    const { page } = await arrive(browser)
    await pass(599)
    const answer = await authenticator.get(askedBy(page).options)
    await pass(601)
    const late = await answerWith(browser, page, answer)
    expect(late.element('problem')).toBe('This page was open for a while. Please use your passkey once more.') // prettier-ignore
    expect(consents(await signInWithPasskey(browser, late, { authenticator }))).toBe(true)
  })

  it('refuses what is no answer with the same page, and writes nothing of it there', async () => {
    const browser = createBrowser()
    const { page } = await arrive(browser)
    for (const answer of ['', '{}', 'null', '[1]', '<b>x</b>', 'x'.repeat(20_000)]) {
      const after = await answerWith(browser, page, answer)
      expect([after.status, after.element('problem')]).toEqual([403, wrong])
      expect(after.text).not.toContain('<b>x')
    }
    const { action, interaction } = askedBy(page)
    const huge = await browser.post(action, { interaction, assertion: 'x'.repeat(70_000) })
    expect(huge.status).toBe(413)
  })

  it('is throttled by address, and a success is no failure', async () => {
    const authenticator = await enrol(person, { on: server })
    const browser = createBrowser()
    const { page } = await arrive(browser)
    const { action, interaction } = askedBy(page)
    const post = (assertion: string) => browser.post(action, { interaction, assertion })
    const statuses: number[] = []
    for (let count = 0; count < 22; count += 1) statuses.push((await post('{}')).status)
    expect(statuses.filter((status) => status === 403)).toHaveLength(21)
    expect(statuses.at(-1)).toBe(429)
    await pass(10)
    const answer = JSON.stringify(await authenticator.get(askedBy(page).options))
    expect(consents(await post(answer))).toBe(true)
  }) // prettier-ignore

  it('is over for a disabled account', async () => {
    const authenticator = await enrol(person, { on: server })
    const admin = await openAdmin(server)
    await admin.request('POST', `/users/${person.username}/disable`)
    const { browser, after } = await attempt(authenticator)
    expect(pageRefusal(after)).toBe('403 access_denied')
    expect(signedIn(browser)).toBe(false)
  })
})

/** The handle of another person, as their authenticator would say it. */
async function theirsOptions(theirs: SoftwareAuthenticator) {
  const browser = createBrowser()
  const { page } = await arrive(browser)
  const { response } = await theirs.get(askedBy(page).options)
  return { options: String(response['userHandle']) }
}

describe('stepping up with a passkey', () => {
  const stepUp = async (browser: Browser, somebody: Somebody) => {
    await openPasskeys(somebody, { browser, steps: 1, on: server })
    return arrive(browser, { claims: phishingResistant })
  }

  it('asks for this person’s passkeys alone, and tells the new level', async () => {
    const authenticator = await enrol(person, { on: server })
    const browser = createBrowser()
    const { page, verifier } = await stepUp(browser, person)
    const { options } = askedBy(page)
    expect(options.allowCredentials.map(({ id }) => id)).toEqual([authenticator.id])
    expect(page.words).toContain(person.username)
    expect(page.words).toContain('Passkeys need JavaScript.')
    // A passkey that was named need not say whose it is.
    const twist = { userHandle: null }
    const consent = await signInWithPasskey(browser, page, { authenticator, twist })
    const done = await consent.submit('approve')
    const code = done.redirectedTo?.searchParams.get('code') ?? ''
    const { claims } = await web.redeem({ code, verifier }, { key: await makeDpopKey() })
    expect(claims).toMatchObject({ acr: three, sub: person.sub })
  })

  it('ATK-A1-16 refuses another person’s passkey', async () => {
    const authenticator = await enrol(person, { on: server })
    const other = await enrol(await newPerson({ on: server }), { on: server })
    const browser = createBrowser()
    const { page } = await stepUp(browser, person)
    const after = await signInWithPasskey(browser, page, { authenticator: other })
    expect([after.status, after.element('problem')]).toEqual([403, wrong])
    expect(consents(await signInWithPasskey(browser, after, { authenticator }))).toBe(true)
  })

  it('is over when the account was disabled meanwhile', async () => {
    const authenticator = await enrol(person, { on: server })
    const browser = createBrowser()
    const { page } = await stepUp(browser, person)
    const admin = await openAdmin(server)
    await admin.request('POST', `/users/${person.username}/disable`)
    await admin.request('POST', `/users/${person.username}/enable`)
    const after = await signInWithPasskey(browser, page, { authenticator })
    expect(pageRefusal(after)).toBe('403 access_denied')
  })
})

describe('a passkey that is wished for and not at hand', () => {
  const two = 'urn:fapi-edge:acr:two-factors'
  const twoFactors = JSON.stringify({
    id_token: { acr: { essential: true, values: [two] } },
  })

  /** A sign-in with the password, in a browser without session. */
  async function asked(fields: Readonly<Record<string, string>>) {
    await enrol(person, { on: server })
    const browser = createBrowser()
    const { page, verifier } = await arrive(browser, { acr_values: three, ...fields })
    const { username, password } = person
    return { browser, verifier, page: await page.submit('login', { username, password }) }
  }

  async function acrOf(consent: Page, verifier: string): Promise<unknown> {
    const done = await consent.submit('approve')
    const code = done.redirectedTo?.searchParams.get('code') ?? ''
    return (await web.redeem({ code, verifier }, { key: await makeDpopKey() })).claims['acr']
  }

  it('is done without after the password, where one factor is enough', async () => {
    const { page, browser, verifier } = await asked({})
    expect([page.element('skip') !== undefined, signedIn(browser)]).toEqual([true, true])
    const consent = await page.submit('skip')
    expect(consents(consent)).toBe(true)
    expect(await acrOf(consent, verifier)).toBe('urn:fapi-edge:acr:one-factor')
    await (await browser.open(`${server.issuer}/account`)).submit('sign-out')
    await pass(60)
    const late = await page.submit('skip')
    expect([consents(late), signedIn(browser)]).toEqual([false, false])
  })

  it('is not done without where two factors are required, but a one-time code takes its place', async () => {
    const { page, browser, verifier } = await asked({ claims: twoFactors })
    expect(page.element('skip')).toBeUndefined()
    const interaction = askedBy(page).interaction
    const skipped = await browser.post(`${server.issuer}/login`, { interaction, action: 'skip' })
    expect([pageRefusal(skipped), signedIn(browser)]).toEqual(['400 invalid_request', false])
    const code = await page.submit('recovery')
    const consent = await code.submit('login', { otp: codeOf(person, 1) })
    expect(await acrOf(consent, verifier)).toBe(two)
  })

  it('is not done without where nothing else is enough', async () => {
    const { page, browser } = await asked({ claims: phishingResistant })
    expect([page.element('skip'), page.element('recovery')]).toEqual([undefined, undefined])
    const interaction = askedBy(page).interaction
    for (const action of ['skip', 'recovery']) {
      const posted = await browser.post(`${server.issuer}/login`, { interaction, action })
      expect([pageRefusal(posted), signedIn(browser)]).toEqual(['400 invalid_request', false])
    }
  })
})

describe('the page of passkeys', () => {
  it('asks for a resident passkey under a handle that tells nothing, and excludes those there are', async () => {
    const authenticator = await enrol(person, { on: server })
    const { page } = await openPasskeys(person, { steps: 1, on: server })
    const { options, ceremony } = askedBy(page)
    expect(ceremony).toBe('create')
    expect(options).toMatchObject({
      rp: { id: new URL(server.issuer).hostname },
      user: { name: person.username },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      pubKeyCredParams: [{ alg: -7 }, { alg: -8 }, { alg: -257 }],
    })
    expect(options.excludeCredentials.map(({ id }) => id)).toEqual([authenticator.id])
    const handle = Buffer.from(options.user.id, 'base64url')
    expect(handle).toHaveLength(32)
    expect(handle.toString('utf8')).not.toContain(person.username)
  })

  it('A1-21 is shown to nobody on the password alone, who is told what is needed', async () => {
    const weak = await newPerson({ code: false, on: server })
    const browser = createBrowser()
    const login = await browser.open(`${server.issuer}/account`)
    const { username, password } = weak
    expect((await login.submit('login', { username, password })).status).toBe(200)
    const page = await browser.open(`${server.issuer}/account/passkeys`)
    expect(pageRefusal(page)).toBe('403 access_denied')
    expect(asked(page)).toBeUndefined()
  })

  it('names, renames and removes passkeys, and keeps the last second factor', async () => {
    const authenticator = await enrol(person, { on: server })
    const { browser, page } = await openPasskeys(person, { steps: 1, on: server })
    expect(page.words).toContain('My phone')
    expect(page.words).toContain('On one device only')
    const name = '  Mum\u202e’s <b>phone</b>\n'.padEnd(100, 'x')
    const renamed = await page.submit(`rename-${authenticator.id}`, { name })
    expect(renamed.url).toBe(`${server.issuer}/account/passkeys?notice=passkey-renamed`)
    expect(renamed.words).toContain('Mum’s <b>phone</b> x')
    expect(renamed.text).not.toContain('<b>phone')
    const removed = await renamed.submit(`remove-${authenticator.id}`)
    expect(removed.url).toBe(`${server.issuer}/account/passkeys?notice=passkey-removed`)
    expect(removed.words).not.toContain('Mum')
    const { after } = await attempt(authenticator)
    expect([after.status, after.element('problem')]).toEqual([403, wrong])
    const gone = await renamed.submit(`remove-${authenticator.id}`)
    expect(gone.url).toBe(`${server.issuer}/account/passkeys?notice=gone`)
    expect((await browser.open(`${server.issuer}/account`)).words).toContain('A way to sign in was removed')
  }) // prettier-ignore

  it('refuses what was not made for it, and stores nothing', async () => {
    const origin = new URL(server.issuer).origin
    const { browser, page } = await openPasskeys(person, { on: server })
    const { options } = askedBy(page)
    const authenticator = await createAuthenticator(origin)
    const twists: readonly Twist[] = [
      { challenge: toText(new Uint8Array(32)) },
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { clear: flags.userVerified },
      { type: 'webauthn.get' },
    ]
    for (const twist of twists) {
      const attestation = JSON.stringify(await authenticator.create(options, twist))
      const after = await addPasskey(browser, page, { attestation, name: 'x' })
      expect(after.url).toBe(`${server.issuer}/account/passkeys?notice=passkey-refused`)
      expect(after.words).toContain('You have none yet.')
    }
    const attestation = JSON.stringify(await authenticator.create(options))
    const fields = { attestation, name: '' }
    const elsewhere = await browser.post(
      `${server.issuer}/account/passkeys`,
      { form: formOf(page), ...fields },
      { from: 'cross-site' },
    )
    expect(pageRefusal(elsewhere)).toBe('400 invalid_request')
    const other = await openPasskeys(await newPerson({ on: server }), { on: server })
    const borrowed = await addPasskey(other.browser, page, fields)
    expect(pageRefusal(borrowed)).toBe('400 invalid_request')
    const added = await addPasskey(browser, page, fields)
    expect(added.url).toBe(`${server.issuer}/account/passkeys?notice=passkey-added`)
    const again = await addPasskey(browser, page, fields)
    expect(again.url).toBe(`${server.issuer}/account/passkeys?notice=passkey-known`)
  })

  it('that was open too long asks for the second factor again, then for the passkey', async () => {
    const { browser, page } = await openPasskeys(person, { on: server })
    const authenticator = await createAuthenticator(new URL(server.issuer).origin)
    const create = async (shown: Page) => {
      const attestation = JSON.stringify(await authenticator.create(askedBy(shown).options))
      return { attestation, name: 'x' }
    }
    const answer = await create(page)
    await pass(601)
    const login = await addPasskey(browser, page, answer)
    expect(new URL(login.url).pathname).toBe('/login')
    const code = await login.submit('login', {
      username: person.username,
      password: person.password,
    })
    const again = await code.submit('login', { otp: codeOf(person) })
    expect(again.url).toBe(`${server.issuer}/account/passkeys`)
    expect(again.words).toContain('You have none yet.')
    const added = await addPasskey(browser, again, await create(again))
    expect(added.url).toBe(`${server.issuer}/account/passkeys?notice=passkey-added`)
  })

  it('has the one script, and may create passkeys; others may not', async () => {
    const { page, browser } = await openPasskeys(person, { on: server })
    const policy = (shown: Page) => shown.headers.get('permissions-policy')
    expect(policy(page)).toContain('publickey-credentials-create=(self), publickey-credentials-get=()') // prettier-ignore
    const { page: login } = await arrive(createBrowser())
    expect(policy(login)).toContain('publickey-credentials-create=(), publickey-credentials-get=(self)') // prettier-ignore
    const other = await browser.open(`${server.issuer}/account`)
    expect(policy(other)).toContain('publickey-credentials-create=(), publickey-credentials-get=()')
    expect(other.headers.get('content-security-policy')).not.toContain('script-src')
    expect(other.text).not.toContain('<script')
  })
})
