import { decodeJwt } from 'jose'
import { describe, expect, inject, it } from 'vitest'
import { createBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { shannonBits } from '../support/refusal.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { alice } = inject('fixtures').users
const web = testClient('web')
const second = testClient('second')
const unreserved = 'abcXYZ019-._~'
const text = (length: number): string => unreserved.repeat(length).slice(0, length)

const query = (url: URL | undefined) => Object.fromEntries(url?.searchParams ?? [])

/** Opens a pushed request, then presses a button of its login page. */
async function open(client: typeof web, fields: Record<string, string | undefined> = {}) {
  const { requestUri } = await client.par({ fields })
  return createBrowser().open(client.authorizeUrl(requestUri))
}

/** Where a person who signs in and answers is sent. */
async function answerWith(button: 'approve' | 'deny', login: Page): Promise<URL> {
  const page = await (await login.submit('login', alice)).submit(button)
  expect(page.status).toBe(303)
  if (page.redirectedTo === undefined) throw new Error(`no redirect: ${page.words}`)
  return page.redirectedTo
}

describe('the authorization response', () => {
  it('SP-AS-26 SP-CR-06 1.5 holds code, state and iss in the query and nothing else', async () => {
    const callback = await answerWith('approve', await open(web, { state: 'exact State.~_-' }))
    expect(`${callback.origin}${callback.pathname}`).toBe(web.fixture.redirectUri)
    expect(Object.keys(query(callback)).sort()).toEqual(['code', 'iss', 'state'])
    expect(callback.searchParams.get('iss')).toBe(server.issuer)
    expect(callback.searchParams.get('state')).toBe('exact State.~_-')
    expect(callback.hash).toBe('')
    const code = callback.searchParams.get('code') ?? ''
    expect(code.length).toBeGreaterThanOrEqual(22)
    expect(shannonBits(code)).toBeGreaterThan(128)
  })

  it('1.5 keeps the query the redirect URI was registered with, in success and in error', async () => {
    const dummies = { dummy1: 'lorem', dummy2: 'ipsum' }
    const success = query(await answerWith('approve', await open(second, { state: 's' })))
    expect(success).toMatchObject({ ...dummies, state: 's', iss: server.issuer })
    expect(success['code']).toBeTruthy()
    const denied = query(await answerWith('deny', await open(second, { state: 's' })))
    expect(denied).toMatchObject({ ...dummies, state: 's', error: 'access_denied' })
  })

  it.each([web, second])(
    'SP-AS-26 1.5 says access_denied with state and iss on cancel',
    async (client) => {
      const state = text(128)
      const cancelled = await (await open(client, { state })).submit('cancel')
      expect(cancelled.status).toBe(303)
      const { dummy1: _1, dummy2: _2, ...answer } = query(cancelled.redirectedTo)
      expect(answer).toEqual({
        error: 'access_denied',
        error_description: expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/) as string,
        state,
        iss: server.issuer,
      })
    },
  )

  it('SP-AS-26 says access_denied once: the request is over', async () => {
    const { requestUri } = await web.par()
    const login = await createBrowser().open(web.authorizeUrl(requestUri))
    const consent = await login.submit('login', alice)
    expect(query((await consent.submit('deny')).redirectedTo)['error']).toBe('access_denied')
    expect((await consent.submit('approve')).redirectedTo).toBeUndefined()
    const later = await createBrowser().open(web.authorizeUrl(requestUri))
    expect(later.element('error')).toBe('invalid_request_uri')
  })

  it('1.5 has no state when none was pushed, not even one from the query', async () => {
    const { requestUri } = await web.par({ fields: { state: undefined } })
    const url = `${web.authorizeUrl(requestUri)}&state=from-the-query`
    const callback = await answerWith('approve', await createBrowser().open(url))
    expect(Object.keys(query(callback)).sort()).toEqual(['code', 'iss'])
  })

  it('SP-PAR-08 1.5 follows what was pushed, whatever else stands in the query', async () => {
    const key = await makeDpopKey()
    const pushed = await web.par({
      key,
      fields: { state: 'pushed', nonce: 'pushed-nonce', scope: 'openid' },
    })
    const evil = new URLSearchParams({
      response_type: 'token',
      scope: 'openid admin accounts',
      redirect_uri: 'https://evil.example/cb',
      state: 'other',
      nonce: 'other',
      prompt: 'none',
      code_challenge: 'x',
    })
    const url = `${web.authorizeUrl(pushed.requestUri)}&${evil.toString()}`
    const callback = await answerWith('approve', await createBrowser().open(url))
    expect(`${callback.origin}${callback.pathname}`).toBe(web.fixture.redirectUri)
    expect(callback.searchParams.get('state')).toBe('pushed')
    const code = callback.searchParams.get('code') ?? ''
    const tokens = await web.redeem({ code, verifier: pushed.verifier }, { key })
    expect(tokens.answer.json['scope']).toBe('openid')
    expect(decodeJwt(String(tokens.answer.json['id_token']))['nonce']).toBe('pushed-nonce')
  })

  it.each([
    [10, 10],
    [128, 43],
    [1000, 64],
    [2000, 384],
  ])('SP-AS-33 SP-AS-38 1.5 returns a state of %i and the id_token a nonce of %i characters whole', async (stateLength, nonceLength) => {
    const key = await makeDpopKey()
    const [state, nonce] = [text(stateLength), text(nonceLength)]
    const pushed = await web.par({ key, fields: { state, nonce } })
    const callback = await web.approve(pushed.requestUri)
    expect(callback.searchParams.get('state')).toBe(state)
    const code = callback.searchParams.get('code') ?? ''
    const { answer } = await web.redeem({ code, verifier: pushed.verifier }, { key })
    expect(decodeJwt(String(answer.json['id_token']))['nonce']).toBe(nonce)
  }) // prettier-ignore

  it('1.5 does not care about the order of scopes', async () => {
    const login = await open(web, { scope: 'accounts email openid' })
    expect((await answerWith('approve', login)).searchParams.get('code')).toBeTruthy()
  })

  it('SP-PAR-06 says login_required to prompt=none, at once and without a page', async () => {
    const page = await open(second, { prompt: 'none', state: 'silent' })
    expect(page.status).toBe(303)
    expect(query(page.redirectedTo)).toMatchObject({
      dummy1: 'lorem',
      error: 'login_required',
      state: 'silent',
      iss: server.issuer,
    })
    expect(query(page.redirectedTo)['code']).toBeUndefined()
  })

  it.each(['login', 'consent', 'select_account'])('1.9 works with prompt=%s', async (prompt) => {
    const login = await open(web, { prompt, scope: 'openid offline_access' })
    expect((await answerWith('approve', login)).searchParams.get('code')).toBeTruthy()
  })

  it('OIDC Core 5.5.1.1 refuses an essential acr it cannot reach and takes one it can', async () => {
    const claims = (acr: string) =>
      JSON.stringify({ id_token: { acr: { essential: true, values: [acr] } } })
    const refused = await open(web, { claims: claims('urn:example:gold'), state: 's' })
    expect(query(refused.redirectedTo)).toMatchObject({
      error: 'unmet_authentication_requirements',
      state: 's',
      iss: server.issuer,
    })
    const login = await open(web, { claims: claims('urn:fapi-edge:acr:one-factor') })
    expect((await answerWith('approve', login)).searchParams.get('code')).toBeTruthy()
  })
})
