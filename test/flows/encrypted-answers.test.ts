import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compactDecrypt, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import type { JWK, JWTPayload } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { newClient, openAdmin, registerClient } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { createBrowser } from '../support/browser.ts'
import type { ClientFixture } from '../support/fixtures.ts'
import { keySet, openKeyHost, text } from '../support/key-host.ts'
import type { KeyHost } from '../support/key-host.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import type { Server } from '../support/test-client.ts'

let runtime: Runtime
let server: Server
let admin: Admin
let host: KeyHost
const key = await makeDpopKey()
const person = { username: 'ada', password: 'ada has a long password' }

const protectedApi = 'https://other-api.example'
const resourceServerFor = (alg: string): string => `encrypting-${alg.toLowerCase()}`

beforeAll(async () => {
  host = await openKeyHost()
  runtime = await startRuntime({
    args: ['--outbound-allow', host.origin, '--no-demo'],
    config: {
      issuer: { authentication: { factors: 1 } },
      users: [{ ...person, sub: 'sub-ada', claims: { email: 'ada@example.com' } }],
      resource_servers: [
        {
          identifier: protectedApi,
          name: 'Other API',
          scopes: ['accounts'],
          introspection_clients: ['RSA-OAEP-256', 'ECDH-ES'].map(resourceServerFor),
        },
      ],
    },
  })
  server = { ...runtime, ca: readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8') }
  admin = await openAdmin(server)
})

afterEach(async () => moveClock(0, server))

afterAll(async () => {
  await runtime.stop()
  await host.close()
})

type EncryptionKey = { readonly alg: string; readonly privateKey: CryptoKey; readonly jwk: JWK }

async function makeEncryptionKey(alg: 'RSA-OAEP-256' | 'ECDH-ES', kid: string) {
  const rsa = { name: 'RSA-OAEP', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' } // prettier-ignore
  const ec = { name: 'ECDH', namedCurve: 'P-256' }
  const pair =
    alg === 'ECDH-ES'
      ? await crypto.subtle.generateKey(ec, true, ['deriveBits'])
      : await crypto.subtle.generateKey(rsa, true, ['encrypt', 'decrypt'])
  const { privateKey, publicKey } = pair as CryptoKeyPair
  const { key_ops: _ops, ext: _ext, alg: _alg, ...jwk } = (await crypto.subtle.exportKey('jwk', publicKey)) as JsonWebKey // prettier-ignore
  return { alg, privateKey, jwk: { ...jwk, kid, use: 'enc', alg } as JWK } satisfies EncryptionKey
}

const wanting = (alg: string) => ({
  id_token_encrypted_response_alg: alg,
  id_token_encrypted_response_enc: 'A256GCM',
  userinfo_signed_response_alg: 'ES256',
  userinfo_encrypted_response_alg: alg,
  userinfo_encrypted_response_enc: 'A256GCM',
})

const wantingResponses = (alg: string) => ({
  authorization_encrypted_response_alg: alg,
  authorization_encrypted_response_enc: 'A256GCM',
})

const wantingIntrospection = (alg: string) => ({
  introspection_encrypted_response_alg: alg,
  introspection_encrypted_response_enc: 'A256GCM',
})

/** Registers a client with these keys beside its own. */
async function register(extra: object, ...keys: readonly JWK[]): Promise<ClientFixture> {
  const own = await newClient()
  const { jwks } = own.metadata as { readonly jwks: { readonly keys: readonly object[] } }
  const metadata = { ...own.metadata, ...extra, jwks: { keys: [...jwks.keys, ...keys] } }
  const answer = await admin.request('PUT', `/clients/${own.fixture.clientId}`, metadata)
  expect(answer.status, answer.text).toBe(201)
  return own.fixture
}

/** A whole flow up to the tokens. */
async function tokensFor(fixture: ClientFixture, fields: Record<string, string> = {}) {
  const client = testClient(fixture, server)
  const pushed = await client.par({ key, fields: { scope: 'openid email', nonce: 'n', ...fields } })
  const callback = await client.approve(pushed.requestUri, person)
  const given = { code: callback.searchParams.get('code') ?? '', verifier: pushed.verifier }
  return client.redeem(given, { key })
}

const userinfo = (accessToken: string) =>
  getResource(`${server.issuer}/userinfo`, accessToken, { key, on: server })

/** Verifies a JWT of this issuer for this client. */
async function verify(jwt: string, audience: string): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/jwks`))
  const options = { issuer: server.issuer, audience, algorithms: ['ES256'], typ: 'JWT' }
  return (await jwtVerify(jwt, keys, options)).payload
}

async function decrypt(jwe: string, { alg, privateKey }: EncryptionKey): Promise<string> {
  const { plaintext } = await compactDecrypt(jwe, privateKey, {
    keyManagementAlgorithms: [alg],
    contentEncryptionAlgorithms: ['A256GCM'],
  })
  return new TextDecoder().decode(plaintext)
}

describe('signed userinfo', () => {
  it('OIDC Core 5.3.2 is a JWT of this issuer for the client that registered for it', async () => {
    const fixture = await register({ userinfo_signed_response_alg: 'ES256' })
    const { accessToken } = await tokensFor(fixture)
    const answer = await userinfo(accessToken)
    expect(answer.status, answer.text).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/jwt')
    expect(answer.headers.get('cache-control')).toContain('no-store')
    const claims = await verify(answer.text, fixture.clientId)
    expect(claims).toMatchObject({ sub: 'sub-ada', email: 'ada@example.com' })
    expect(claims).not.toHaveProperty('auth_time')
  })

  it('OIDC Core 5.3.2 is JSON for a client that did not register for it, and at once as it changes', async () => {
    const { fixture, metadata } = await registerClient(admin)
    const { accessToken } = await tokensFor(fixture)
    const plain = await userinfo(accessToken)
    expect(plain.headers.get('content-type')).toBe('application/json')
    expect(plain.json).toMatchObject({ sub: 'sub-ada' })
    const changed = { ...metadata, userinfo_signed_response_alg: 'ES256' }
    await admin.request('PUT', `/clients/${fixture.clientId}`, changed)
    const signed = await userinfo(accessToken)
    expect(signed.headers.get('content-type')).toBe('application/jwt')
    expect(await verify(signed.text, fixture.clientId)).toMatchObject({ sub: 'sub-ada' })
  })
})

describe.each(['RSA-OAEP-256', 'ECDH-ES'] as const)('answers encrypted with %s', (alg) => {
  it('OIDC Core 2 5.3.2 are signed inside, and only the client can read them', async () => {
    const own = await makeEncryptionKey(alg, 'enc-1')
    const fixture = await register(wanting(alg), own.jwk)
    const { answer, accessToken } = await tokensFor(fixture)
    expect(answer.status, answer.text).toBe(200)
    const told = await userinfo(accessToken)
    expect(told.headers.get('content-type')).toBe('application/jwt')
    for (const jwe of [String(answer.json['id_token']), told.text]) {
      expect(decodeProtectedHeader(jwe)).toMatchObject({ alg, enc: 'A256GCM', cty: 'JWT', kid: 'enc-1' }) // prettier-ignore
      expect(await verify(await decrypt(jwe, own), fixture.clientId)).toMatchObject({ sub: 'sub-ada' }) // prettier-ignore
      const stranger = await makeEncryptionKey(alg, 'enc-1')
      await expect(decrypt(jwe, stranger)).rejects.toThrow()
    }
    const idToken = await verify(await decrypt(String(answer.json['id_token']), own), fixture.clientId) // prettier-ignore
    expect(idToken).toMatchObject({ nonce: 'n', acr: expect.any(String) as string })
  })
})

describe.each(['RSA-OAEP-256', 'ECDH-ES'] as const)('signed messages encrypted with %s', (alg) => {
  it('MS-JARM-07 MS-JARM-02 are authorization responses, of success and of error', async () => {
    const own = await makeEncryptionKey(alg, 'enc-1')
    const fixture = await register(wantingResponses(alg), own.jwk)
    const client = testClient(fixture, server)
    const pushed = await client.par({ key, fields: { response_mode: 'jwt', state: 's' } })
    const callback = await client.approve(pushed.requestUri, person)
    expect([...callback.searchParams.keys()]).toEqual(['response'])
    const jwe = callback.searchParams.get('response') ?? ''
    expect(decodeProtectedHeader(jwe)).toMatchObject({ alg, enc: 'A256GCM', cty: 'JWT' })
    const claims = await verify(await decrypt(jwe, own), fixture.clientId)
    const given = { code: String(claims['code']), verifier: pushed.verifier }
    expect((await client.redeem(given, { key })).answer.status).toBe(200)
    const silent = { response_mode: 'jwt', prompt: 'none', state: 's' }
    const { requestUri } = await client.par({ key, fields: silent })
    const page = await createBrowser({ fetch: createFetch({ ca: server.ca }) }).open(
      client.authorizeUrl(requestUri),
    )
    const error = page.redirectedTo?.searchParams.get('response') ?? ''
    const told = await verify(await decrypt(error, own), fixture.clientId)
    expect(told).toMatchObject({ error: 'login_required', state: 's' })
  })

  it('MS-JARM-07 do not touch a response that is not to be signed', async () => {
    const own = await makeEncryptionKey(alg, 'enc-1')
    const client = testClient(await register(wantingResponses(alg), own.jwk), server)
    const callback = await client.approve((await client.par({ key })).requestUri, person)
    expect(callback.searchParams.get('code')).toBeTruthy()
  })

  it('MS-INT-08 are introspection answers, whatever is asked for', async () => {
    const own = await makeEncryptionKey(alg, 'enc-1')
    const made = await newClient()
    const clientId = resourceServerFor(alg)
    const { jwks } = made.metadata as { readonly jwks: { readonly keys: readonly object[] } }
    const put = await admin.request('PUT', `/clients/${clientId}`, {
      ...made.metadata,
      ...wantingIntrospection(alg),
      client_id: clientId,
      jwks: { keys: [...jwks.keys, own.jwk] },
    })
    expect(put.status, put.text).toBe(201)
    const resourceServer = testClient({ ...made.fixture, clientId }, server)
    const app = testClient((await registerClient(admin)).fixture, server)
    const pushed = await app.par({ key, fields: { resource: protectedApi } })
    const callback = await app.approve(pushed.requestUri, person)
    const code = callback.searchParams.get('code') ?? ''
    const { accessToken } = await app.redeem({ code, verifier: pushed.verifier }, { key })
    for (const accept of ['application/json', 'application/token-introspection+jwt']) {
      const headers = [['accept', accept]] as const
      for (const [token, active] of [[accessToken, true], ['x', false]] as const) {
        const told = await resourceServer.post('/introspect', { token }, { headers })
        expect(told.headers.get('content-type')).toBe('application/token-introspection+jwt')
        expect(decodeProtectedHeader(told.text)).toMatchObject({ alg, enc: 'A256GCM', cty: 'JWT' })
        const jws = await decrypt(told.text, own)
        const keys = createRemoteJWKSet(new URL(`${server.issuer}/jwks`))
        const expected = { issuer: server.issuer, audience: clientId, algorithms: ['ES256'], typ: 'token-introspection+jwt' }
        const { payload } = await jwtVerify(jws, keys, expected)
        expect(payload['token_introspection']).toMatchObject({ active })
      }
    }
  }) // prettier-ignore
})

describe('the key of an encrypted answer', () => {
  it('MS-JARM-07 is demanded at PAR when it is gone: nobody signs in for nothing', async () => {
    const own = await newClient()
    const { jwks: inline, ...rest } = own.metadata as Record<string, unknown> & {
      readonly jwks: { readonly keys: readonly object[] }
    }
    const enc = await makeEncryptionKey('ECDH-ES', 'enc-1')
    const path = `/keys/${own.fixture.clientId}`
    const remote = { ...rest, jwks_uri: `${host.origin}${path}`, ...wantingResponses('ECDH-ES') }
    const put = () => admin.request('PUT', `/clients/${own.fixture.clientId}`, remote)
    host.serve(path, keySet(...inline.keys))
    expect(refusal(await put())).toBe('400 invalid_client_metadata')
    host.serve(path, keySet(...inline.keys, enc.jwk))
    expect((await put()).status).toBe(201)
    const client = testClient(own.fixture, server)
    const fields = { response_mode: 'jwt' }
    const { requestUri, answer } = await client.par({ key, fields })
    expect(answer.status, answer.text).toBe(201)
    host.serve(path, keySet(...inline.keys))
    await moveClock(301, server)
    const browser = createBrowser({ fetch: createFetch({ ca: server.ca }) })
    expect(refusal((await client.par({ key, fields })).answer)).toBe('400 invalid_request')
    expect((await client.par({ key })).answer.status).toBe(201)
    // A late person goes back without a response rather than with one that anybody could read.
    const late = await browser.open(client.authorizeUrl(requestUri))
    expect(late.element('error')).toBe('invalid_request_uri')
    expect(late.links.some(({ id }) => id === 'back')).toBe(false)
  })

  it('is demanded at registration: at an address it must be there, and on its curve', async () => {
    const own = await newClient()
    const { jwks: inline, ...rest } = own.metadata as Record<string, unknown> & {
      readonly jwks: { readonly keys: readonly object[] }
    }
    const enc = await makeEncryptionKey('ECDH-ES', 'enc-1')
    const put = (metadata: object) =>
      admin.request('PUT', `/clients/${own.fixture.clientId}`, { ...rest, ...metadata })
    const remote = { jwks_uri: `${host.origin}/registering`, ...wanting('ECDH-ES') }
    for (const answering of [text('', 404), keySet(...inline.keys), text('no'), keySet(...inline.keys, { ...enc.jwk, y: enc.jwk.x })]) {
      host.serve('/registering', answering)
      expect(refusal(await put(remote))).toBe('400 invalid_client_metadata')
    } // prettier-ignore
    const offCurve = { keys: [...inline.keys, { ...enc.jwk, y: enc.jwk.x }] }
    expect(refusal(await put({ jwks: offCurve, ...wanting('ECDH-ES') }))).toBe('400 invalid_client_metadata') // prettier-ignore
    expect((await admin.request('GET', `/clients/${own.fixture.clientId}`)).status).toBe(404)
    host.serve('/registering', keySet(...inline.keys, enc.jwk))
    expect((await put(remote)).status).toBe(201)
  })

  it('when it is gone makes the answer an error: nothing leaves unencrypted, and the code is not spent', async () => {
    const own = await newClient()
    const { jwks: inline, ...rest } = own.metadata as Record<string, unknown> & {
      readonly jwks: { readonly keys: readonly object[] }
    }
    const first = await makeEncryptionKey('ECDH-ES', 'enc-1')
    const second = await makeEncryptionKey('ECDH-ES', 'enc-2')
    const path = `/keys/${own.fixture.clientId}`
    host.serve(path, keySet(...inline.keys, first.jwk))
    const metadata = { ...rest, jwks_uri: `${host.origin}${path}`, ...wanting('ECDH-ES') }
    const put = await admin.request('PUT', `/clients/${own.fixture.clientId}`, metadata)
    expect(put.status, put.text).toBe(201)
    const client = testClient(own.fixture, server)
    const { accessToken } = await tokensFor(own.fixture)
    expect((await userinfo(accessToken)).status).toBe(200)

    // Keys are asked for again after five minutes, and then at most once a minute.
    host.serve(path, keySet(...inline.keys))
    await moveClock(301, server)
    const pushed = await client.par({ key, fields: { scope: 'openid email' } })
    await moveClock(341, server)
    const callback = await client.approve(pushed.requestUri, person)
    const given = { code: callback.searchParams.get('code') ?? '', verifier: pushed.verifier }
    const refused = await client.redeem(given, { key })
    expect(refusal(refused.answer)).toBe('400 invalid_request')
    expect(refused.answer.text).not.toContain('eyJ')

    host.serve(path, keySet(...inline.keys, second.jwk))
    await moveClock(362, server)
    const tokens = await client.redeem(given, { key })
    const idToken = String(tokens.answer.json['id_token'])
    expect(decodeProtectedHeader(idToken)['kid']).toBe('enc-2')
    expect(await decrypt(idToken, second)).toMatch(/^eyJ/)

    host.serve(path, keySet(...inline.keys))
    await moveClock(663, server)
    const { accessToken: latest } = await client.refresh(tokens.refreshToken, { key })
    const told = await userinfo(latest)
    expect(refusal(told)).toBe('400 invalid_request')
    expect(told.text).not.toContain('eyJ')
  })
})
