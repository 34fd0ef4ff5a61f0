import { beforeAll, describe, expect, it } from 'vitest'
import { newClient, openAdmin } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { honest, openRawAdmin } from '../support/attack.ts'
import { createSelfSigned } from '../support/certificates.ts'
import { send } from '../support/http.ts'
import { refusal } from '../support/refusal.ts'
import { testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()

/** JSON values, of which at most the kinds a member names are taken. */
const values: readonly unknown[] = [
  null, true, false, 0, -1, 1.5, '', ' ', 'x', '__proto__', 'constructor', '\u0000', '\ud800', [], [[]], [null], [1], [''],
  ['x'], ['constructor'], [{}], {}, { x: 1 }, { keys: [] }, { keys: 'x' }, { keys: {} }, { keys: [null] }, { keys: [1] },
  { keys: [[]] }, { keys: [{}] }, { keys: [{ kty: 1 }] }, { keys: [{ kty: 'EC' }] }, { keys: [{ kty: 'oct', k: 'AA' }] },
  { length: 1, 0: 'x' },
] // prettier-ignore

/** Members of client metadata, and which of the values above are sound for them. */
const members: Readonly<Record<string, (value: unknown) => boolean>> = {
  client_name: (value) => typeof value === 'string' && value.trim() !== '',
  application_type: () => false,
  redirect_uris: () => false,
  grant_types: () => false,
  response_types: (value) => Array.isArray(value) && value.length === 0,
  scope: (value) => typeof value === 'string' && value.trim() === '',
  token_endpoint_auth_method: () => false,
  token_endpoint_auth_signing_alg: () => false,
  id_token_signed_response_alg: () => false,
  jwks: () => false,
  jwks_uri: () => false,
  dpop_bound_access_tokens: (value) => typeof value === 'boolean',
  tls_client_certificate_bound_access_tokens: (value) => typeof value === 'boolean',
  use_mtls_endpoint_aliases: (value) => typeof value === 'boolean',
  client_uri: () => false,
  policy_uri: () => false,
  tos_uri: () => false,
  contacts: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== ''), // prettier-ignore
  tls_client_auth_subject_dn: () => false,
  tls_client_auth_san_dns: () => false,
  tls_client_auth_san_uri: () => false,
  tls_client_auth_san_ip: () => false,
  tls_client_auth_san_email: () => false,
}

