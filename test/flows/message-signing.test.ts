import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import type { JWK } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { newClient, openAdmin, registerClient } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { storageCost } from '../support/attack.ts'
import { createBrowser } from '../support/browser.ts'
import { createSelfSigned } from '../support/certificates.ts'
import type { ClientFixture } from '../support/fixtures.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { pushSigned, requestObject } from '../support/request-objects.ts'
import { refusal } from '../support/refusal.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'
import type { Server } from '../support/test-client.ts'

/*
 * An issuer of the profile for signed messages, and stock clients of it: what is pushed is signed, what
 * comes back is signed, and nothing unsigned takes their place.
 */

let runtime: Runtime
let server: Server
let admin: Admin
const key = await makeDpopKey()
const ada = { username: 'ada', password: 'ada has a long password' }
const scope = 'openid profile accounts'
const algorithms = ['ES256', 'PS256', 'Ed25519']
const protectedApi = 'https://other-api.example'
const resourceServerFor = (alg: string): string => `asking-${alg.toLowerCase()}`

beforeAll(async () => {
  runtime = await startRuntime({
    args: ['--no-demo'],
    config: {
      issuer: {
        profile: 'fapi2-message-signing',
        authentication: { factors: 1 },
        further_signing_algs: ['PS256', 'Ed25519'],
        scopes: { accounts: { title: 'Your accounts', description: 'See your accounts.' } },
      },
      resource_servers: [
        {
          identifier: protectedApi,
          name: 'Other API',
          scopes: ['accounts'],
          introspection_clients: algorithms.map(resourceServerFor),
        },
      ],
      users: [{ ...ada, sub: 'sub-ada', claims: { name: 'Ada Lovelace' } }],
    },
  })
  server = { ...runtime, ca: readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8') }
  admin = await openAdmin(server)
})

afterAll(async () => runtime.stop())

async function register(extra: Readonly<Record<string, unknown>> = {}): Promise<ClientFixture> {
  return (await registerClient(admin, extra)).fixture
}

/** A client that proves itself with a certificate, and signs what it asks with a key of its own. */
async function registerWithCertificate(): Promise<ClientFixture> {
  const certificate = await createSelfSigned({ subject: 'CN=signing client' })
  const made = await newClient()
  const { jwks } = made.metadata as { readonly jwks: { readonly keys: readonly object[] } }
  const answer = await admin.request('PUT', `/clients/${made.fixture.clientId}`, {
    ...made.metadata,
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    tls_client_certificate_bound_access_tokens: true,
    jwks: { keys: [...jwks.keys, certificate.jwk] },
  })
  expect(answer.status, answer.text).toBe(201)
  return { ...made.fixture, credential: { cert: certificate.pem, key: certificate.keyPem } }
}

async function privateKey({ jwk, alg }: ClientFixture): Promise<CryptoKey> {
  return (await importJWK(jwk as JWK, alg)) as CryptoKey
}

/** What the person does: sign in, approve. Returns where the browser was sent. */
async function approve(url: URL): Promise<URL> {
  const browser = createBrowser({ fetch: createFetch({ ca: server.ca }) })
  const login = await browser.open(url, { from: 'cross-site' })
  const done = await (await login.submit('login', ada)).submit('approve')
  if (done.redirectedTo === undefined) throw new Error(`no redirect: ${done.words}`)
  expect([...done.redirectedTo.searchParams.keys()]).toEqual(['response'])
  return done.redirectedTo
}

describe('openid-client in the profile for signed messages', () => {
  async function configure(fixture: ClientFixture, method: openid.ClientAuth, mtls: boolean) {
    const { credential } = fixture
    const config = await openid.discovery(
      new URL(server.issuer),
      fixture.clientId,
      {
        id_token_signed_response_alg: 'ES256',
        authorization_signed_response_alg: 'ES256',
        use_mtls_endpoint_aliases: mtls,
      },
      method,
      {
        execute: [
          openid.allowInsecureRequests,
          openid.enableNonRepudiationChecks,
          openid.useJwtResponseMode,
        ],
        [openid.customFetch]: createFetch({
          ca: server.ca,
          ...(credential === undefined ? {} : { certificate: credential }),
        }),
      },
    )
    return config
  }

  /** A whole flow, from the signed request to a refreshed token. */
  async function walk(
    config: openid.Configuration,
    fixture: ClientFixture,
    options: { readonly DPoP?: openid.DPoPHandle } = {},
  ) {
    const state = openid.randomState()
    const nonce = openid.randomNonce()
    const verifier = openid.randomPKCECodeVerifier()
    const parameters = {
      redirect_uri: fixture.redirectUri,
      scope,
      state,
      nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      claims: JSON.stringify({ userinfo: { name: null } }),
      max_age: '600',
    }
    const signer = { key: await privateKey(fixture), kid: String(fixture.jwk?.['kid']) }
    const signed = await openid.buildAuthorizationUrlWithJAR(config, parameters, signer)
    const url = await openid.buildAuthorizationUrlWithPAR(config, signed.searchParams, options)
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, maxAge: 600, idTokenExpected: true } // prettier-ignore
    const tokens = await openid.authorizationCodeGrant(config, await approve(url), checks, undefined, options) // prettier-ignore
    expect(tokens.claims()?.sub).toBe('sub-ada')
    const person = await openid.fetchUserInfo(config, tokens.access_token, 'sub-ada', options)
    expect(person.name).toBe('Ada Lovelace')
    const { refresh_token: refreshToken = '' } = tokens
    const again = await openid.refreshTokenGrant(config, refreshToken, undefined, options)
    expect(again.access_token).not.toBe(tokens.access_token)
    return tokens
  }

  it('MS-JAR-01 MS-JARM-01 MS-IDT-01 MS-IDT-02 goes all the way with private_key_jwt and DPoP', async () => {
    const fixture = await register()
    const signer = { key: await privateKey(fixture), kid: String(fixture.jwk?.['kid']) }
    const config = await configure(fixture, openid.PrivateKeyJwt(signer), false)
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    const tokens = await walk(config, fixture, { DPoP })
    expect(tokens.token_type).toBe('dpop')
    expect(['ES256', 'PS256', 'EdDSA', 'Ed25519']).toContain(
      decodeProtectedHeader(tokens.id_token ?? '').alg,
    )
  })

  it('MS-JAR-01 MS-JARM-01 goes all the way with a certificate', async () => {
    const fixture = await registerWithCertificate()
    const config = await configure(fixture, openid.TlsClientAuth(), true)
    expect((await walk(config, fixture)).token_type).toBe('bearer')
  })

  it('MS-JARM-06 MS-IDT-02 refuses what somebody else signed, as a client must', async () => {
    const fixture = await register()
    const signer = { key: await privateKey(fixture), kid: String(fixture.jwk?.['kid']) }
    const config = await configure(fixture, openid.PrivateKeyJwt(signer), false)
    const { requestUri, verifier } = await pushSigned(testClient(fixture, server), server.issuer, { post: { key } }) // prettier-ignore
    const url = openid.buildAuthorizationUrl(config, { request_uri: requestUri })
    const callback = await approve(url)
    const [header, payload = '', signature = ''] = (callback.searchParams.get('response') ?? '').split('.') // prettier-ignore
    const forged = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { state: string }
    const checks = { expectedState: claims.state, pkceCodeVerifier: verifier }
    callback.searchParams.set('response', forged)
    await expect(openid.authorizationCodeGrant(config, callback, checks)).rejects.toThrow()
  })
})

