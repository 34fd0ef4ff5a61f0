import { randomBytes } from 'node:crypto'
import { describe, expect, inject, it } from 'vitest'
import { honest, wordsOf } from '../support/attack.ts'
import { createBrowser } from '../support/browser.ts'
import { pageRefusal, refusal } from '../support/refusal.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'

const { users } = inject('fixtures')
const web = testClient('web')
const second = testClient('second')
const prefix = 'urn:ietf:params:oauth:request_uri:'

const changeAt = (text: string, at: number): string => {
  const index = at < 0 ? text.length + at : at
  return text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1)
}

describe('an attacker who swaps, guesses or replays a request_uri', () => {
  it('ATK-A1-05 cannot open it under another client_id, which consumes nothing', async () => {
    const { requestUri } = await web.par()
    for (const clientId of [second.fixture.clientId, 'nobody', 'operator.local', '__proto__']) {
      const page = await createBrowser().open(web.authorizeUrl(requestUri, clientId))
      expect(pageRefusal(page), clientId).toBe('400 invalid_request_uri')
    }
    const callback = await web.approve(requestUri)
    expect(callback.searchParams.get('code')).not.toBeNull()
  })

  it('ATK-A1-05 ATK-A1a-06 cannot hide who pushed it: sign-in and consent name the pushing client', async () => {
    const { requestUri } = await second.par()
    const login = await createBrowser().open(second.authorizeUrl(requestUri), {
      from: 'cross-site',
    })
    expect(login.words).toContain('Test client second')
    expect(login.words).toContain('second.example')
    const consent = await login.submit('login', users.alice)
    expect(consent.words).toContain('Test client second asks for your permission')
    expect(consent.words).toContain('second.example')
    expect(`${login.text}${consent.text}`).not.toContain('Test client web')
  })

  it('ATK-A1-06 cannot guess one: every wrong reference gets the same answer', async () => {
    const { requestUri } = await web.par()
    const { code } = await web.code()
    const body = requestUri.slice(prefix.length)
    expect(Buffer.from(body, 'base64url').length).toBeGreaterThanOrEqual(1 + 32 + 16)
    const guesses = [
      changeAt(body, -1), changeAt(body, -20), changeAt(body, 10), changeAt(body, 0), code,
      randomBytes(65).toString('base64url'), randomBytes(16).toString('base64url'),
      Buffer.concat([Buffer.of(1), randomBytes(64)]).toString('base64url'),
      Buffer.concat([Buffer.of(1), Buffer.alloc(63), Buffer.of(7)]).toString('base64url'),
      Buffer.concat([Buffer.of(1), Buffer.alloc(63), Buffer.of(8)]).toString('base64url'),
      `${body}A`, `${body}=`, body.slice(0, -4), ` ${body}`, body.toUpperCase(), '1', '2', '3', '*', '../x',
    ] // prettier-ignore
    const seen = new Set<string>()
    for (const guess of guesses) {
      const page = await createBrowser().open(web.authorizeUrl(`${prefix}${guess}`))
      expect(pageRefusal(page), guess).toBe('400 invalid_request_uri')
      seen.add(wordsOf(page))
    }
    expect(seen.size).toBe(1)
    const real = await createBrowser().open(web.authorizeUrl(requestUri))
    expect(real.forms).toHaveLength(1)
  })

  it('ATK-A1-07 cannot replay it after completion: an error page with the way back, no second code', async () => {
    const { requestUri } = await web.par()
    const browser = createBrowser()
    const callback = await web.approve(requestUri, users.alice, browser)
    expect(callback.searchParams.get('code')).not.toBeNull()
    for (const visitor of [browser, createBrowser()]) {
      const page = await visitor.open(web.authorizeUrl(requestUri))
      expect(pageRefusal(page)).toBe('400 invalid_request_uri')
      expect(page.text).not.toContain(callback.searchParams.get('code'))
      const back = page.links.find(({ id }) => id === 'back')
      expect(back?.href.startsWith('https://web.example/cb?error=')).toBe(true)
    }
  })

  it('ATK-A3-01 can complete a leaked one first, but then the victim gets an error page and no code', async () => {
    const { requestUri } = await web.par()
    const victim = createBrowser()
    const login = await victim.open(web.authorizeUrl(requestUri))
    await web.approve(requestUri, users.carol)
    const consent = await login.submit('login', users.alice)
    expect(pageRefusal(consent)).toBe('400 invalid_request_uri')
  })

  it('ATK-A3-02 ATK-A3-03 learns nothing from it: no address on the way names what was pushed', async () => {
    const verifier = 'v'.repeat(43)
    const asked = web.authorizationFields(verifier)
    const fields = { ...asked, login_hint: 'hint-of-the-victim' }
    const { requestUri } = await web.par({ fields: { ...fields, nonce: 'nonce-of-the-victim' } })
    const login = await createBrowser().open(web.authorizeUrl(requestUri))
    const consent = await login.submit('login', users.alice)
    const addresses = decodeURIComponent([requestUri, login.url, consent.url].join(' '))
    const secrets = [
      asked['code_challenge'], asked['state'], fields.login_hint, 'nonce-of-the-victim',
      'accounts', 'web.example', verifier, users.alice.username, users.alice.sub,
    ] // prettier-ignore
    for (const secret of secrets) expect(addresses).not.toContain(secret)
    expect(consent.forms).toHaveLength(1)
  })

  it('ATK-A3-05 SP-AS-37 does not burn it by previews: five visits later its owner still completes', async () => {
    const { requestUri } = await web.par()
    for (let visit = 0; visit < 5; visit += 1) {
      const page = await createBrowser().open(web.authorizeUrl(requestUri))
      expect(page.forms).toHaveLength(1)
    }
    const callback = await web.approve(requestUri)
    expect(callback.searchParams.get('code')).not.toBeNull()
  })

  it('ATK-A1-06 cannot use one kind of handle as another', async () => {
    const key = await makeDpopKey()
    const given = await web.code()
    const { requestUri } = await web.par()
    const handle = requestUri.slice(prefix.length)
    const { verifier } = given
    for (const code of [handle, requestUri]) {
      expect(refusal((await web.redeem({ code, verifier }, { key })).answer)).toBe(
        '400 invalid_grant',
      )
    }
    const tokens = await web.redeem(given, { key })
    expect(tokens.answer.status).toBe(200)
    const asCode = await web.redeem({ code: tokens.refreshToken, verifier }, { key })
    expect(refusal(asCode.answer)).toBe('400 invalid_grant')
    for (const text of [given.code, handle, tokens.accessToken]) {
      expect(refusal((await web.refresh(text, { key })).answer)).toBe('400 invalid_grant')
    }
    for (const text of [given.code, tokens.refreshToken, tokens.accessToken]) {
      const page = await createBrowser().open(web.authorizeUrl(`${prefix}${text}`))
      expect(honest(page)).toBe(400)
    }
    expect((await web.refresh(tokens.refreshToken, { key })).answer.status).toBe(200)
  })
})
