import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, importJWK } from 'jose'
import type { JWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  signedIntrospection,
  verifyIntrospectionResponse,
} from '../../src/resource/introspection-response.ts'
import type { Answer } from '../support/http.ts'
import { refusal } from '../support/refusal.ts'
import { makeDpopKey, nowSeconds, testClient } from '../support/test-client.ts'
import type { Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { issuer } = server
const web = testClient('web')
const resourceServer = testClient('resourceServer')
const key = await makeDpopKey()
const audience = 'https://other-api.example'
const plain = 'application/json'

let tokens: Tokens

beforeAll(async () => {
  tokens = await web.redeem(await web.code({ key, fields: { resource: audience } }), { key })
})

const ask = (token: string, accept: string = signedIntrospection, client = resourceServer) =>
  client.post('/introspect', { token }, { headers: [['accept', accept]] })

/** As a resource server does: keys of the issuer it expects, and of nobody else. */
async function verified(answer: Answer): Promise<Readonly<Record<string, unknown>>> {
  expect(answer.headers.get('content-type')).toBe(signedIntrospection)
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`))
  const result = await verifyIntrospectionResponse(answer.text, {
    issuer,
    audience: resourceServer.fixture.clientId,
    algorithms: ['ES256'],
    keys: async (kid) => {
      const found = await keys({ alg: 'ES256', ...(typeof kid === 'string' ? { kid } : {}) })
      return { key: found as CryptoKey, alg: 'ES256' }
    },
    now: nowSeconds() * 1000,
  })
  if (!result.ok) throw new Error(result.refusal.detail)
  return result.value
}

describe('signed introspection (RFC 9701)', () => {
  it('MS-INT-01 MS-INT-02 MS-INT-06 MS-INT-07 says signed what the plain answer says', async () => {
    const answer = await ask(tokens.accessToken)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toContain('no-store')
    const { typ, alg, kid } = decodeProtectedHeader(answer.text)
    expect([typ, alg]).toEqual(['token-introspection+jwt', 'ES256'])
    expect(kid).toBeTruthy()
    const told = await verified(answer)
    expect(told).toEqual((await ask(tokens.accessToken, plain)).json)
    expect(told).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: key.jkt } })
  })

  it('MS-INT-03 has nothing at the top that a token would have', async () => {
    const claims = decodeJwt((await ask(tokens.accessToken)).text)
    expect(Object.keys(claims).sort()).toEqual(['aud', 'iat', 'iss', 'token_introspection'])
    expect(claims).toMatchObject({ iss: issuer, aud: resourceServer.fixture.clientId })
  })

  it('MS-INT-04 MS-INT-05 says inactive and nothing more, whatever the reason, and says it signed', async () => {
    const given = await web.code({ key, fields: { resource: server.api } })
    const elsewhere = await web.redeem(given, { key })
    const ended = await web.redeem(await web.code({ key, fields: { resource: audience } }), { key })
    await web.post('/revoke', { token: ended.accessToken })
    const { refreshToken } = tokens
    for (const token of ['x', elsewhere.accessToken, ended.accessToken, refreshToken]) {
      const answer = await ask(token)
      expect(answer.status).toBe(200)
      expect(await verified(answer)).toEqual({ active: false })
      const { iat: _iat, ...claims } = decodeJwt(answer.text)
      expect(claims).toEqual({
        iss: issuer,
        aud: resourceServer.fixture.clientId,
        token_introspection: { active: false },
      })
    }
  })

  it('MS-INT-05 MS-INT-06 tells an ordinary client and a stranger nothing, signed or not', async () => {
    for (const accept of [signedIntrospection, plain]) {
      expect(refusal(await ask(tokens.accessToken, accept, web))).toBe('403 access_denied')
      const fields = { token: tokens.accessToken, client_id: resourceServer.fixture.clientId }
      const headers = [['accept', accept]] as const
      const nobody = await resourceServer.post('/introspect', fields, { anonymous: true, headers })
      expect(refusal(nobody)).toBe('401 invalid_client')
    }
  })

  it.each([
    [signedIntrospection, true],
    [signedIntrospection.toUpperCase(), true],
    [`text/html, ${signedIntrospection};q=0.9`, true],
    [`${plain}, ${signedIntrospection}`, true],
    [`${plain};q=0.5, ${signedIntrospection};q=0.8`, true],
    [`${plain}, ${signedIntrospection};q=0.5`, false],
    [`${signedIntrospection};q=0`, false],
    ['application/jwt', false],
    ['*/*', false],
    [plain, false],
  ])('MS-INT-01 answers Accept: %s signed: %s', async (accept, signed) => {
    const answer = await ask(tokens.accessToken, accept)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe(signed ? signedIntrospection : plain)
  })

  it('MS-INT-03 cannot be used as a token, an assertion, a hint or a request', async () => {
    const { text } = await ask(tokens.accessToken)
    expect(await verified(await ask(text))).toEqual({ active: false })
    const asAssertion = await web.par({ key, fields: { client_assertion: text } })
    expect(refusal(asAssertion.answer)).toBe('401 invalid_client')
    const asHint = await web.par({ key, fields: { id_token_hint: text } })
    expect(refusal(asHint.answer)).toBe('400 invalid_request')
    const asRequest = await web.post('/par', { request: text }, { key })
    expect(refusal(asRequest)).toBe('400 invalid_request_object')
  })

  it('MS-INT-08 MS-INT-09 is understood by a stock client', async () => {
    const { clientId, jwk, alg } = resourceServer.fixture
    const insecure = { [oauth.allowInsecureRequests]: true }
    const as = await oauth.processDiscoveryResponse(
      new URL(issuer),
      await oauth.discoveryRequest(new URL(issuer), { ...insecure, algorithm: 'oauth2' }),
    )
    const client: oauth.Client = { client_id: clientId, introspection_signed_response_alg: 'ES256' }
    const own = (await importJWK(jwk as JWK, alg)) as CryptoKey
    const authentication = oauth.PrivateKeyJwt({ key: own, kid: String(jwk?.['kid']) })
    const { accessToken } = tokens
    const response = await oauth.introspectionRequest(as, client, authentication, accessToken, insecure) // prettier-ignore
    const copy = response.clone()
    const told = await oauth.processIntrospectionResponse(as, client, response)
    await oauth.validateApplicationLevelSignature(as, response, insecure)
    expect(copy.headers.get('content-type')).toBe(signedIntrospection)
    expect(told).toMatchObject({ active: true, aud: audience })
  })
})