describe('oauth4webapi in the profile for signed messages', () => {
  const insecure = { [oauth.allowInsecureRequests]: true }

  async function withNonce<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt()
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error
      return attempt()
    }
  }

  async function walk(fixture: ClientFixture, proven: 'key' | 'certificate') {
    const { credential, clientId } = fixture
    const fetching = {
      ...insecure,
      [oauth.customFetch]: createFetch({
        ca: server.ca,
        ...(credential === undefined ? {} : { certificate: credential }),
      }),
    }
    const issuer = new URL(server.issuer)
    const discovered = await oauth.discoveryRequest(issuer, { ...fetching, algorithm: 'oauth2' })
    const as = await oauth.processDiscoveryResponse(issuer, discovered)
    const client: oauth.Client = {
      client_id: clientId,
      id_token_signed_response_alg: 'ES256',
      authorization_signed_response_alg: 'ES256',
      use_mtls_endpoint_aliases: proven === 'certificate',
    }
    const signer = { key: await privateKey(fixture), kid: String(fixture.jwk?.['kid']) }
    const authentication = proven === 'key' ? oauth.PrivateKeyJwt(signer) : oauth.TlsClientAuth()
    const dpop = proven === 'key' ? { DPoP: oauth.DPoP(client, await oauth.generateKeyPair('ES256')) } : {} // prettier-ignore
    const verifier = oauth.generateRandomCodeVerifier()
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
    const parameters = {
      redirect_uri: fixture.redirectUri,
      response_type: 'code',
      response_mode: 'jwt',
      scope,
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }
    const pushed = await withNonce(async () => {
      const request = await oauth.issueRequestObject(as, client, parameters, signer)
      const options = { ...fetching, ...dpop }
      const answer = await oauth.pushedAuthorizationRequest(as, client, authentication, { request }, options) // prettier-ignore
      return oauth.processPushedAuthorizationResponse(as, client, answer)
    })
    const url = new URL(as.authorization_endpoint ?? '')
    url.searchParams.set('client_id', clientId)
    url.searchParams.set('request_uri', pushed.request_uri)
    const callback = await oauth.validateJwtAuthResponse(as, client, await approve(url), state, fetching) // prettier-ignore
    return withNonce(async () => {
      const options = { ...fetching, ...dpop }
      const answer = await oauth.authorizationCodeGrantRequest(as, client, authentication, callback, fixture.redirectUri, verifier, options) // prettier-ignore
      const copy = answer.clone()
      const expected = { expectedNonce: nonce, requireIdToken: true }
      const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, expected)
      expect(copy.status).toBe(200)
      await oauth.validateApplicationLevelSignature(as, answer, fetching)
      return tokens
    })
  }

  it('MS-JAR-05 MS-JARM-02 MS-IDT-02 goes all the way with private_key_jwt and DPoP', async () => {
    const tokens = await walk(await register(), 'key')
    expect(tokens.token_type).toBe('dpop')
    expect(decodeJwt(tokens.access_token)['cnf']).toHaveProperty('jkt')
  })

  it('MS-JAR-05 MS-JARM-02 goes all the way with a certificate', async () => {
    const tokens = await walk(await registerWithCertificate(), 'certificate')
    expect(decodeJwt(tokens.access_token)['cnf']).toHaveProperty('x5t#S256')
  })
})

