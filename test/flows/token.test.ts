import { decodeProtectedHeader } from 'jose'
import { describe, expect, inject, it } from 'vitest'
import { refusal, shannonBits } from '../support/refusal.ts'
import { send } from '../support/http.ts'
import {
  getResource,
  makeDpopKey,
  nonceOf,
  nowSeconds,
  proof,
  testClient,
} from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const key = await makeDpopKey()

describe('the token endpoint', () => {
  it('SP-AS-05 SP-CR-06 1.7 answers 200 with a bound token, its life as a number, and no-store', async () => {
    const { answer, accessToken, refreshToken } = await web.redeem(await web.code({ key }), { key })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('cache-control')).toContain('no-store')
    expect(Object.keys(answer.json).sort()).toEqual([
      'access_token',
      'expires_in',
      'id_token',
      'refresh_token',
      'scope',
      'token_type',
    ])
    expect(answer.json['token_type']).toBe('DPoP')
    expect(answer.json['scope']).toBe('openid accounts')
    expect(answer.json['expires_in']).toSatisfy(Number.isInteger)
    expect(shannonBits(accessToken)).toBeGreaterThan(128)
    expect(refreshToken).toMatch(/^[\x20-\x7e]{22,}$/)
    expect(shannonBits(refreshToken)).toBeGreaterThan(128)
  })

  it('SP-AS-14 SP-CR-08 issues a JWT for one audience, short-lived, bound, with a type of its own', async () => {
    const tokens = await web.redeem(await web.code({ key }), { key })
    const header = decodeProtectedHeader(tokens.accessToken)
    expect(Object.keys(header).sort()).toEqual(['alg', 'kid', 'typ'])
    expect(header).toMatchObject({ typ: 'at+jwt', alg: 'ES256' })
    const { iat, exp, jti, ...claims } = tokens.claims
    expect(claims).toMatchObject({
      iss: server.issuer,
      sub: 'sub-alice',
      aud: server.api,
      client_id: web.fixture.clientId,
      scope: 'openid accounts',
      cnf: { jkt: key.jkt },
    })
    expect(Number(exp) - Number(iat)).toBe(tokens.answer.json['expires_in'])
    expect(Number(exp) - Number(iat)).toBeLessThanOrEqual(600)
    expect(shannonBits(String(jti))).toBeGreaterThan(128)
  })

  it.each(['GET', 'PUT'])('RFC 6749 3.2 is refused by %s', async (method) => {
    const answer = await send(`${server.issuer}/token`, { method })
    expect(refusal(answer)).toBe('405 method_not_allowed')
    expect(answer.headers.get('allow')).toBe('POST')
  })

  it.each([
    'password',
    'implicit',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'urn:openid:params:grant-type:ciba',
    'toString',
  ])('SP-AS-02 refuses the grant type %s', async (grant_type) => {
    const { alice } = inject('fixtures').users
    const fields = { grant_type, username: alice.username, password: alice.password }
    expect(refusal((await web.token(fields, { key })).answer)).toBe('400 unsupported_grant_type')
  })

  it('RFC 6749 5.2 refuses a request that lacks what its grant type needs', async () => {
    for (const fields of [
      {},
      { grant_type: 'authorization_code' },
      { grant_type: 'refresh_token' },
    ]) {
      expect(refusal((await web.token(fields, { key })).answer)).toBe('400 invalid_request')
    }
  })

  it('RFC 6749 5.2 refuses a grant type that the client did not register', async () => {
    const client = testClient('noRefresh')
    const fields = { grant_type: 'client_credentials', scope: 'accounts' }
    expect(refusal((await client.token(fields, { key })).answer)).toBe('400 unauthorized_client')
    const { answer } = await client.redeem(await client.code({ key }), { key })
    expect(answer.status).toBe(200)
    expect(answer.json['refresh_token']).toBeUndefined()
  })
})

describe('a proof of possession', () => {
  const fields = { grant_type: 'client_credentials', scope: 'accounts' }

  it.each(['/par', '/token'])(
    'SP-AS-10 1.10 needs a nonce at %s, which the refusal hands out',
    async (path) => {
      const asked = path === '/par' ? web.authorizationFields('v'.repeat(43)) : fields
      const proofOptions = { nonce: undefined }
      const refused = await web.post(path, asked, { key, proofOptions })
      expect(refusal(refused)).toBe('400 use_dpop_nonce')
      expect(refused.all('dpop-nonce')).toHaveLength(1)
      const [nonce = ''] = refused.all('dpop-nonce')
      expect(nonce).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
      const retried = await web.post(path, asked, { key, proofOptions: { nonce } })
      expect([200, 201]).toContain(retried.status)
      // The next nonce comes with success, so that no further round trip is needed.
      expect(retried.all('dpop-nonce')).toHaveLength(1)
    },
  )

  it('SP-SC-02 counts once, at any endpoint', async () => {
    const url = web.url('/token')
    const once = await proof(key, url, { nonce: await nonceOf(url) })
    expect((await web.token(fields, { proof: once })).answer.status).toBe(200)
    expect(refusal((await web.token(fields, { proof: once })).answer)).toBe(
      '400 invalid_dpop_proof',
    )
  })

  it('SP-AS-13 1.10 may have iat and nbf 8 seconds ahead, and not 62', async () => {
    const ask = async (claims: Record<string, number>) =>
      refusal((await web.token(fields, { key, proofOptions: { claims } })).answer)
    const now = nowSeconds()
    expect(await ask({ iat: now + 8, nbf: now + 8 })).toBe('200')
    expect(await ask({ iat: now + 62 })).toBe('400 invalid_dpop_proof')
    expect(await ask({ nbf: now + 62 })).toBe('400 invalid_dpop_proof')
  })
})

