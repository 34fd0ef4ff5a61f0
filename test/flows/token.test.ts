import { decodeProtectedHeader } from 'jose'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { refusal, shannonBits } from '../support/refusal.ts'
import { send } from '../support/http.ts'
import { getResource, makeDpopKey, moveClock, testClient } from '../support/test-client.ts'

const server = inject('server')
const web = testClient('web')
const second = testClient('second')
const key = await makeDpopKey()

afterEach(() => moveClock(0))

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

describe('an authorization code', () => {
  it('SP-AS-11 1.7 is refused after 62 seconds, and works after 55', async () => {
    const [early, late] = [await web.code({ key }), await web.code({ key })]
    await moveClock(55)
    expect((await web.redeem(early, { key })).answer.status).toBe(200)
    await moveClock(62)
    expect(refusal((await web.redeem(late, { key })).answer)).toBe('400 invalid_grant')
  })

  it('SP-AS-28 1.7 is refused a second time, and what the first use brought ends', async () => {
    const given = await web.code({ key })
    const first = await web.redeem(given, { key })
    const accounts = () => getResource(`${server.api}/accounts`, first.accessToken, { key })
    expect((await accounts()).status).toBe(200)
    await moveClock(1)
    expect(refusal((await web.redeem(given, { key })).answer)).toBe('400 invalid_grant')
    expect((await accounts()).status).toBe(401)
    const userinfo = await getResource(`${server.issuer}/userinfo`, first.accessToken, { key })
    expect(refusal(userinfo)).toBe('401 invalid_token')
    const refreshed = await web.refresh(first.refreshToken, { key })
    expect(refusal(refreshed.answer)).toBe('400 invalid_grant')
  })

  it('SP-AS-28 is redeemed once when two requests come at the same time', async () => {
    const given = await web.code({ key })
    const answers = await Promise.all([web.redeem(given, { key }), web.redeem(given, { key })])
    const outcomes = answers.map(({ answer }) => refusal(answer)).sort()
    expect(outcomes).toEqual(['200', '400 invalid_grant'])
  })

  it('1.7 is refused to another client, and still works for its own', async () => {
    const given = await web.code({ key })
    const fields = { redirect_uri: web.fixture.redirectUri }
    const stolen = await second.redeem(given, { key, fields })
    expect(refusal(stolen.answer)).toBe('400 invalid_grant')
    expect((await web.redeem(given, { key })).answer.status).toBe(200)
  })

  it.each([
    ['no verifier', { code_verifier: undefined }],
    ['another verifier', { code_verifier: 'w'.repeat(43) }],
    ['a malformed verifier', { code_verifier: 'short' }],
    ['another redirect_uri', { redirect_uri: 'https://web.example/other' }],
  ])('SP-AS-24 1.7 is refused with %s, and stays unspent', async (_, fields) => {
    const given = await web.code({ key })
    expect(refusal((await web.redeem(given, { key, fields })).answer)).toBe('400 invalid_grant')
    expect((await web.redeem(given, { key })).answer.status).toBe(200)
  })

  it('1.7 needs no redirect_uri at the token endpoint', async () => {
    const given = await web.code({ key })
    const { answer } = await web.redeem(given, { key, fields: { redirect_uri: undefined } })
    expect(answer.status).toBe(200)
  })

  it('SP-AS-12 is bound to dpop_jkt, to the key proven at PAR, or to both when they agree', async () => {
    const other = await makeDpopKey()
    const dpop_jkt = key.jkt
    for (const options of [{ fields: { dpop_jkt } }, { key }, { key, fields: { dpop_jkt } }]) {
      const given = await web.code(options)
      const stolen = await web.redeem(given, { key: other })
      expect(refusal(stolen.answer)).toBe('400 invalid_grant')
      expect((await web.redeem(given, { key })).answer.status).toBe(200)
    }
    const mismatch = await web.par({ key: other, fields: { dpop_jkt } })
    expect(refusal(mismatch.answer)).toBe('400 invalid_request')
  })

  it('1.7 is nothing another handle can pass as', async () => {
    const given = await web.code({ key })
    const { refreshToken, accessToken } = await web.redeem(given, { key })
    const pushed = await web.par()
    const handles = [refreshToken, accessToken, pushed.requestUri, pushed.requestUri.slice(34), 'x']
    for (const handle of handles) {
      const answer = await web.redeem({ ...given, code: handle }, { key })
      expect(refusal(answer.answer), handle).toBe('400 invalid_grant')
    }
    for (const handle of [given.code, accessToken, 'x']) {
      expect(refusal((await web.refresh(handle, { key })).answer), handle).toBe('400 invalid_grant')
    }
    // None of this was a second use of the code.
    expect((await web.refresh(refreshToken, { key })).answer.status).toBe(200)
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