describe('what is signed for a client', () => {
  const keys = () => createRemoteJWKSet(new URL(`${server.issuer}/jwks`))

  it.each(algorithms)('MS-JARM-06 is a response signed with %s where it registered that', async (alg) => {
    const fixture = await register({ authorization_signed_response_alg: alg })
    const client = testClient(fixture, server)
    const { requestUri } = await pushSigned(client, server.issuer, { post: { key } })
    const callback = await approve(new URL(client.authorizeUrl(requestUri)))
    const expected = { issuer: server.issuer, audience: fixture.clientId, algorithms: [alg] }
    const response = callback.searchParams.get('response') ?? ''
    expect((await jwtVerify(response, keys(), expected)).payload['code']).toBeTruthy()
  }) // prettier-ignore

  it.each(algorithms)('MS-INT-08 is an introspection answer signed with %s where it registered that', async (alg) => {
    const clientId = resourceServerFor(alg)
    const made = await newClient({ client_id: clientId, introspection_signed_response_alg: alg })
    const put = await admin.request('PUT', `/clients/${clientId}`, made.metadata)
    expect(put.status, put.text).toBe(201)
    const resourceServer = testClient({ ...made.fixture, clientId }, server)
    const told = await resourceServer.post('/introspect', { token: 'x' }, { headers: [['accept', 'application/token-introspection+jwt']] })
    const expected = { issuer: server.issuer, audience: clientId, algorithms: [alg], typ: 'token-introspection+jwt' }
    const { payload } = await jwtVerify(told.text, keys(), expected)
    expect(payload['token_introspection']).toEqual({ active: false })
  }) // prettier-ignore
})

describe('the profile for signed messages', () => {
  it('MS-JAR-01 1.12 refuses a request whose parameters are not signed, and stores nothing', async () => {
    const client = testClient(await register(), server)
    for (const response_mode of [undefined, 'jwt']) {
      const { answer } = await client.par({ key, fields: { response_mode } })
      expect(refusal(answer)).toBe('400 invalid_request')
      expect(storageCost(answer).rows).toBe(0)
    }
    const { answer } = await pushSigned(client, server.issuer, { post: { key } })
    expect(answer.status, answer.text).toBe(201)
  })

  it('MS-JARM-01 refuses a response that would not be signed, and names the modes there are', async () => {
    const client = testClient(await register(), server)
    const push = (response_mode: string | undefined) =>
      pushSigned(client, server.issuer, { claims: { response_mode }, post: { key } })
    for (const mode of [undefined, 'query', 'fragment', 'form_post', 'none']) {
      const { answer } = await push(mode)
      expect(refusal(answer), mode).toBe('400 invalid_request')
      expect(storageCost(answer).rows).toBe(0)
    }
    for (const mode of ['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'])
      expect((await push(mode)).answer.status).toBe(201)
  })

  it('MS-JAR-01 holds no client to less, whatever it registers', async () => {
    const put = async (extra: Readonly<Record<string, unknown>>) => {
      const { fixture, metadata } = await newClient(extra)
      return admin.request('PUT', `/clients/${fixture.clientId}`, metadata)
    }
    expect(refusal(await put({ require_signed_request_object: false }))).toBe('400 invalid_client_metadata') // prettier-ignore
    expect(refusal(await put({ response_modes: ['query'] }))).toBe('400 invalid_client_metadata')
    expect((await put({ require_signed_request_object: true, response_modes: ['jwt'] })).status).toBe(201) // prettier-ignore
  })

  it('SP-AS-21 takes no request object at the authorization endpoint, where nothing proves the client', async () => {
    const client = testClient(await register(), server)
    const request = await requestObject(client, server.issuer)
    const browser = createBrowser({ fetch: createFetch({ ca: server.ca }) })
    const query = new URLSearchParams({ client_id: client.fixture.clientId, request })
    const page = await browser.open(`${server.issuer}/authorize?${query.toString()}`)
    expect(page.element('error')).toBe('invalid_request')
    expect(page.redirectedTo).toBeUndefined()
  })
})
