import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt } from 'jose'
import { describe, expect, inject, it } from 'vitest'
import { post, storageCost } from '../support/attack.ts'
import { createBrowser } from '../support/browser.ts'
import { form, send } from '../support/http.ts'
import { injected as common } from '../support/injected-parameters.ts'
import { pageRefusal } from '../support/refusal.ts'
import { makeDpopKey, sign, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')

const injected = {
  ...common,
  scope: 'openid profile email accounts offline_access',
  resource: 'https://other-api.example',
  client_assertion: 'x',
  iss: 'https://evil.example',
}

describe('an attacker who rewrites the authorization URL', () => {
  it.each(['GET', 'POST'] as const)(
    'ATK-A1-08 changes nothing by parameters added to a %s: the pushed values win',
    async (method) => {
      const key = await makeDpopKey()
      const fields = { scope: 'openid accounts', nonce: 'pushed-nonce' }
      const pushed = await web.par({ key, fields })
      const browser = createBrowser()
      const url = new URL(web.authorizeUrl(pushed.requestUri))
      for (const [name, value] of Object.entries(injected)) url.searchParams.append(name, value)
      const login =
        method === 'GET'
          ? await browser.open(url, { from: 'cross-site' })
          : await browser.post(`${server.issuer}/authorize`, url.searchParams)
      expect(login.headers.get('content-security-policy')).toContain('https://web.example')
      expect(login.text).not.toContain('evil')
      const consent = await login.submit('login', users.alice)
      expect(consent.text).not.toMatch(/evil|Email address|profile/i)
      const { redirectedTo } = await consent.submit('approve')
      expect(`${redirectedTo?.origin}${redirectedTo?.pathname}`).toBe('https://web.example/cb')
      expect(redirectedTo?.hash).toBe('')
      expect([...(redirectedTo?.searchParams.keys() ?? [])]).toEqual(['code', 'state', 'iss'])
      expect(redirectedTo?.searchParams.get('state')).toMatch(/^state-/)
      expect(redirectedTo?.searchParams.get('iss')).toBe(server.issuer)
      const code = redirectedTo?.searchParams.get('code') ?? ''
      const tokens = await web.redeem({ code, verifier: pushed.verifier }, { key })
      expect(tokens.answer.json['scope']).toBe('openid accounts')
      expect(tokens.claims['aud']).not.toBe('https://other-api.example')
      const idToken = decodeJwt(String(tokens.answer.json['id_token']))
      expect(idToken['nonce']).toBe('pushed-nonce')
      expect(idToken['email']).toBeUndefined()
    },
  )

  it('ATK-A1-09 cannot start without a pushed request: an error page, no redirect, no storage', async () => {
    const { jwk, clientId, redirectUri } = web.fixture
    if (jwk === undefined) throw new Error('the client has a key')
    const classic = { ...web.authorizationFields('v'.repeat(43)), client_id: clientId }
    const request = await sign(
      jwk,
      { alg: 'ES256', typ: 'oauth-authz-req+jwt', kid: jwk['kid'] },
      { ...classic, iss: clientId, aud: server.issuer, exp: Math.floor(Date.now() / 1000) + 60 },
    )
    const tries: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ['400 invalid_request', classic],
      ['400 invalid_request', { ...classic, request }],
      ['400 invalid_request', { client_id: clientId, request }],
      ['400 invalid_request', { client_id: clientId, redirect_uri: redirectUri }],
      ['400 invalid_request', { client_id: clientId }],
      ['400 invalid_request', { client_id: clientId, request_uri: '' }],
      ['400 invalid_request', {}],
    ]
    for (const [expected, fields] of tries) {
      const page = await createBrowser().open(`${server.issuer}/authorize?${form(fields)}`)
      expect(pageRefusal(page)).toBe(expected)
      expect(storageCost(page).calls).toBe(0)
      const posted = await createBrowser().post(`${server.issuer}/authorize`, fields)
      expect(pageRefusal(posted)).toBe(expected)
    }
    const { requestUri } = await web.par()
    expect((await createBrowser().open(web.authorizeUrl(requestUri))).forms).toHaveLength(1)
  })

  it('ATK-A1-09 ATK-A1-30 cannot make the server fetch a request_uri', async () => {
    let visits = 0
    const listener = createServer((_, response) => {
      visits += 1
      response.end('{}')
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as AddressInfo
    const own = `http://127.0.0.1:${port}/request.jwt`
    try {
      const foreign = [
        own, own.replace('http:', 'https:'), `urn:ietf:params:oauth:request_uri:${own}`,
        'https://evil.example/request.jwt', 'file:///etc/passwd', 'data:,x', 'javascript:alert(1)',
        'http://169.254.169.254/latest/meta-data', '//evil.example', 'URN:IETF:params:oauth:request_uri:x',
      ] // prettier-ignore
      for (const requestUri of foreign) {
        const page = await createBrowser().open(web.authorizeUrl(requestUri))
        expect(pageRefusal(page), requestUri).toBe('400 invalid_request_uri')
        const pushed = await web.par({ fields: { request_uri: requestUri } })
        expect(pushed.answer.status).toBe(400)
        expect(pushed.answer.json['error']).toBe('invalid_request')
      }
      expect(visits).toBe(0)
      await send(own)
      expect(visits).toBe(1)
    } finally {
      listener.close()
    }
  })

  it('ATK-A1-09 cannot push an unsigned request object, nor parameters beside it', async () => {
    const request = 'eyJhbGciOiJub25lIn0.e30.'
    const alone = await web.post('/par', { request })
    const beside = await web.par({ fields: { request } })
    expect(alone.json['error']).toBe('invalid_request_object')
    expect(beside.answer.json['error']).toBe('invalid_request')
    for (const answer of [alone, beside.answer]) {
      expect(answer.status).toBe(400)
      expect(storageCost(answer).rows).toBe(0)
    }
  })

  it('ATK-A1-29 cannot move the query of a POST into its body', async () => {
    const { requestUri } = await web.par()
    const query = form({ client_id: web.fixture.clientId, request_uri: requestUri })
    const answer = await post(`/authorize?${query}`, '')
    expect(answer.status).toBe(400)
    expect((await post('/authorize', query)).status).toBe(303)
  })
})
