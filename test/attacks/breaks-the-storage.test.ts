import { afterEach, describe, expect, inject, it } from 'vitest'
import { openAdmin, registerClient } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import { pageRefusal, refusal } from '../support/refusal.ts'
import { control, getResource, makeDpopKey, nonceOf, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')
const userinfo = `${server.issuer}/userinfo`

const registered = async () => (await registerClient(await openAdmin())).fixture

const fail = (fail_rate: number) => control('/faults', { fail_rate })

afterEach(async () => {
  await control('/faults', {})
})

describe('an attacker who waits for storage to break', () => {
  it('design 3 gets 503 with Retry-After from every client endpoint, and nothing leaves', async () => {
    const key = await makeDpopKey()
    const given = await web.code({ key })
    const tokens = await web.redeem(given, { key })
    const again = await web.code({ key })
    const resourceServer = testClient('resourceServer')
    await resourceServer.post('/introspect', { token: 'x' })
    await fail(1)
    const answers = {
      par: (await web.par({ key })).answer,
      token: (await web.redeem(again, { key })).answer,
      refresh: (await web.refresh(tokens.refreshToken, { key })).answer,
      credentials: (await web.token({ grant_type: 'client_credentials' }, { key })).answer,
      introspect: await resourceServer.post('/introspect', { token: tokens.accessToken }),
      revoke: await web.post('/revoke', { token: tokens.accessToken }),
      userinfo: await getResource(userinfo, tokens.accessToken, { key }),
      admin: await getResource(`${server.issuer}/admin/keys`, tokens.accessToken, { key }),
    }
    const { admin, ...others } = answers
    expect(admin.status).toBe(401)
    for (const [name, answer] of Object.entries(others)) {
      expect(refusal(answer), name).toBe('503 temporarily_unavailable')
      expect(answer.headers.get('retry-after'), name).toMatch(/^\d+$/)
      expect(answer.text, name).not.toMatch(
        /access_token|refresh_token|request_uri|active|sub|injected/,
      )
    }
    await control('/faults', {})
    expect((await getResource(userinfo, tokens.accessToken, { key })).status).toBe(200)
    expect((await web.refresh(tokens.refreshToken, { key })).answer.status).toBe(200)
    expect((await web.redeem(again, { key })).answer.status).toBe(200)
  })

  it('design 3 gets an error page with Retry-After from the pages, and the person goes on afterwards', async () => {
    const { requestUri } = await web.par()
    const browser = createBrowser()
    const login = await browser.open(web.authorizeUrl(requestUri))
    await fail(1)
    const pages = [
      await createBrowser().open(web.authorizeUrl(requestUri)),
      await browser.open(login.url),
      await login.submit('login', users.alice),
      await login.submit('cancel'),
    ]
    await control('/faults', {})
    const consent = await login.submit('login', users.alice)
    await fail(1)
    pages.push(
      await browser.open(consent.url),
      await consent.submit('approve'),
      await consent.submit('deny'),
    )
    await control('/faults', {})
    for (const page of pages) {
      expect(pageRefusal(page)).toBe('503 temporarily_unavailable')
      expect(page.headers.get('retry-after')).toMatch(/^\d+$/)
      expect(page.headers.getSetCookie()).toEqual([])
      expect(page.words).not.toContain('injected')
    }
    const done = await consent.submit('approve')
    const code = done.redirectedTo?.searchParams.get('code')
    expect(code).toBeTruthy()
  })

  it('design 3 gets no assertion or proof accepted twice because the first answer was a fault', async () => {
    const key = await makeDpopKey()
    const fields = { grant_type: 'client_credentials', scope: 'accounts' }
    const nonce = await nonceOf(web.url('/token'))
    const jti = 'a-jti-of-a-faulty-request'
    const request = { key, proofOptions: { nonce, claims: { jti } } }
    await fail(1)
    expect((await web.token(fields, request)).answer.status).toBe(503)
    await control('/faults', {})
    // The fault came before the call, so the proof is unused: now it is taken, and once only.
    expect((await web.token(fields, request)).answer.status).toBe(200)
    expect(refusal((await web.token(fields, request)).answer)).toBe('400 invalid_dpop_proof')
  })

  describe.each(['Client.use', 'ReplayGuard.use', 'Grant.redeem'])('of %s alone', (name) => {
    it.each(['before', 'after'] as const)(
      'design 3 gets nothing when it fails %s taking effect, and one token at most for the code later',
      async (when) => {
        const key = await makeDpopKey()
        const given = await web.code({ key })
        await control('/faults', { calls: { [name]: { fail: when } } })
        const { answer } = await web.redeem(given, { key })
        await control('/faults', {})
        expect(refusal(answer)).toBe('503 temporarily_unavailable')
        expect(answer.headers.get('retry-after')).toBe('1')
        expect(answer.text).not.toMatch(/token"|injected/)
        // The calls run side by side: whatever failed, the code is spent unless its own call never came about.
        const unspent = name === 'Grant.redeem' && when === 'before'
        const second = await web.redeem(given, { key })
        expect(second.answer.status).toBe(unspent ? 200 : 400)
        const third = await web.redeem(given, { key })
        expect(refusal(third.answer)).toBe('400 invalid_grant')
        const others = await web.redeem(await web.code({ key }), { key })
        expect(others.answer.status).toBe(200)
      },
    )
  })

  it('design 3 gets 503 while KV fails in a new isolate, and a request goes through while it is slow', async () => {
    const fresh = testClient(await registered())
    await control('/faults', { calls: { 'KV.get': { fail: 'before' } } })
    const failed = await fresh.token({ grant_type: 'client_credentials' }, { key: null })
    expect(refusal(failed.answer)).toBe('503 temporarily_unavailable')
    expect(failed.answer.headers.get('retry-after')).toBe('1')
    await control('/faults', { calls: { 'KV.get': { delay_ms: 300 } } })
    const key = await makeDpopKey()
    const slow = await fresh.token({ grant_type: 'client_credentials' }, { key })
    expect(slow.answer.status).toBe(200)
  })

  it('design 3 never gets two token answers for one code, with three of ten storage calls failing', async () => {
    const key = await makeDpopKey()
    const codes = []
    for (let made = 0; made < 10; made += 1) codes.push(await web.code())
    await fail(0.3)
    const seen = new Set<string>()
    let faults = 0
    let successes = 0
    for (const given of codes) {
      const attempts = await Promise.all(
        Array.from({ length: 10 }, () => web.redeem(given, { key, proofOptions: {} })),
      )
      const released = attempts.filter(({ answer }) => answer.status === 200)
      expect(released.length).toBeLessThanOrEqual(1)
      successes += released.length
      for (const { answer } of attempts) {
        if (answer.status === 200) continue
        const code = refusal(answer)
        seen.add(code)
        if (code.startsWith('503')) faults += 1
        expect(answer.text).not.toMatch(/access_token|id_token|injected/)
      }
    }
    await control('/faults', {})
    const known = ['503 temporarily_unavailable', '400 invalid_grant', '401 invalid_client']
    expect([...seen].filter((code) => !known.includes(code))).toEqual([])
    expect(faults).toBeGreaterThan(0)
    expect(successes).toBeGreaterThan(0)
    for (const given of codes) {
      const late = await web.redeem(given, { key })
      expect([200, 400]).toContain(late.answer.status)
      const again = await web.redeem(given, { key })
      expect(refusal(again.answer)).toBe('400 invalid_grant')
    }
  })
})
