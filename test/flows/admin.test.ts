import { beforeAll, describe, expect, it } from 'vitest'
import { createAdminClient } from '../../cli/admin-client.ts'
import { newClient, openAdmin, operatorFixture, registerClient } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { refusal } from '../support/refusal.ts'
import { send } from '../support/http.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const operator = testClient(operatorFixture())
const key = await makeDpopKey()
const clients = `${server.issuer}/admin/clients`
const grant = { grant_type: 'client_credentials' }

let admin: Admin
beforeAll(async () => {
  admin = await openAdmin()
})

describe('the admin API', () => {
  it('design 10 is used by the command line’s stock OAuth client', async () => {
    const { jwk, clientId: client_id } = operatorFixture()
    if (jwk === undefined) throw new Error('the operator has a key')
    const stock = await createAdminClient({ issuer: server.issuer, operator: { client_id, jwk } })
    expect((await stock.request('GET', '/keys')).status).toBe(200)
  })

  it('SP-RS-04 is closed to no token, to tokens of clients and of people, and to tokens without their key', async () => {
    const none = await send(clients)
    expect(none.status).toBe(401)
    expect(none.headers.get('www-authenticate')).toMatch(/^DPoP /)
    const own = await web.token({ ...grant, scope: 'accounts' }, { key })
    expect(refusal(await getResource(clients, own.accessToken, { key }))).toBe('401 invalid_token')
    const person = await web.redeem(await web.code({ key }), { key })
    expect(refusal(await getResource(clients, person.accessToken, { key }))).toBe(
      '401 invalid_token',
    )

    const { accessToken } = await operator.token({ ...grant, scope: 'admin' }, { key })
    expect(refusal(await getResource(clients, accessToken))).toBe('401 invalid_token')
    const stranger = await makeDpopKey()
    expect(refusal(await getResource(clients, accessToken, { key: stranger }))).toBe(
      '401 invalid_token',
    )
    expect((await getResource(clients, accessToken, { key })).status).toBe(200)
  })

  it('SP-RS-06 takes a token of an operator, which opens nothing else', async () => {
    const { accessToken, claims } = await operator.token({ ...grant, scope: 'admin' }, { key })
    expect(claims).toMatchObject({
      aud: `${server.issuer}/admin`,
      scope: 'admin',
      cnf: { jkt: key.jkt },
    })
    const bank = await getResource(`${server.api}/accounts`, accessToken, { key })
    expect(bank.status).toBe(401)
    const userinfo = await getResource(`${server.issuer}/userinfo`, accessToken, { key })
    expect(userinfo.status).toBe(403)
  })

  it('design 10 lets operators ask for nothing but admin tokens, bound to a key', async () => {
    const ask = async (
      fields: Record<string, string>,
      options = { key: key as typeof key | null },
    ) => refusal((await operator.token({ ...grant, ...fields }, options)).answer)
    expect(await ask({ scope: 'accounts' })).toBe('400 invalid_scope')
    expect(await ask({ resource: server.api })).toBe('400 invalid_target')
    expect(await ask({ scope: 'admin' }, { key: null })).toBe('400 invalid_request')
    const pushed = await operator.par({ fields: { redirect_uri: 'https://web.example/cb' } })
    expect(refusal(pushed.answer)).toBe('400 unauthorized_client')
    expect(await ask({ scope: 'admin', resource: `${server.issuer}/admin` })).toBe('200')
  })

  it('design 10 keeps scope and audience from every other client', async () => {
    const ask = async (fields: Record<string, string>) =>
      refusal((await web.token({ ...grant, ...fields }, { key })).answer)
    expect(await ask({ scope: 'admin' })).toBe('400 invalid_scope')
    const resource = `${server.issuer}/admin`
    expect(await ask({ scope: 'accounts', resource })).toBe('400 invalid_target')
    const pushed = await web.par({ fields: { scope: 'openid admin' } })
    expect(refusal(pushed.answer)).toBe('400 invalid_scope')
    const targeted = await web.par({ fields: { resource } })
    expect(refusal(targeted.answer)).toBe('400 invalid_target')
  })

  it('SP-SC-06 design 10 keeps operators’ ids, people’s subs and the admin scope out of the directory', async () => {
    const { metadata, fixture } = await newClient()
    const put = async (id: string, extra: object = {}) => {
      const body = { ...metadata, client_id: id, ...extra }
      return refusal(await admin.request('PUT', `/clients/${id}`, body))
    }
    expect(await put('operator.local')).toBe('400 invalid_client_metadata')
    expect(await put('operator.new')).toBe('400 invalid_client_metadata')
    expect(await put('user-abc')).toBe('400 invalid_client_metadata')
    expect(await put('sub-alice')).toBe('409 conflict')
    expect(await put(fixture.clientId, { scope: 'openid admin' })).toBe(
      '400 invalid_client_metadata',
    )
    expect(refusal(await admin.request('GET', `/clients/${fixture.clientId}`))).toBe(
      '404 not_found',
    )
    // The other way round: a person's sub is no client's id.
    const password = 'long enough to be a password'
    const { fixture: taken } = await registerClient(admin)
    const person = { password, sub: taken.clientId }
    expect(refusal(await admin.request('PUT', '/users/mallory', person))).toBe('409 conflict')
    expect(refusal(await admin.request('GET', '/users/mallory'))).toBe('404 not_found')
  })

  it('design 10 answers wrong addresses, methods and bodies in its own words', async () => {
    expect(refusal(await admin.request('GET', '/nothing'))).toBe('404 not_found')
    expect(refusal(await admin.request('DELETE', '/keys'))).toBe('405 method_not_allowed')
    expect(refusal(await admin.request('PUT', '/clients/x', []))).toBe('400 invalid_request')
    expect(refusal(await admin.request('GET', '/clients/%ff'))).toBe('400 invalid_request')
    const untyped = await admin.request('PUT', '/clients/x', {}, [['content-type', 'text/plain']])
    expect(refusal(untyped)).toBe('400 invalid_request')
    for (const path of ['/clients/unknown', '/users/unknown', '/users/unknown/grants']) {
      expect(refusal(await admin.request('GET', path))).toBe('404 not_found')
    }
    for (const path of [
      '/clients/unknown/disable',
      '/grants/unknown/revoke',
      '/keys/unknown/revoke',
    ]) {
      expect(refusal(await admin.request('POST', path))).toBe('404 not_found')
    }
  })
})