describe('a token request without proof of possession', () => {
  it('SP-AS-04 1.7 is refused for a code, which stays unspent', async () => {
    const given = await web.code()
    expect(refusal((await web.redeem(given)).answer)).toBe('400 invalid_request')
    expect((await web.redeem(given, { key })).answer.status).toBe(200)
  })

  it('SP-AS-04 1.9 is refused for a refresh token', async () => {
    const { refreshToken } = await web.redeem(await web.code({ key }), { key })
    expect(refusal((await web.refresh(refreshToken)).answer)).toBe('400 invalid_request')
    expect((await web.refresh(refreshToken, { key })).answer.status).toBe(200)
  })

  it('SP-AS-04 is refused for client credentials', async () => {
    const fields = { grant_type: 'client_credentials', scope: 'accounts' }
    expect(refusal((await web.token(fields)).answer)).toBe('400 invalid_request')
    expect((await web.token(fields, { key })).answer.status).toBe(200)
  })

  it('SP-AS-04 SP-AS-05 1.7 is refused for a client bound to certificates, with or without DPoP', async () => {
    const client = testClient('certificateBound')
    const given = await client.code()
    expect(refusal((await client.redeem(given)).answer)).toBe('400 invalid_request')
    expect(refusal((await client.redeem(given, { key })).answer)).toBe('400 invalid_request')
    const credential = inject('fixtures').strangers.selfSigned
    const bound = await client.redeem(given, { side: 'mtls', credential })
    expect(bound.answer.json['token_type']).toBe('Bearer')
    expect(Object.keys(bound.claims['cnf'] as object)).toEqual(['x5t#S256'])
  })

  it('SP-AS-04 SP-AS-05 is refused for a client bound to DPoP, even with a certificate', async () => {
    const client = testClient('dpopBound')
    const given = await client.code()
    const credential = inject('fixtures').strangers.selfSigned
    const withCertificate = await client.redeem(given, { side: 'mtls', credential })
    expect(refusal(withCertificate.answer)).toBe('400 invalid_request')
    expect((await client.redeem(given, { key })).claims['cnf']).toEqual({ jkt: key.jkt })
  })
})

describe('client credentials', () => {
  const fields = { grant_type: 'client_credentials', scope: 'accounts' }

  it('SP-AS-05 SP-SC-06 1.7 bring a bound token for the client itself, and nothing else', async () => {
    const { answer, claims } = await web.token(fields, { key })
    expect(answer.status).toBe(200)
    expect(Object.keys(answer.json).sort()).toEqual([
      'access_token',
      'expires_in',
      'scope',
      'token_type',
    ])
    expect(claims).toMatchObject({
      sub: web.fixture.clientId,
      client_id: web.fixture.clientId,
      aud: server.api,
      cnf: { jkt: key.jkt },
    })
  })

  it('SP-SC-06 bring a token that is not a person’s: userinfo refuses it', async () => {
    const { accessToken } = await web.token(fields, { key })
    const accounts = await getResource(`${server.api}/accounts`, accessToken, { key })
    expect(accounts.status).toBe(200)
    const answer = await getResource(`${server.issuer}/userinfo`, accessToken, { key })
    expect(refusal(answer)).toBe('403 insufficient_scope')
  })

  it.each(['openid', 'accounts openid', 'offline_access', 'admin', 'unheard-of'])(
    'RFC 6749 3.3 are refused with scope %s',
    async (scope) => {
      const { answer } = await web.token({ ...fields, scope }, { key })
      expect(refusal(answer)).toBe('400 invalid_scope')
    },
  )

  it('SP-AS-05 bring a certificate-bound token on the mTLS side', async () => {
    const mtls = testClient('mtlsPki')
    const { answer, accessToken } = await mtls.token(fields)
    expect(answer.json['token_type']).toBe('Bearer')
    const { credential } = mtls.fixture
    if (credential === undefined) throw new Error('the client has a certificate')
    const url = `${server.apiMtls}/accounts`
    expect((await getResource(url, accessToken, { credential })).status).toBe(200)
    const { selfSigned } = inject('fixtures').strangers
    expect((await getResource(url, accessToken, { credential: selfSigned })).status).toBe(401)
  })
})
