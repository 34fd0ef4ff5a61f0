import { beforeAll, describe, expect, inject, it } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import type { PublicJwk } from '../../src/clients/jwks.ts'
import { signedFetch } from '../../src/http-signatures/client.ts'
import { send } from '../support/http.ts'
import { callSigned, isSignedAnswer, prepare, sendPlain, sign } from '../support/signed-calls.ts'
import type { Call } from '../support/signed-calls.ts'
import { getResource, makeDpopKey, nonceOf, nowSeconds, proof, testClient } from '../support/test-client.ts' // prettier-ignore
import type { DpopKey } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { strangers } = inject('fixtures')
const accounts = `${server.api}/accounts`
const statements = `${server.api}/accounts/current/statements`
const web = testClient('web')

let key: DpopKey
let accessToken = ''
let scopeless = ''
beforeAll(async () => {
  key = await makeDpopKey()
  const grant = { grant_type: 'client_credentials' }
  accessToken = (await web.token({ ...grant, scope: 'accounts' }, { key })).accessToken
  const code = await web.code({ fields: { scope: 'openid' } })
  scopeless = (await web.redeem(code, { key })).accessToken
})

const call = (extra: Partial<Call> = {}): Call => ({ accessToken, key, ...extra })

describe('what the bank API publishes', () => {
  it('RFC 9728 names the resource, who issues its tokens and where its keys are', async () => {
    const answer = await send(`${server.api}/.well-known/oauth-protected-resource`)
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({
      resource: server.api,
      authorization_servers: [server.issuer],
      jwks_uri: `${server.api}/jwks`,
      resource_signing_alg_values_supported: ['ES256'],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: ['ES256', 'PS256', 'EdDSA', 'Ed25519'],
      tls_client_certificate_bound_access_tokens: true,
    })
    expect(answer.json['scopes_supported']).toContain('accounts')
  })

  it('RFC 9728 3.3 is not at an address that is not the resource’s', async () => {
    const answer = await send(`${server.apiMtls}/.well-known/oauth-protected-resource`, { ca: server.ca }) // prettier-ignore
    expect(answer.status).toBe(404)
  })

  it('shows public keys only', async () => {
    const { json } = await send(`${server.api}/jwks`)
    const [published, ...others] = json['keys'] as readonly Record<string, unknown>[]
    expect(others).toEqual([])
    expect(Object.keys(published ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  }) // prettier-ignore
})

describe('the answer to a signed request', () => {
  it('HS-RS-01 HS-RS-02 HS-RS-03 HS-RS-04 HS-RS-05 is signed for that request', async () => {
    const body = '{"year":2025}'
    const sent = await callSigned(statements, web.fixture, call({ method: 'POST', body }))
    expect(sent.answer.status).toBe(201)
    expect(await isSignedAnswer(sent)).toBe(true)
    expect(sent.answer.headers.get('cache-control')).toBe('no-store, no-transform')
    const input = sent.answer.headers.get('signature-input') ?? ''
    for (const covered of ['"@status"', '"content-digest"', '"@method";req', '"@target-uri";req', '"content-digest";req', '"signature";req;key="sig1"', '"signature-input";req;key="sig1"']) {
      expect(input).toContain(covered)
    }
    expect(input).toMatch(/;created=\d+;keyid="bank-api-1";tag="fapi-2-response"$/)
    expect(Number(/created=(\d+)/.exec(input)?.[1])).toBeGreaterThan(nowSeconds() - 30)
  }) // prettier-ignore

  it('HS-RS-03 HS-RS-05 does not pass as the answer to another request, with another status or content', async () => {
    const [one, two] = [
      await callSigned(accounts, web.fixture, call()),
      await callSigned(accounts, web.fixture, call()),
    ]
    expect([await isSignedAnswer(one), await isSignedAnswer(two)]).toEqual([true, true])
    expect(await isSignedAnswer({ request: one.request, answer: two.answer })).toBe(false)
    const { request, answer } = one
    expect(await isSignedAnswer({ request, answer: { ...answer, status: 201 } })).toBe(false)
    const text = answer.text.replace('1842.17', '9842.17')
    expect(text).not.toBe(answer.text)
    expect(await isSignedAnswer({ request, answer: { ...answer, text } })).toBe(false)
  })

  const refusals = [
    { status: 401, what: 'a bad token', make: () => call({ accessToken: 'nonsense' }), url: accounts },
    { status: 401, what: 'a sign-in that does not suffice', make: () => call(), url: `${accounts}/current/transactions` },
    { status: 403, what: 'too little scope', make: () => call({ accessToken: scopeless }), url: accounts },
    { status: 404, what: 'an unknown account', make: () => call({ method: 'POST', body: '{}' }), url: `${accounts}/none/statements` },
    { status: 404, what: 'an unknown address', make: () => call(), url: `${server.api}/nowhere` },
    { status: 405, what: 'a wrong method', make: () => call({ method: 'DELETE' }), url: accounts },
    { status: 413, what: 'too large a content', make: () => call({ method: 'POST', body: 'x'.repeat(70_000) }), url: statements },
  ] // prettier-ignore

  it.each(refusals)(
    'HS-RS-06 is signed when it is $status for $what',
    async ({ status, make, url }) => {
      const sent = await callSigned(url, web.fixture, make())
      expect(sent.answer.status, sent.answer.text).toBe(status)
      expect(await isSignedAnswer(sent)).toBe(true)
      const unsigned = await sendPlain(await prepare(url, make()))
      expect(unsigned.headers.has('signature')).toBe(false)
    },
  )

  it('HS-RS-04 HS-RS-06 is signed when the request’s signature is wrong, and names what it refuses', async () => {
    const crafting = { created: nowSeconds() - 300 }
    const sent = await callSigned(accounts, web.fixture, call(), crafting)
    expect([sent.answer.status, sent.answer.json['error']]).toEqual([401, 'invalid_signature'])
    expect(await isSignedAnswer(sent)).toBe(true)
  })

  it('HS-RS-06 is signed even when the request’s signature cannot be read', async () => {
    const plain = await prepare(accounts, call())
    const headers = { ...plain.headers, 'signature-input': 'x=((', signature: 'x=:AA==:' }
    const request = { ...plain, headers }
    const answer = await sendPlain(request)
    expect(answer.status).toBe(401)
    expect(await isSignedAnswer({ request, answer })).toBe(true)
  })

  it('HS-RS-05 to HEAD has no digest, for it has no content', async () => {
    const sent = await callSigned(accounts, web.fixture, call({ method: 'HEAD' }))
    expect([sent.answer.status, sent.answer.text]).toEqual([200, ''])
    expect(sent.answer.headers.has('content-digest')).toBe(false)
    expect(await isSignedAnswer(sent)).toBe(true)
  })

  it('HS-RS-03 on the mTLS address is tied to that address', async () => {
    const credential = strangers.selfSigned
    const client = testClient('certificateBound')
    const tokens = await client.token(
      { grant_type: 'client_credentials', scope: 'accounts' },
      { side: 'mtls', credential },
    )
    const bound = { accessToken: tokens.accessToken, credential }
    const sent = await callSigned(`${server.apiMtls}/accounts`, client.fixture, bound)
    expect(sent.answer.status).toBe(200)
    expect(await isSignedAnswer(sent)).toBe(true)
    const elsewhere = { ...sent.request, url: accounts }
    expect(await isSignedAnswer({ ...sent, request: elsewhere })).toBe(false)
  })
})

describe('the answer to an unsigned request', () => {
  it('is as it always was', async () => {
    const answer = await getResource(accounts, accessToken, { key })
    expect(answer.status).toBe(200)
    for (const name of ['signature', 'signature-input', 'content-digest']) {
      expect(answer.headers.has(name)).toBe(false)
    }
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
})

describe('a client with signedFetch', () => {
  async function connect() {
    const { jwk } = web.fixture
    const { json } = await send(`${server.api}/jwks`)
    const keys = json['keys'] as readonly PublicJwk[]
    const fetch = createFetch({ ca: server.ca })
    return signedFetch({ fetch, key: jwk as unknown as PublicJwk, serverKeys: async () => keys })
  }

  const headersFor = async (url: string, method: string) => ({
    authorization: `DPoP ${accessToken}`,
    'content-type': 'application/json',
    dpop: await proof(key, url, { method, accessToken, nonce: await nonceOf(accounts) }),
  })

  it('HS-RQ-05 HS-RS-03 orders a statement and keeps what proves it', async () => {
    const signed = await connect()
    const headers = await headersFor(statements, 'POST')
    const answer = await signed(statements, { method: 'POST', headers, body: '{"year":2024}' })
    expect([answer.status, await answer.json()]).toEqual([
      201,
      { account: 'current', year: 2024, ordered_by: 'client-web' },
    ])
  })

  it('HS-RS-06 gets signed refusals as answers', async () => {
    const signed = await connect()
    const headers = await headersFor(accounts, 'GET')
    expect((await signed(accounts, { headers })).status).toBe(200)
    const again = await signed(accounts, { headers })
    expect([again.status, (await again.json()) as object]).toEqual([
      401,
      { error: 'invalid_dpop_proof', error_description: 'The proof was used before' },
    ])
  })

  it('HS-RS-01 throws away an answer that the resource server’s key did not sign', async () => {
    const fetch = createFetch({ ca: server.ca })
    const { jwk } = web.fixture
    const mine = jwk as unknown as PublicJwk
    const signed = signedFetch({ fetch, key: mine, serverKeys: async () => [mine] })
    const headers = await headersFor(accounts, 'GET')
    await expect(signed(accounts, { headers })).rejects.toThrow('not signed as it must be')
  })
})

describe('a request that only carries the signature of a gateway', () => {
  it('HS-RQ-09 is not a signed one: its answer is as it always was', async () => {
    const plain = await prepare(accounts, call())
    const request = await sign(plain, web.fixture, { parameters: { tag: 'web-bot-auth' } })
    const answer = await sendPlain(request)
    expect([answer.status, answer.headers.has('signature')]).toEqual([200, false])
  })
})