describe('an attacker who registers crooked metadata', () => {
  let admin: Admin
  beforeAll(async () => {
    admin = await openAdmin()
  })

  it.each(Object.entries(members))(
    'ATK-A1-34 is refused with every value of a wrong type for %s, and nothing is stored',
    async (member, sound) => {
      const { fixture, metadata } = await newClient()
      const path = `/clients/${fixture.clientId}`
      for (const value of values.filter((one) => !sound(one))) {
        const answer = await admin.request('PUT', path, { ...metadata, [member]: value })
        honest(answer)
        expect(refusal(answer), JSON.stringify(value)).toMatch(
          /^400 invalid_(client_metadata|redirect_uri)$/,
        )
      }
      expect((await admin.request('GET', path)).status).toBe(404)
      expect((await admin.request('PUT', path, metadata)).status).toBe(201)
    },
  )

  it('ATK-A1-34 is refused with every value of a wrong type inside a key', async () => {
    const { fixture, metadata } = await newClient()
    const [jwk] = (metadata['jwks'] as { keys: Record<string, unknown>[] }).keys
    const path = `/clients/${fixture.clientId}`
    const put = (extra: Readonly<Record<string, unknown>>) =>
      admin.request('PUT', path, { ...metadata, jwks: { keys: [{ ...jwk, ...extra }] } })
    const inner = [
      'kty',
      'crv',
      'x',
      'y',
      'use',
      'alg',
      'key_ops',
      'kid',
      'x5c',
      'd',
      'k',
      'n',
      'e',
    ]
    for (const member of inner) {
      for (const value of [null, true, 0, [], [1], [null], {}, [['verify']]]) {
        const answer = await put({ [member]: value })
        honest(answer)
        const harmless = member === 'x5c' && Array.isArray(value) && value.length === 0
        expect(answer.status, `${member}: ${JSON.stringify(value)}`).toBe(harmless ? 201 : 400)
        if (harmless) await admin.request('DELETE', path)
      }
    }
    for (const extra of [{ d: 'AA' }, { crv: 'P-384' }, { x: 'AA' }, { alg: 'RS256' }, { use: 'enc' }, { key_ops: ['sign'] }, { kty: 'RSA' }, { y: undefined }]) {
      expect(refusal(await put(extra)), JSON.stringify(extra)).toBe('400 invalid_client_metadata')
    } // prettier-ignore
    expect((await admin.request('GET', path)).status).toBe(404)
    expect((await put({ key_ops: ['verify'] })).status).toBe(201)
    expect((await testClient(fixture).par()).answer.status).toBe(201)
  })

  it('ATK-A1-30 is refused with every jwks_uri that leads inside, elsewhere than https, or here', async () => {
    const { fixture, metadata } = await newClient()
    const { jwks: _, ...others } = metadata
    const path = `/clients/${fixture.clientId}`
    const inside = [
      'http://keys.example/jwks', 'ftp://keys.example/jwks', 'file:///etc/passwd', 'data:application/json,{}',
      'javascript:x', 'gopher://keys.example', 'https://localhost/jwks', 'https://localhost./jwks', 'https://a.localhost',
      'https://127.0.0.1/jwks', 'https://127.1/jwks', 'https://2130706433/', 'https://0x7f000001/', 'https://017700000001/',
      'https://0/', 'https://0.0.0.0/', 'https://10.0.0.1/', 'https://192.168.0.1/', 'https://172.16.0.1/',
      'https://169.254.169.254/latest/meta-data', 'https://100.64.0.1/', 'https://[::1]/', 'https://[::]/', 'https://[fe80::1]/',
      'https://[fd00::1]/', 'https://[::ffff:127.0.0.1]/', 'https://metadata.google.internal/', 'https://db.internal/',
      'https://printer.local/', 'https://router.home.arpa/', 'https://intranet/', 'https://keys.example:8443/',
      'https://keys.example:80/', 'https://user@keys.example/', 'https://user:pass@keys.example/', 'https://keys.example/#x',
      'https://①②⑦.0.0.1/', 'https://127。0。0。1/', '//keys.example/jwks', '/jwks', 'keys.example', 'https:', `${server.issuer}/jwks`,
      server.issuer.replace('http:', 'https:'),
    ] // prettier-ignore
    for (const jwks_uri of inside) {
      const answer = await admin.request('PUT', path, { ...others, jwks_uri })
      expect(refusal(answer), jwks_uri).toBe('400 invalid_client_metadata')
    }
    const both = { ...metadata, jwks_uri: 'https://keys.example/jwks' }
    expect(refusal(await admin.request('PUT', path, both))).toBe('400 invalid_client_metadata')
    expect(refusal(await admin.request('PUT', path, others))).toBe('400 invalid_client_metadata')
    expect((await admin.request('GET', path)).status).toBe(404)
    const sound = { ...others, jwks_uri: 'https://keys.example/jwks' }
    expect((await admin.request('PUT', path, sound)).status).toBe(201)
  })

  it('ATK-A1-12 ATK-A1-24 is refused with weak methods, algorithms and the operator’s scope', async () => {
    const { fixture, metadata } = await newClient()
    const path = `/clients/${fixture.clientId}`
    const weak = [
      ...['none', 'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'Private_Key_JWT'].map((token_endpoint_auth_method) => ({ token_endpoint_auth_method })),
      ...['none', 'RS256', 'HS256', 'ES384', 'PS384', 'es256'].map((token_endpoint_auth_signing_alg) => ({ token_endpoint_auth_signing_alg })),
      ...['none', 'RS256', 'HS256'].map((id_token_signed_response_alg) => ({ id_token_signed_response_alg })),
      ...['implicit', 'password', 'urn:ietf:params:oauth:grant-type:jwt-bearer'].map((grant) => ({ grant_types: ['authorization_code', grant] })),
      ...['token', 'code id_token', 'none'].map((type) => ({ response_types: [type] })),
      ...['admin', 'openid admin', 'openid unknown', 'openid\taccounts'].map((scope) => ({ scope })),
    ] // prettier-ignore
    for (const extra of weak) {
      const answer = await admin.request('PUT', path, { ...metadata, ...extra })
      expect(refusal(answer), JSON.stringify(extra)).toBe('400 invalid_client_metadata')
    }
    expect((await admin.request('GET', path)).status).toBe(404)
    const extra = { scope: 'openid accounts', client_secret: 'x', dpop_bound_access_tokens: true }
    const answer = await admin.request('PUT', path, { ...metadata, ...extra })
    expect(answer.status).toBe(201)
    expect(answer.json['client_secret']).toBeUndefined()
  })

  it('ATK-A1-34 is refused with an id that another could be mistaken for', async () => {
    const { metadata } = await newClient()
    const ids = ['operator.local', 'operator.x', 'user-x', '__proto__/x', 'a b', 'a\u0000', 'ä', 'a/b', '%', '"', '<b>', 'a,b', 'x'.repeat(129), ' ', '..%2f'] // prettier-ignore
    for (const client_id of ids) {
      const body = { ...metadata, client_id }
      const answer = await admin.request('PUT', `/clients/${encodeURIComponent(client_id)}`, body)
      expect([400, 404], client_id).toContain(honest(answer))
    }
    const other = await admin.request('PUT', '/clients/one-id', { ...metadata, client_id: 'two' })
    expect(refusal(other)).toBe('400 invalid_client_metadata')
    expect((await admin.request('GET', '/clients/one-id')).status).toBe(404)
    const odd = { ...metadata, client_id: '__proto__' }
    expect((await admin.request('PUT', '/clients/__proto__', odd)).status).toBe(201)
    expect((await admin.request('GET', '/clients/__proto__')).json['client_id']).toBe('__proto__')
    expect((await admin.request('GET', '/clients/constructor')).status).toBe(404)
    expect((await admin.request('DELETE', '/clients/__proto__')).status).toBe(204)
  })

  it('ATK-A1-34 cannot pollute anything by __proto__ and constructor as members', async () => {
    const { fixture, metadata } = await newClient()
    const raw = await openRawAdmin()
    const path = `/clients/${fixture.clientId}`
    const text = JSON.stringify(metadata).slice(0, -1)
    const evil =
      '{"enabled":false,"operator":true,"redirect_uris":["https://evil.example/cb"],"scope":"admin"}'
    const body = `${text},"__proto__":${evil},"constructor":${evil},"enabled":false,"operator":true,"version":9}`
    const answer = await raw('PUT', path, body)
    expect(answer.status).toBe(201)
    expect(answer.json).toMatchObject({ enabled: true, version: 1, redirect_uris: [fixture.redirectUri] }) // prettier-ignore
    expect(answer.text).not.toMatch(/evil|operator|constructor/)
    const twice = `${text},"redirect_uris":["https://evil.example/cb#x"]}`
    expect(refusal(await raw('PUT', path, twice))).toBe('400 invalid_redirect_uri')
    expect((await testClient(fixture).par()).answer.status).toBe(201)
  })
})

describe('an attacker who sends crooked requests to the admin API', () => {
  let admin: Admin
  beforeAll(async () => {
    admin = await openAdmin()
  })

  it('ATK-A1-34 ATK-A1-29 gets 400 for what is no JSON object, of any content type', async () => {
    const raw = await openRawAdmin()
    const { fixture, metadata } = await newClient()
    const path = `/clients/${fixture.clientId}`
    const texts = ['', ' ', '{', '}', '[]', 'null', '1', '"x"', 'true', '{"a":1', '{a:1}', "{'a':1}", '{"a":1,}', '{"a":NaN}', '{"a":1}{"b":2}', '\u0000', '\ufeff{}', '{"a":"\u0001"}', 'x=y'] // prettier-ignore
    for (const text of texts) {
      for (const target of [path, '/users/nobody']) {
        expect(refusal(await raw('PUT', target, text)), text).toBe('400 invalid_request')
      }
    }
    const sound = JSON.stringify(metadata)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '', 'application/jsonp', 'text/json']) {
      expect(refusal(await raw('PUT', path, sound, [['content-type', type]]))).toBe('400 invalid_request')
    } // prettier-ignore
    expect(refusal(await raw('PUT', path, sound, []))).toBe('400 invalid_request')
    expect((await admin.request('GET', path)).status).toBe(404)
    expect((await admin.request('GET', '/users/nobody')).status).toBe(404)
    expect((await raw('PUT', path, sound, [['content-type', 'application/json; charset=utf-8']])).status).toBe(201) // prettier-ignore
  })

  it('ATK-A1-34 gets 400 for every wrong type of a person, and nobody is made', async () => {
    const password = 'a long enough password'
    const bad: readonly Readonly<Record<string, unknown>>[] = [
      { password: 1 }, { password: 'short' }, { password: 'x'.repeat(257) }, { password: null }, { password: [password] },
      { password, sub: '' }, { password, sub: 1 }, { password, sub: 'ä' }, { password, sub: 'a b' }, { password, sub: 'x'.repeat(256) },
      { password, sub: ['x'] }, { password, claims: 1 }, { password, claims: [] }, { password, claims: 'x' },
      { password, claims: { name: 1 } }, { password, claims: { name: ['x'] } }, { password, claims: { email_verified: 'true' } },
      { password, claims: { updated_at: '1' } }, { password, claims: { address: 'x' } }, { password, claims: { address: { a: 1 } } },
      { password, claims: { sub: 'x' } }, { password, claims: { acr: 'x' } }, { password, claims: { constructor: 'x' } },
      { password, claims: { ['__proto__']: 'x' } }, { password, claims: { name: 'x'.repeat(1_025) } },
    ] // prettier-ignore
    for (const body of bad) {
      const answer = await admin.request('PUT', '/users/crooked', body)
      expect(refusal(answer), JSON.stringify(body)).toBe('400 invalid_request')
    }
    for (const name of ['', '%20', '%00', 'a%0ab', 'x'.repeat(129), '%E2%80%8B%00']) {
      const answer = await admin.request('PUT', `/users/${name}`, { password })
      expect([400, 404, 405], name).toContain(honest(answer))
    }
    expect((await admin.request('GET', '/users/crooked')).status).toBe(404)
    expect((await admin.request('PUT', '/users/crooked', { password })).status).toBe(201)
  })

  it('ATK-A1-34 gets 404 or 405 for unknown operations, and 400 for broken paths', async () => {
    const tries = [
      ['GET', '/', 404], ['GET', '/nothing', 404], ['GET', '/clients/nobody', 404], ['GET', '/clients/a/b/c', 404],
      ['PUT', '/clients', 405], ['DELETE', '/clients', 405], ['POST', '/clients/nobody', 405], ['GET', '/clients/nobody/disable', 405],
      ['POST', '/clients/nobody/disable', 404], ['DELETE', '/users/alice', 405], ['GET', '/users/nobody/grants', 404],
      ['POST', '/grants/x/revoke', 404], ['POST', `/grants/${'0'.repeat(64)}/revoke`, 404], ['POST', '/keys/x/revoke', 404],
      ['POST', '/keys/__proto__/revoke', 404], ['GET', '/clients/%', 400], ['GET', '/clients/%zz', 400], ['GET', '/clients/%C3%28', 400],
      ['GET', '/clients/%00', 404], ['GET', '/users/%00', 404], ['GET', '/users/%E2%80%AE', 404], ['GET', '/clients/..%2fkeys', 404],
    ] as const // prettier-ignore
    for (const [method, path, status] of tries) {
      const answer = await admin.request(method, path)
      expect(honest(answer), `${method} ${path}`).toBe(status)
    }
    for (const method of ['PATCH', 'OPTIONS', 'PROPFIND']) {
      const answer = await send(`${server.issuer}/admin/clients`, { method })
      expect(answer.status, method).toBe(405)
      expect(answer.headers.get('allow')).toBe('GET, PUT, POST, DELETE')
    }
    expect((await admin.request('GET', '/clients?after=%00')).status).toBe(200)
    expect((await admin.request('GET', '/clients')).status).toBe(200)
  })

  it('ATK-A1-26 ATK-A5-04 gets nothing without a token, or with one that is none', async () => {
    const operator = await openRawAdmin()
    for (const [method, path] of [['GET', '/clients'], ['POST', '/keys/rotate'], ['PUT', '/clients/evil'], ['DELETE', '/clients/client-web']] as const) {
      for (const authorization of [undefined, 'Bearer x', 'DPoP x', 'Basic b3BlcmF0b3I6eA==', 'DPoP']) {
        const headers = authorization === undefined ? [] : [['authorization', authorization] as const]
        const answer = await send(`${server.issuer}/admin${path}`, { method, headers })
        expect([400, 401]).toContain(honest(answer))
        expect(answer.text).not.toMatch(/kid|client_id/)
      }
    } // prettier-ignore
    expect((await operator('GET', '/clients/client-web', '')).status).toBe(200)
  })

  it('ATK-A1-34 tells nothing of a certificate registered as key but what is public', async () => {
    const made = await createSelfSigned({ subject: 'CN=crooked' })
    const { fixture, metadata } = await newClient()
    const registration = {
      ...metadata,
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [{ ...made.jwk, x5c: ['not base64', '', '%%%'] }] },
    }
    const path = `/clients/${fixture.clientId}`
    expect((await admin.request('PUT', path, registration)).status).toBe(201)
    const client = testClient({
      clientId: fixture.clientId,
      redirectUri: fixture.redirectUri,
      credential: { cert: made.pem, key: made.keyPem },
    })
    expect((await client.par()).answer.status).toBe(201)
  })
})
