import { decodeJwt } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import { openAdmin, registerClient } from '../support/admin.ts'
import { signTexts, storageCost } from '../support/attack.ts'
import { createBrowser } from '../support/browser.ts'
import type { PrivateJwk } from '../support/fixtures.ts'
import { pushSigned, requestObject } from '../support/request-objects.ts'
import type { RequestObjectOptions } from '../support/request-objects.ts'
import { refusal } from '../support/refusal.ts'
import { makeDpopKey, moveClock, nowSeconds, sign, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { issuer } = server
const web = testClient('web')
const second = testClient('second')
const key = await makeDpopKey()

afterEach(() => moveClock(0))

const push = (options: RequestObjectOptions = {}, client = web) =>
  pushSigned(client, issuer, { ...options, post: { key } })

/** Refused, and nothing was stored to find that out. */
async function expectRefused(options: RequestObjectOptions, code = 'invalid_request_object') {
  const { answer } = await push(options)
  expect(refusal(answer), JSON.stringify(options)).toBe(`400 ${code}`)
  expect(storageCost(answer).rows).toBe(0)
  expect(answer.json['request_uri']).toBeUndefined()
}

const inSeconds = (name: string, seconds: number) => ({
  claims: { [name]: nowSeconds() + seconds },
})

describe('a signed authorization request', () => {
  it.each(['web', 'ps256', 'ed25519'] as const)(
    'MS-JAR-06 MS-JAR-10 is taken when %s signed it with a registered key',
    async (name) => {
      const client = testClient(name)
      expect((await push({}, client)).answer.status).toBe(201)
    },
  )

  it('MS-JAR-07 MS-JAR-12 goes all the way, with every parameter from inside', async () => {
    const claims = { state: 'from inside', nonce: 'the nonce', scope: 'openid' }
    const { requestUri, verifier } = await push({ claims })
    const callback = await web.approve(requestUri)
    const response = decodeJwt(callback.searchParams.get('response') ?? '')
    expect(response['state']).toBe('from inside')
    const tokens = await web.redeem({ code: String(response['code']), verifier }, { key })
    expect(tokens.answer.status, tokens.answer.text).toBe(200)
    expect(tokens.answer.json['scope']).toBe('openid')
    const idToken = decodeJwt(String(tokens.answer.json['id_token']))
    expect(idToken['nonce']).toBe('the nonce')
  })

  it('MS-JAR-02 1.12 is for the issuer, alone or among others', async () => {
    for (const aud of [issuer, [issuer], [issuer, 'https://other1.example.com', 'invalid']]) {
      expect((await push({ claims: { aud } })).answer.status).toBe(201)
    }
    const wrong = [undefined, `${issuer}/par`, `${issuer}/`, 'https://other1.example.com', [], ['https://other1.example.com'], [[issuer]], { issuer }, null] // prettier-ignore
    for (const aud of wrong) await expectRefused({ claims: { aud } })
  })

  it('MS-JAR-03 has an nbf of the last hour, or a moment ahead', async () => {
    expect((await push(inSeconds('nbf', 8))).answer.status).toBe(201)
    expect((await push(inSeconds('nbf', -3_000))).answer.status).toBe(201)
    for (const seconds of [61, -70 * 60, -3_601]) await expectRefused(inSeconds('nbf', seconds))
    for (const nbf of [undefined, String(nowSeconds()), null]) {
      await expectRefused({ claims: { nbf } })
    }
  })

  it('MS-JAR-04 has an exp within an hour of its nbf', async () => {
    const now = nowSeconds()
    expect((await push({ claims: { nbf: now - 5, exp: now + 3_595 } })).answer.status).toBe(201)
    for (const seconds of [-3_600, -11, 70 * 60]) await expectRefused(inSeconds('exp', seconds))
    for (const exp of [undefined, String(now + 60), null]) await expectRefused({ claims: { exp } })
    await expectRefused({ claims: { nbf: now + 8, exp: now + 8 } })
  })

  it('MS-JAR-04 is as old as it is, whatever the clock said when it was made', async () => {
    const request = await requestObject(web, issuer)
    await moveClock(320)
    const late = await web.post('/par', { request }, { key })
    expect(refusal(late)).toBe('400 invalid_request_object')
  })

  it('MS-JAR-05 1.12 has its own typ, JWT or none, in any case', async () => {
    const fine = [undefined, 'JWT', 'jwt', 'oauth-authz-req+jwt', 'OautH-auThZ-REQ+jWt', 'application/oauth-authz-req+jwt', 'APPLICATION/OAUTH-AUTHZ-REQ+JWT'] // prettier-ignore
    for (const typ of fine) expect((await push({ header: { typ } })).answer.status).toBe(201)
    const others = ['dpop+jwt', 'at+jwt', 'client-authentication+jwt', 'application/at+jwt', 'logout+jwt', 'token-introspection+jwt', '', 'JOSE', 'oauth-authz-req+jwt ', 'text/oauth-authz-req+jwt'] // prettier-ignore
    for (const typ of others) await expectRefused({ header: { typ } })
  })

  it('MS-JAR-06 1.12 is not taken unsigned or with an algorithm that is not allowed', async () => {
    const signed = await requestObject(web, issuer)
    const [, payload = ''] = signed.split('.')
    for (const alg of ['none', 'None', 'RS256', 'HS256', 'PS512', 'ES384']) {
      const header = Buffer.from(JSON.stringify({ alg })).toString('base64url')
      for (const signature of ['', 'AAAA', signed.split('.')[2]]) {
        const request = `${header}.${payload}.${signature}`
        const answer = await web.post('/par', { request }, { key })
        expect(refusal(answer), alg).toBe('400 invalid_request_object')
        expect(storageCost(answer).rows).toBe(0)
      }
    }
  })

  it('MS-JAR-06 is signed with the registered algorithm where there is one', async () => {
    const admin = await openAdmin()
    const suiting = await registerClient(admin, { request_object_signing_alg: 'ES256' })
    expect((await push({}, testClient(suiting.fixture))).answer.status).toBe(201)
    const other = await registerClient(admin, { request_object_signing_alg: 'PS256' })
    const { answer } = await push({}, testClient(other.fixture))
    expect(refusal(answer)).toBe('400 invalid_request_object')
  })

  it('MS-JAR-07 1.5 has nothing beside it but who the client is', async () => {
    const request = await requestObject(web, issuer, { claims: { state: undefined } })
    const { clientId } = web.fixture
    const alone = await web.post('/par', { request, client_id: clientId }, { key })
    expect(alone.status, alone.text).toBe(201)
    const beside = { state: 's', nonce: 'n', redirect_uri: web.fixture.redirectUri, response_mode: 'jwt', request_uri: 'urn:x', x: 'y' } // prettier-ignore
    for (const [name, value] of Object.entries(beside)) {
      const answer = await web.post('/par', { request, [name]: value }, { key })
      expect(refusal(answer), name).toBe('400 invalid_request')
      expect(storageCost(answer).rows).toBe(0)
    }
    const page = await createBrowser().open(
      `${web.authorizeUrl(String(alone.json['request_uri']))}&state=from-the-query`,
    )
    const cancelled = await page.submit('cancel')
    const response = cancelled.redirectedTo?.searchParams.get('response') ?? ''
    expect(decodeJwt(response)).not.toHaveProperty('state')
  })

  it('MS-JAR-08 names the client that pushes it', async () => {
    for (const client_id of [undefined, second.fixture.clientId, '', [web.fixture.clientId]]) {
      await expectRefused({ claims: { client_id } })
    }
    await expectRefused({ claims: { iss: second.fixture.clientId } })
    expect((await push({ claims: { iss: undefined } })).answer.status).toBe(201)
  })

  it('MS-JAR-09 1.4 holds no other request', async () => {
    const inner = await requestObject(web, issuer)
    await expectRefused({ claims: { request: inner } })
    await expectRefused({ claims: { request_uri: 'urn:ietf:params:oauth:request_uri:x' } })
  })

  it('MS-JAR-10 1.12 is signed by the client itself, and as it was signed', async () => {
    const { fixture: stranger } = second
    await expectRefused({ signer: stranger })
    await expectRefused({ signer: stranger, header: { kid: web.fixture.jwk?.['kid'] } })
    await expectRefused({ header: { kid: 'unknown' } })
    const own = (await makeDpopKey()).publicJwk
    await expectRefused({ signer: stranger, header: { jwk: own, jku: `${issuer}/jwks` } })
    const [header, payload = '', signature] = (await requestObject(web, issuer)).split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    const other = JSON.stringify({ ...claims, scope: 'openid profile accounts' })
    const changed = `${header}.${Buffer.from(other).toString('base64url')}.${signature}`
    const answer = await web.post('/par', { request: changed }, { key })
    expect(refusal(answer)).toBe('400 invalid_request_object')
    expect(storageCost(answer).rows).toBe(0)
  })

  it('MS-JAR-10 is judged again by the keys the client has now', async () => {
    const admin = await openAdmin()
    const { fixture, metadata } = await registerClient(admin)
    const client = testClient(fixture)
    expect((await push({}, client)).answer.status).toBe(201)
    const strict = { ...metadata, request_object_signing_alg: 'PS256' }
    expect((await admin.request('PUT', `/clients/${fixture.clientId}`, strict)).status).toBe(200)
    expect(refusal((await push({}, client)).answer)).toBe('400 invalid_request_object')
  })

  it('MS-JAR-12 needs what a plain request needs', async () => {
    for (const name of ['redirect_uri', 'response_type', 'code_challenge', 'code_challenge_method']) {
      await expectRefused({ claims: { [name]: undefined } }, 'invalid_request')
    }
    await expectRefused({ claims: { code_challenge_method: 'plain' } }, 'invalid_request')
    await expectRefused({ claims: { redirect_uri: 'https://evil.example/cb' } }, 'invalid_request')
    await expectRefused({ claims: { scope: 'admin' } }, 'invalid_scope')
  }) // prettier-ignore

  it('MS-JAR-15 holds JSON as JSON or as text', async () => {
    const claims = { id_token: { acr: { essential: true, values: ['urn:fapi-edge:acr:one-factor'] } } } // prettier-ignore
    for (const shape of [
      { claims, max_age: 600 },
      { claims: JSON.stringify(claims), max_age: '600' },
    ])
      expect((await push({ claims: shape })).answer.status).toBe(201)
    await expectRefused({ claims: { max_age: -1 } }, 'invalid_request')
    await expectRefused({ claims: { claims: [] } }, 'invalid_request')
    const reachable = { id_token: { acr: { essential: true, values: ['urn:example:gold'] } } }
    const { requestUri } = await push({ claims: { claims: reachable } })
    const page = await createBrowser().open(web.authorizeUrl(requestUri))
    const response = page.redirectedTo?.searchParams.get('response') ?? ''
    expect(decodeJwt(response)['error']).toBe('unmet_authentication_requirements')
  })

  it('RFC 8707 2 asks for one resource or several', async () => {
    const resource = 'https://other-api.example'
    for (const shape of [resource, [resource]])
      expect((await push({ claims: { resource: shape } })).answer.status).toBe(201)
    await expectRefused({ claims: { resource: ['https://nobody.example'] } }, 'invalid_target')
    await expectRefused({ claims: { resource: [1] } })
  })

  it('is of bounded size, depth and count', async () => {
    const text = 'x'.repeat(20_000)
    expect((await push({ claims: { text } })).answer.status).toBe(201)
    const { answer } = await push({ claims: { text: text.repeat(2) } })
    expect(refusal(answer)).toBe('413 payload_too_large')
    for (const depth of [17, 5_000, 12_000]) {
      const deep = `{"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`
      const request = await signTexts(web.fixture.jwk as PrivateJwk, '{"alg":"ES256"}', deep)
      const refused = await web.post('/par', { request }, { key })
      expect(refusal(refused)).toBe('400 invalid_request_object')
    }
    expect((await push({ claims: { deep: [[[[[[['fine']]]]]]] } })).answer.status).toBe(201)
    await expectRefused({ claims: { many: Array.from({ length: 3_000 }, () => 0) } })
    const names = Array.from({ length: 200 }, (_, at) => [`p${at}`, 'x'])
    await expectRefused({ claims: Object.fromEntries(names) as Record<string, string> })
  })
})

describe('a client that must sign its requests', () => {
  it('MS-JAR-01 is refused an unsigned one, and not a signed one', async () => {
    const made = await registerClient(await openAdmin(), { require_signed_request_object: true })
    const client = testClient(made.fixture)
    const { answer } = await client.par({ key })
    expect(refusal(answer)).toBe('400 invalid_request')
    expect(storageCost(answer).rows).toBe(0)
    expect((await push({}, client)).answer.status).toBe(201)
  })

  it('MS-JAR-01 is held to it from the moment it is registered so', async () => {
    const admin = await openAdmin()
    const { fixture, metadata } = await registerClient(admin)
    const client = testClient(fixture)
    expect((await client.par({ key })).answer.status).toBe(201)
    const strict = { ...metadata, require_signed_request_object: true }
    expect((await admin.request('PUT', `/clients/${fixture.clientId}`, strict)).status).toBe(200)
    expect(refusal((await client.par({ key })).answer)).toBe('400 invalid_request')
  })
})

describe('one kind of JWT as another', () => {
  it('MS-JAR-11 takes no request object as a client assertion', async () => {
    const { clientId } = web.fixture
    const assertions = [
      await requestObject(web, issuer),
      await requestObject(web, issuer, { claims: { sub: clientId, jti: 'a', aud: [issuer] } }),
      await requestObject(web, issuer, { claims: { sub: clientId, jti: 'b' } }),
      await requestObject(web, issuer, { claims: { sub: clientId, jti: 'c' }, header: { typ: 'oauth-authz-req+jwt' } }), // prettier-ignore
    ]
    for (const client_assertion of assertions) {
      const { answer } = await web.par({ key, fields: { client_assertion } })
      expect(refusal(answer)).toBe('401 invalid_client')
    }
    expect((await web.par({ key })).answer.status).toBe(201)
  })

  it('MS-JAR-11 takes no client assertion as a request object', async () => {
    const fields = web.authorizationFields('v'.repeat(43))
    const now = nowSeconds()
    const claims = { ...fields, client_id: web.fixture.clientId, nbf: now, exp: now + 60 }
    const request = await web.assertion({ claims })
    const answer = await web.post('/par', { request }, { key })
    expect(refusal(answer)).toBe('400 invalid_request_object')
    await expectRefused({ claims: { sub: web.fixture.clientId } })
    await expectRefused({ claims: { sub: 'somebody' } })
  })

  it('takes no signed response, access token or id_token as a request object or an assertion', async () => {
    const { requestUri, verifier } = await push()
    const callback = await web.approve(requestUri)
    const response = callback.searchParams.get('response') ?? ''
    const code = String(decodeJwt(response)['code'])
    const tokens = await web.redeem({ code, verifier }, { key })
    for (const jwt of [response, tokens.accessToken, String(tokens.answer.json['id_token'])]) {
      const asRequest = await web.post('/par', { request: jwt }, { key })
      expect(refusal(asRequest)).toBe('400 invalid_request_object')
      const asAssertion = await web.par({ key, fields: { client_assertion: jwt } })
      expect(refusal(asAssertion.answer)).toBe('401 invalid_client')
    }
    const asHint = await web.par({ key, fields: { id_token_hint: response } })
    expect(refusal(asHint.answer)).toBe('400 invalid_request')
  })

  it('takes no request object signed by the key of a DPoP proof', async () => {
    const { clientId } = web.fixture
    const now = nowSeconds()
    const header = { alg: key.alg, jwk: key.publicJwk }
    const fields = web.authorizationFields('v'.repeat(43))
    const claims = { ...fields, aud: issuer, iss: clientId, client_id: clientId, nbf: now, exp: now + 60 } // prettier-ignore
    const answer = await web.post('/par', { request: await sign(key.jwk, header, claims) }, { key })
    expect(refusal(answer)).toBe('400 invalid_request_object')
  })
})
