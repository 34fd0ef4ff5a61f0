import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { refusal } from '../support/refusal.ts'
import {
  makeDpopKey,
  nonceOf,
  nowSeconds,
  proof,
  sign,
  testClient,
} from '../support/test-client.ts'
import type { RequestOptions, TestClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const resourceServer = testClient('resourceServer')

/** Every endpoint that authenticates clients, asked for something it would otherwise grant. */
const endpoints: readonly (readonly [
  path: string,
  client: TestClient,
  fields: Record<string, string>,
])[] = [
  ['/par', web, web.authorizationFields('v'.repeat(43))],
  ['/token', web, { grant_type: 'client_credentials', scope: 'accounts' }],
  ['/introspect', resourceServer, { token: 'unknown' }],
  ['/revoke', web, { token: 'unknown' }],
]
const granted: Readonly<Record<string, number>> = {
  '/par': 201,
  '/token': 200,
  '/introspect': 200,
  '/revoke': 200,
}

const key = await makeDpopKey()
const ask = (client: TestClient, options: RequestOptions = {}) =>
  client.post(
    '/token',
    { grant_type: 'client_credentials', scope: 'accounts' },
    { key, ...options },
  )

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const claimsOf = (clientId: string) => ({
  iss: clientId,
  sub: clientId,
  aud: server.issuer,
  iat: nowSeconds(),
  exp: nowSeconds() + 60,
  jti: crypto.randomUUID(),
})
const given = (client_assertion: string): RequestOptions => ({ fields: { client_assertion } })

describe.each(endpoints)('a client assertion at %s', (path, client, fields) => {
  const post = (options: RequestOptions) =>
    client.post(path, fields, path === '/token' ? { key, ...options } : options)
  const { issuer } = server

  it('SP-AS-08 is accepted with the issuer as a string', async () => {
    expect((await post({})).status).toBe(granted[path])
  })

  it.each<[string, unknown]>([
    ['the token endpoint', `${issuer}/token`],
    ['the PAR endpoint', `${issuer}/par`],
    ['this endpoint', `${issuer}${path}`],
    ['an array of the issuer', [issuer]],
    ['an array of the issuer and another', [issuer, `${issuer}/token`]],
    ['the issuer with a slash', `${issuer}/`],
    ['the issuer in capitals', issuer.replace('localhost', 'LOCALHOST')],
    ['the mTLS origin', server.mtls],
    ['another host', 'https://other.example'],
    ['nothing', undefined],
  ])('SP-AS-08 SP-PAR-11 1.6 is refused with the audience %s', async (_, aud) => {
    expect(refusal(await post({ claims: { aud } }))).toBe('401 invalid_client')
  })

  it('SP-AS-13 1.6 may have iat and nbf 8 seconds ahead', async () => {
    const ahead = nowSeconds() + 8
    expect((await post({ claims: { iat: ahead, nbf: ahead } })).status).toBe(granted[path])
    expect((await post({ claims: { iat: undefined, nbf: ahead } })).status).toBe(granted[path])
  })

  it.each(['iat', 'nbf'])('SP-AS-13 1.6 is refused with %s 62 seconds ahead', async (name) => {
    const ahead = nowSeconds() + 62
    const claims = { [name]: ahead, exp: ahead + 60 }
    expect(refusal(await post({ claims }))).toBe('401 invalid_client')
  })

  it('section 5-7 is accepted once', async () => {
    const { jti } = claimsOf('any')
    expect((await post({ claims: { jti } })).status).toBe(granted[path])
    expect(refusal(await post({ claims: { jti } }))).toBe('401 invalid_client')
  })
})

describe('a client assertion', () => {
  it('section 5-1 is refused under another type, without type and sent twice', async () => {
    const type = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer'
    const other = await ask(web, { fields: { client_assertion_type: type } })
    expect(refusal(other)).toBe('401 invalid_client')
    const without = await ask(web, { fields: { client_assertion_type: undefined } })
    expect(refusal(without)).toBe('401 invalid_client')
    const alone = await ask(web, { fields: { client_assertion: undefined } })
    expect(refusal(alone)).toBe('401 invalid_client')
    const twice = await ask(web, { extra: [['client_assertion', await web.assertion()]] })
    expect(refusal(twice)).toBe('400 invalid_request')
  })

  it('SP-AS-06 section 5-1 is refused beside a second method', async () => {
    const basic = Buffer.from(`${web.fixture.clientId}:secret`).toString('base64')
    const headers = [['authorization', `Basic ${basic}`]] as const
    expect(refusal(await ask(web, { headers }))).toBe('401 invalid_client')
    const client_secret = 'secret'
    expect(refusal(await ask(web, { fields: { client_secret } }))).toBe('401 invalid_client')
  })

  it('SP-AS-03 SP-AS-06 is not replaced by a bare client_id, HTTP Basic or a client secret', async () => {
    const { clientId: client_id } = web.fixture
    const headers = [
      ['authorization', `Basic ${Buffer.from(`${client_id}:secret`).toString('base64')}`],
    ] as const
    for (const options of [
      { fields: { client_id } },
      { fields: { client_id, client_secret: 'secret' } },
      { headers },
      {},
    ]) {
      expect(refusal(await ask(web, { anonymous: true, ...options }))).toBe('401 invalid_client')
    }
  })

  it('SP-AS-06 signed as HMAC with the public key as secret is refused', async () => {
    const head = encode({ alg: 'HS256', kid: 'web-1' })
    const body = encode(claimsOf(web.fixture.clientId))
    const mac = createHmac('sha256', JSON.stringify(web.fixture.jwk)).update(`${head}.${body}`)
    const answer = await ask(web, given(`${head}.${body}.${mac.digest('base64url')}`))
    expect(refusal(answer)).toBe('401 invalid_client')
  })

  it.each(['none', 'nOnE', 'NONE', ''])('SP-CR-03 unsigned with alg %j is refused', async (alg) => {
    const body = encode(claimsOf(web.fixture.clientId))
    for (const signature of ['', 'AAAA']) {
      const answer = await ask(web, given(`${encode({ alg, kid: 'web-1' })}.${body}.${signature}`))
      expect(refusal(answer)).toBe('401 invalid_client')
    }
  })

  it('SP-CR-02 1.6 is taken with PS256 and EdDSA under both its names, and refused with RS256, PS384', async () => {
    const ps256 = testClient('ps256')
    expect((await ask(ps256)).status).toBe(200)
    for (const alg of ['RS256', 'PS384', 'PS512', 'RS512']) {
      expect(refusal(await ask(ps256, { assertionHeader: { alg } })), alg).toBe(
        '401 invalid_client',
      )
    }
    const ed25519 = testClient('ed25519')
    for (const alg of ['EdDSA', 'Ed25519']) {
      expect((await ask(ed25519, { assertionHeader: { alg } })).status, alg).toBe(200)
    }
  })

  it('section 5-2 ignores jwk, jku and x5u in its header', async () => {
    const stranger = await makeDpopKey()
    const pointers = { jku: 'https://attacker.example/jwks', x5u: 'https://attacker.example/x5u' }
    const header = { alg: 'ES256', kid: 'web-1', jwk: stranger.publicJwk, ...pointers }
    const forged = await sign(stranger.jwk, header, claimsOf(web.fixture.clientId))
    expect(refusal(await ask(web, given(forged)))).toBe('401 invalid_client')
    const assertionHeader = { jwk: stranger.publicJwk, ...pointers }
    expect((await ask(web, { assertionHeader })).status).toBe(200)
  })

  it.each(['dpop+jwt', 'oauth-authz-req+jwt', 'at+jwt', 'logout+jwt'])(
    'SP-CR-01 section 5-2 is refused under the type %s',
    async (typ) => {
      expect(refusal(await ask(web, { assertionHeader: { typ } }))).toBe('401 invalid_client')
    },
  )

  it.each(['client-authentication+jwt', 'JWT', undefined])(
    'section 5-2 is accepted under the type %s',
    async (typ) => {
      expect((await ask(web, { assertionHeader: { typ } })).status).toBe(200)
    },
  )

  it('SP-CR-01 is nothing another JWT can pass as', async () => {
    const client = testClient('web')
    const tokens = await client.redeem(await client.code({ key }), { key })
    const url = client.url('/token')
    const others = [
      tokens.accessToken,
      String(tokens.answer.json['id_token']),
      await proof(key, url, { nonce: await nonceOf(url) }),
    ]
    for (const other of others) {
      expect(refusal(await ask(web, given(other)))).toBe('401 invalid_client')
    }
    const asProof = await ask(web, { proof: await web.assertion() })
    expect(refusal(asProof)).toBe('400 invalid_dpop_proof')
  })

  it('section 5-3 is verified by the key its kid names, and without kid by those that fit', async () => {
    const unknown = await ask(web, { assertionHeader: { kid: 'web-2' } })
    expect(refusal(unknown)).toBe('401 invalid_client')
    expect((await ask(web, { assertionHeader: { kid: undefined } })).status).toBe(200)
  })

  it('section 5-3 is refused when it was signed with another client’s key', async () => {
    const { jwk, alg = '' } = testClient('second').fixture
    if (jwk === undefined) throw new Error('the second client has a key')
    for (const kid of ['web-1', 'second-1', undefined]) {
      const forged = await sign(jwk, { alg, kid }, claimsOf(web.fixture.clientId))
      expect(refusal(await ask(web, given(forged)))).toBe('401 invalid_client')
    }
  })

  it.each<[string, Record<string, unknown>]>([
    ['without sub', { sub: undefined }],
    ['without iss', { iss: undefined }],
    ['with another sub', { sub: 'client-second' }],
    ['with another iss', { iss: 'client-second' }],
    ['without exp', { exp: undefined }],
    ['with exp as text', { exp: '9999999999' }],
    ['that expired five minutes ago', { exp: nowSeconds() - 300, iat: nowSeconds() - 360 }],
    ['that expires in an hour', { exp: nowSeconds() + 3600 }],
    ['without jti', { jti: undefined }],
    ['with an empty jti', { jti: '' }],
    ['with a jti that is a number', { jti: 7 }],
    ['with a jti of 300 characters', { jti: 'j'.repeat(300) }],
  ])('section 5-4 5-6 5-7 1.6 is refused %s', async (_, claims) => {
    expect(refusal(await ask(web, { claims }))).toBe('401 invalid_client')
  })

  it('section 5-4 agrees with the client_id beside it', async () => {
    const { clientId: client_id } = web.fixture
    expect((await ask(web, { fields: { client_id } })).status).toBe(200)
    const other = await ask(web, { fields: { client_id: 'client-second' } })
    expect(refusal(other)).toBe('401 invalid_client')
  })

  it('section 5-6 may expire within ten minutes, and a few seconds ago', async () => {
    const now = nowSeconds()
    expect((await ask(web, { claims: { exp: now + 590 } })).status).toBe(200)
    expect((await ask(web, { claims: { exp: now - 5 } })).status).toBe(200)
  })

  it('section 5-7 is used up for all endpoints, but not for another client', async () => {
    const claims = { jti: crypto.randomUUID() }
    expect((await ask(web, { claims })).status).toBe(200)
    expect(refusal((await web.par({ claims })).answer)).toBe('401 invalid_client')
    expect((await ask(testClient('second'), { claims })).status).toBe(200)
  })

  it('RFC 9700 tells a stranger nothing: unknown client and wrong signature get the same words', async () => {
    const { jwk } = web.fixture
    if (jwk === undefined) throw new Error('the client has a key')
    const unknown = await sign(jwk, { alg: 'ES256', kid: 'web-1' }, claimsOf('client-nobody'))
    const answers = [
      await ask(web, given(unknown)),
      await ask(web, given(`${(await web.assertion()).slice(0, -8)}AAAAAAAA`)),
      await ask(web, { claims: { aud: 'https://other.example' } }),
      await ask(web, given('not.a.jwt')),
    ]
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(refusal(answers[0] ?? (await ask(web)))).toBe('401 invalid_client')
  })
})
