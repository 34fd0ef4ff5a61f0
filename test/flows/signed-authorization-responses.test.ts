import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { openAdmin, registerClient } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { refusal } from '../support/refusal.ts'
import { makeDpopKey, moveClock, nowSeconds, testClient } from '../support/test-client.ts'
import type { TestClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { alice } = inject('fixtures').users
const web = testClient('web')
const second = testClient('second')
const key = await makeDpopKey()

afterEach(() => moveClock(0))

/** As a client does: the issuer is known before its keys are fetched, the algorithm before the header. */
async function verify(response: string, client: TestClient): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/jwks`))
  const options = { issuer: server.issuer, audience: client.fixture.clientId, algorithms: ['ES256'] }
  return (await jwtVerify(response, keys, options)).payload
} // prettier-ignore

async function open(client: TestClient, fields: Record<string, string | undefined>) {
  const pushed = await client.par({ key, fields })
  expect(pushed.answer.status, pushed.answer.text).toBe(201)
  return { ...pushed, login: await createBrowser().open(client.authorizeUrl(pushed.requestUri)) }
}

async function answerWith(button: 'approve' | 'deny', login: Page): Promise<Page> {
  return (await login.submit('login', alice)).submit(button)
}

/** What reached the client, by whichever way. */
function carried(page: Page): Record<string, string> {
  const url = page.redirectedTo
  if (url === undefined) return Object.fromEntries(page.forms[0]?.fields ?? [])
  if (url.hash === '') return Object.fromEntries(url.searchParams)
  expect(url.search).toBe('')
  return Object.fromEntries(new URLSearchParams(url.hash.slice(1)))
}

describe('a signed authorization response', () => {
  it.each(['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'])(
    'MS-JARM-02 MS-JARM-04 MS-JARM-05 holds code, state and iss in one JWT, with response_mode=%s',
    async (response_mode) => {
      const { login, verifier } = await open(web, { response_mode, state: 'a state' })
      const page = await answerWith('approve', login)
      const outside = carried(page)
      expect(Object.keys(outside)).toEqual(['response'])
      const claims = await verify(outside['response'] ?? '', web)
      expect(Object.keys(claims).sort()).toEqual(['aud', 'code', 'exp', 'iat', 'iss', 'state'])
      expect(claims).toMatchObject({
        iss: server.issuer,
        aud: web.fixture.clientId,
        state: 'a state',
      })
      const { answer } = await web.redeem({ code: String(claims['code']), verifier }, { key })
      expect(answer.status, answer.text).toBe(200)
    },
  )

  it.each(['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'])(
    'MS-JARM-02 MS-JARM-04 holds an error the same way, with response_mode=%s',
    async (response_mode) => {
      const { login } = await open(web, { response_mode, state: 'a state' })
      const outside = carried(await answerWith('deny', login))
      expect(Object.keys(outside)).toEqual(['response'])
      const { exp: _exp, iat: _iat, ...claims } = await verify(outside['response'] ?? '', web)
      expect(claims).toEqual({
        error: 'access_denied',
        error_description: 'The person did not agree',
        state: 'a state',
        iss: server.issuer,
        aud: web.fixture.clientId,
      })
    },
  )

  it('MS-JARM-02 answers prompt=none signed, without a page', async () => {
    const { login } = await open(web, { response_mode: 'jwt', prompt: 'none', state: 's' })
    expect(login.status).toBe(303)
    const claims = await verify(carried(login)['response'] ?? '', web)
    expect(claims).toMatchObject({ error: 'login_required', state: 's' })
  })

  it('MS-JARM-03 MS-JARM-06 lives ten minutes at most and names an allowed algorithm and its key', async () => {
    const { login } = await open(web, { response_mode: 'jwt' })
    const { response = '' } = carried(await answerWith('approve', login))
    const { exp = 0, iat = 0 } = await verify(response, web)
    expect(exp - iat).toBeLessThanOrEqual(600)
    expect(exp - nowSeconds()).toBeGreaterThan(10)
    const { alg, kid } = decodeProtectedHeader(response)
    expect(alg).toBe('ES256')
    expect(kid).toBeTruthy()
  })

  it('MS-JARM-05 keeps the query the redirect URI was registered with', async () => {
    const { login } = await open(second, { response_mode: 'jwt' })
    const outside = carried(await answerWith('approve', login))
    expect(Object.keys(outside)).toEqual(['dummy1', 'dummy2', 'response'])
    expect(outside).toMatchObject({ dummy1: 'lorem', dummy2: 'ipsum' })
  })

  it('MS-JARM-02 has no state when none was pushed', async () => {
    const { login } = await open(web, { response_mode: 'jwt', state: undefined })
    const { response = '' } = carried(await answerWith('approve', login))
    expect(decodeJwt(response)).not.toHaveProperty('state')
  })

  it('MS-JARM-04 is not what a client gets that did not ask for it', async () => {
    const { login } = await open(web, { state: 's' })
    expect(Object.keys(carried(await answerWith('approve', login))).sort()).toEqual(['code', 'iss', 'state']) // prettier-ignore
  })

  it('MS-JARM-08 is never made for a redirect URI or a client that is not valid: PAR says so', async () => {
    const strange = { redirect_uri: 'https://evil.example/cb', response_mode: 'jwt' }
    const { answer } = await web.par({ fields: strange })
    expect(refusal(answer)).toBe('400 invalid_request')
    const { requestUri } = await web.par({ fields: { response_mode: 'jwt' } })
    const page = await createBrowser().open(web.authorizeUrl(requestUri, second.fixture.clientId))
    expect(page.element('error')).toBe('invalid_request_uri')
    expect(page.redirectedTo).toBeUndefined()
    expect(page.text).not.toContain('response=')
  })
})

describe('the page that posts a response', () => {
  it('MS-JARM-05 is not stored, runs one script of ours and posts to the client alone', async () => {
    const { login } = await open(web, { response_mode: 'form_post.jwt' })
    const page = await answerWith('approve', login)
    expect(page.status).toBe(200)
    expect(page.headers.get('cache-control')).toBe('no-store')
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      'form-action https://web.example',
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ])
    const [form, ...others] = page.forms
    expect(others).toEqual([])
    expect(form).toMatchObject({ method: 'post', action: web.fixture.redirectUri })
    expect(form?.buttons).toHaveLength(1)
    const scripts = [...page.text.matchAll(/<script([^>]*)>(.*?)<\/script>/gs)]
    expect(scripts).toHaveLength(1)
    const [, attributes = '', inside] = scripts[0] ?? []
    expect(inside).toBe('')
    const source = /src="([^"]+)"/.exec(attributes)?.[1] ?? ''
    const script = await createBrowser().open(source)
    expect(script.headers.get('content-type')).toContain('text/javascript')
    expect(script.text).toContain('submit')
  })

  it('MS-JARM-05 speaks the language of the request and names the client', async () => {
    const { login } = await open(web, { response_mode: 'form_post.jwt', ui_locales: 'de' })
    const page = await answerWith('approve', login)
    expect(page.words).toContain('Sie kehren zu Test client web zurück')
  })
})

describe('a person who comes late', () => {
  it('MS-JARM-02 goes back with a signed error, and nothing beside it', async () => {
    const { requestUri } = await web.par({ key, fields: { response_mode: 'jwt', state: 'late' } })
    await moveClock(301)
    const page = await createBrowser().open(web.authorizeUrl(requestUri))
    expect(page.element('error')).toBe('invalid_request_uri')
    const back = new URL(page.links.find(({ id }) => id === 'back')?.href ?? '')
    expect([...back.searchParams.keys()]).toEqual(['response'])
    const claims = decodeJwt(back.searchParams.get('response') ?? '')
    expect(claims).toMatchObject({ error: 'access_denied', state: 'late', aud: web.fixture.clientId }) // prettier-ignore
  })

  it('MS-JARM-05 posts it where the client wants it posted', async () => {
    const { requestUri } = await web.par({ key, fields: { response_mode: 'form_post.jwt' } })
    await moveClock(301)
    const page = await createBrowser().open(web.authorizeUrl(requestUri))
    const form = page.forms.find(({ buttons }) => buttons.some(({ id }) => id === 'back'))
    expect(form).toMatchObject({ method: 'post', action: web.fixture.redirectUri })
    expect(form?.fields.map(([name]) => name)).toEqual(['response'])
    expect(page.headers.get('content-security-policy')).toContain(
      "form-action 'self' https://web.example;",
    )
  })
})

describe('a client that registered its response modes', () => {
  it('MS-JARM-01 MS 5.3.3 is refused every other at PAR, and held to them without a word', async () => {
    const { fixture } = await registerClient(await openAdmin(), { response_modes: ['jwt'] })
    const client = testClient(fixture)
    for (const response_mode of [undefined, 'query', 'fragment.jwt', 'form_post.jwt']) {
      const { answer } = await client.par({ key, fields: { response_mode } })
      expect(refusal(answer), String(response_mode)).toBe('400 invalid_request')
    }
    for (const response_mode of ['jwt', 'query.jwt']) {
      const { answer } = await client.par({ key, fields: { response_mode } })
      expect(answer.status).toBe(201)
    }
  })

  it('RFC 9126 7.4 no longer gets a response in a mode that it gave up meanwhile', async () => {
    const admin = await openAdmin()
    const { fixture, metadata } = await registerClient(admin)
    const client = testClient(fixture)
    const { requestUri } = await client.par({ key, fields: { response_mode: 'query' } })
    const changed = { ...metadata, response_modes: ['jwt'] }
    const put = await admin.request('PUT', `/clients/${fixture.clientId}`, changed)
    expect(put.status, put.text).toBe(200)
    const page = await createBrowser().open(client.authorizeUrl(requestUri))
    expect(page.element('error')).toBe('unauthorized_client')
  })
})