describe('client metadata', () => {
  /** What the validator refuses, by how it is wrong. */
  const wrong: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['SP-AS-03 no authentication', { token_endpoint_auth_method: 'none' }, 'invalid_client_metadata'],
    ['SP-AS-06 client_secret_basic', { token_endpoint_auth_method: 'client_secret_basic' }, 'invalid_client_metadata'],
    ['SP-AS-06 client_secret_post', { token_endpoint_auth_method: 'client_secret_post' }, 'invalid_client_metadata'],
    ['SP-AS-06 client_secret_jwt', { token_endpoint_auth_method: 'client_secret_jwt' }, 'invalid_client_metadata'],
    ['SP-AS-06 no method', { token_endpoint_auth_method: undefined }, 'invalid_client_metadata'],
    ['SP-AS-02 the password grant', { grant_types: ['password'] }, 'invalid_client_metadata'],
    ['SP-AS-20 the implicit grant', { grant_types: ['implicit'] }, 'invalid_client_metadata'],
    ['SP-AS-20 another response type', { response_types: ['code id_token'] }, 'invalid_client_metadata'],
    ['SP-AS-27 an http redirect', { redirect_uris: ['http://web.example/cb'] }, 'invalid_redirect_uri'],
    ['SP-AS-27 a loopback redirect of a web client', { redirect_uris: ['http://127.0.0.1/cb'] }, 'invalid_redirect_uri'],
    ['SP-AS-27 localhost by name', { application_type: 'native', redirect_uris: ['http://localhost/cb'] }, 'invalid_redirect_uri'],
    ['SP-AS-27 a fragment', { redirect_uris: ['https://web.example/cb#x'] }, 'invalid_redirect_uri'],
    ['SP-AS-27 no redirect', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['SP-CR-02 RS256', { token_endpoint_auth_signing_alg: 'RS256' }, 'invalid_client_metadata'],
    ['SP-CR-03 none', { token_endpoint_auth_signing_alg: 'none' }, 'invalid_client_metadata'],
    ['SP-CR-02 RS256 for id_tokens', { id_token_signed_response_alg: 'RS256' }, 'invalid_client_metadata'],
    ['SP-CR-07 SP-TLS-01 an http jwks_uri', { jwks: undefined, jwks_uri: 'http://web.example/jwks' }, 'invalid_client_metadata'],
    ['both jwks and jwks_uri', { jwks_uri: 'https://web.example/jwks' }, 'invalid_client_metadata'],
    ['no keys', { jwks: undefined }, 'invalid_client_metadata'],
    ['empty keys', { jwks: { keys: [] } }, 'invalid_client_metadata'],
    ['SP-CR-04 an RSA key of 1024 bits', { jwks: { keys: [{ kty: 'RSA', e: 'AQAB', n: `8${'A'.repeat(170)}` }] } }, 'invalid_client_metadata'],
    ['SP-CR-05 a key on a small curve only', { jwks: { keys: [{ kty: 'EC', crv: 'P-192', x: 'AAAA', y: 'AAAA' }] } }, 'invalid_client_metadata'],
    ['SP-CR-09 a private key', { jwks: { keys: [key.jwk] } }, 'invalid_client_metadata'],
    ['SP-TLS-10 use_mtls_endpoint_aliases as text', { use_mtls_endpoint_aliases: 'true' }, 'invalid_client_metadata'],
    ['a flag as text', { dpop_bound_access_tokens: 'true' }, 'invalid_client_metadata'],
    ['an unknown scope', { scope: 'openid unheard-of' }, 'invalid_client_metadata'],
    ['no name', { client_name: ' ' }, 'invalid_client_metadata'],
    ['another client_id than the address', { client_id: 'another' }, 'invalid_client_metadata'],
    ['two subjects for tls_client_auth', { token_endpoint_auth_method: 'tls_client_auth', jwks: undefined, tls_client_auth_subject_dn: 'CN=a', tls_client_auth_san_dns: 'a.example' }, 'invalid_client_metadata'],
    ['a subject beside private_key_jwt', { tls_client_auth_subject_dn: 'CN=a' }, 'invalid_client_metadata'],
  ] // prettier-ignore

  it.each(wrong)('is refused with %s, on creation as on update', async (_, extra, code) => {
    const { metadata, fixture } = await newClient()
    const path = `/clients/${fixture.clientId}`
    const put = (body: object) => admin.request('PUT', path, body)
    expect(refusal(await put({ ...metadata, ...extra }))).toBe(`400 ${code}`)
    expect(refusal(await admin.request('GET', path))).toBe('404 not_found')
    expect((await put(metadata)).status).toBe(201)
    expect(refusal(await put({ ...metadata, ...extra }))).toBe(`400 ${code}`)
    expect((await admin.request('GET', path)).json).toMatchObject({
      version: 1,
      scope: metadata['scope'],
    })
  })

  it('RFC 7591 2 SP-TLS-10 is kept under its names, with its defaults, and unknown members are dropped', async () => {
    const { metadata, fixture } = await newClient({
      use_mtls_endpoint_aliases: true,
      x_unknown: 1,
      policy_uri: 'https://web.example/policy',
    })
    const path = `/clients/${fixture.clientId}`
    const { x_unknown: _, ...known } = metadata
    const { json } = await admin.request('PUT', path, metadata)
    expect(json).toEqual({
      ...known,
      application_type: 'web',
      response_types: ['code'],
      dpop_bound_access_tokens: false,
      tls_client_certificate_bound_access_tokens: false,
      enabled: true,
      version: 1,
    })
    expect((await admin.request('GET', path)).json).toEqual(json)
  })

  it('issue 3.6 is verified by operators alone, and no longer once its registration changes', async () => {
    const { metadata, fixture } = await newClient()
    const path = `/clients/${fixture.clientId}`
    const verified = async () => (await admin.request('GET', path)).json['operator_verified']
    const put = (extra: object) => admin.request('PUT', path, { ...metadata, ...extra })
    expect((await put({ operator_verified: true })).json).toMatchObject({ operator_verified: true })
    expect(await verified()).toBe(true)
    await put({ client_name: 'Another name' })
    expect(await verified()).toBeUndefined()
    expect((await admin.request('POST', `${path}/verify`)).json).toMatchObject({
      client_name: 'Another name',
      operator_verified: true,
      enabled: true,
    })
    expect((await admin.request('POST', `${path}/unverify`)).status).toBe(200)
    expect(await verified()).toBe(false)
    expect(refusal(await put({ operator_verified: 'true' }))).toBe('400 invalid_client_metadata')
    const nobody = await admin.request('POST', '/clients/nobody-knows/verify')
    expect(refusal(nobody)).toBe('404 not_found')
    expect(refusal(await admin.request('GET', '/clients/nobody-knows'))).toBe('404 not_found')
  })

  it('RFC 9110 13.1.2 is not overwritten with If-None-Match: *', async () => {
    const { metadata, fixture } = await registerClient(admin)
    const path = `/clients/${fixture.clientId}`
    const body = { ...metadata, client_name: 'Another name' }
    const once = await admin.request('PUT', path, body, [['if-none-match', '*']])
    expect(refusal(once)).toBe('412 precondition_failed')
    expect((await admin.request('GET', path)).json['client_name']).toBe(metadata['client_name'])
    expect((await admin.request('PUT', path, body)).json).toMatchObject({
      client_name: 'Another name',
      version: 2,
    })
  })
})
