import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import * as openid from 'openid-client'
import { importJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { createBrowser } from '../support/browser.ts'
import { makeFixtures } from '../support/fixtures.ts'
import type { ClientFixture, Fixtures } from '../support/fixtures.ts'
import { send } from '../support/http.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { Server } from '../support/test-client.ts'

let runtime: Runtime
let server: Server
let fixtures: Fixtures
const ports = ['issuer', 'mtls', 'api', 'apiMtls'] as const

beforeAll(async () => {
  const made = await makeFixtures()
  fixtures = made.fixtures
  runtime = await startRuntime({ config: clientCa(made), tls: true })
  const ca = readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8')
  server = { ...runtime, ca }
})

afterAll(async () => {
  await runtime.stop()
})

/** The accepted authority by the configuration file, instead of by the command line. */
const clientCa = ({ config, clientCaPem }: Awaited<ReturnType<typeof makeFixtures>>) => {
  const file = config as { readonly issuer: object }
  return { ...file, issuer: { ...file.issuer, accepted_client_cas: [clientCaPem] } }
}

/** The outcome of one handshake: version and suite, or the alert. */
async function handshake(origin: string, options: ConnectionOptions): Promise<string> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), ca: server.ca, ...options })
    socket.on('secureConnect', () => {
      resolve(`${socket.getProtocol()} ${socket.getCipher().name}`)
      socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

const legacy = { ciphers: 'ALL:@SECLEVEL=0' }
const tls12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const

describe.each(ports)('TLS at %s', (port) => {
  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    it(`SP-TLS-02 ${port} refuses ${version} with protocol_version`, async () => {
      const outcome = await handshake(server[port], {
        ...legacy,
        minVersion: version,
        maxVersion: version,
      })
      expect(outcome).toMatch(/^ERR_SSL_\S+_ALERT_PROTOCOL_VERSION$/)
    })
  }

  it(`SP-TLS-02 ${port} prefers TLS 1.3 and speaks 1.2`, async () => {
    const both = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const
    expect(await handshake(server[port], both)).toMatch(/^TLSv1\.3 TLS_/)
    expect(await handshake(server[port], tls12)).toMatch(/^TLSv1\.2 ECDHE-/)
  })

  for (const suite of [
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
  ]) {
    it(`SP-TLS-06 ${port} accepts ${suite} under TLS 1.2`, async () => {
      const outcome = await handshake(server[port], { ...tls12, ciphers: suite })
      expect(outcome).toBe(`TLSv1.2 ${suite}`)
    })
  }

  for (const suite of [
    'ECDHE-ECDSA-AES128-SHA',
    'ECDHE-ECDSA-AES256-SHA',
    'ECDHE-ECDSA-AES128-SHA256',
    'ECDHE-ECDSA-AES256-SHA384',
    'ECDHE-ECDSA-AES128-CCM',
    'ECDHE-ECDSA-AES128-CCM8',
    'ECDHE-ECDSA-ARIA128-GCM-SHA256',
    'ECDHE-ECDSA-CAMELLIA128-SHA256',
    'ECDHE-ECDSA-NULL-SHA',
    'ECDHE-RSA-AES128-SHA',
    'AES128-GCM-SHA256',
    'AES256-SHA',
    'DHE-RSA-AES128-GCM-SHA256',
    'DHE-RSA-AES256-SHA',
    'DHE-RSA-CHACHA20-POLY1305',
    'AECDH-AES128-SHA',
  ]) {
    it(`SP-TLS-06 SP-TLS-03 ${port} refuses ${suite} with handshake_failure`, async () => {
      const ciphers = `${suite}:@SECLEVEL=0`
      const outcome = await handshake(server[port], { ...tls12, ciphers })
      expect(outcome).toMatch(/^ERR_SSL_\S+_ALERT_HANDSHAKE_FAILURE$/)
    })
  }

  it(`SP-TLS-03 MTLS-09 ${port} does not renegotiate`, async () => {
    const { hostname, port: number } = new URL(server[port])
    const socket = connect({ host: hostname, port: Number(number), ca: server.ca, ...tls12 })
    const outcome = await new Promise((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      socket.on('secureConnect', () => {
        socket.renegotiate({}, (error) => resolve(error === null ? 'renegotiated' : 'refused'))
      })
    })
    socket.destroy()
    expect(outcome).toBe('ERR_SSL_NO_RENEGOTIATION')
  })

  it(`SP-TLS-01 ${port} answers nothing without TLS`, async () => {
    const plain = `${server[port].replace('https:', 'http:')}/.well-known/openid-configuration`
    await expect(send(plain)).rejects.toThrow()
  })
})

describe('https answers', () => {
  it('SP-TLS-07 all carry HSTS of at least a year, errors and pages too', async () => {
    const answers = [
      `${server.issuer}/.well-known/openid-configuration`,
      `${server.issuer}/jwks`,
      `${server.issuer}/authorize`,
      `${server.issuer}/login`,
      `${server.issuer}/consent`,
      `${server.issuer}/par`,
      `${server.issuer}/token`,
      `${server.issuer}/userinfo`,
      `${server.issuer}/admin/clients`,
      `${server.issuer}/nothing`,
      `${server.mtls}/par`,
      `${server.mtls}/nothing`,
      `${server.api}/accounts`,
      `${server.api}/nothing`,
      `${server.apiMtls}/accounts`,
    ].map(async (url) => {
      const { headers } = await send(url, { ca: server.ca })
      const policy = headers.get('strict-transport-security') ?? ''
      return [url, Number(/^max-age=(\d+)/.exec(policy)?.[1]) >= 31_536_000] as const
    })
    for (const [url, strict] of await Promise.all(answers)) {
      expect([url, strict]).toEqual([url, true])
    }
  })

  it('SP-TLS-07 set no cookie that leaves this host or TLS', async () => {
    const client = testClient(fixtures.clients.web, server)
    const { requestUri } = await client.par()
    const fetch = createFetch({ ca: server.ca })
    const set: string[] = []
    const browser = createBrowser({
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        set.push(...response.headers.getSetCookie())
        return response
      },
    })
    const callback = await client.approve(requestUri, fixtures.users.alice, browser)
    expect(callback.searchParams.get('code')).not.toBeNull()
    const live = set.filter((cookie) => !/max-age=0/i.test(cookie))
    expect(live.length).toBeGreaterThan(0)
    for (const cookie of set) {
      expect(cookie).toMatch(/^__Host-/)
      expect(cookie).toMatch(/; *Secure/i)
      expect(cookie).toMatch(/; *HttpOnly/i)
      expect(cookie).toMatch(/; *SameSite=(Lax|Strict)/i)
      expect(cookie).toMatch(/; *Path=\/(;|$)/i)
      expect(cookie).not.toMatch(/; *Domain=/i)
    }
  })
})

describe('stock clients over https', () => {
  /** Plays the whole flow with openid-client, as any third party would. */
  async function play(fixture: ClientFixture, options: { readonly mtls: boolean }) {
    const { jwk, alg, credential, clientId, redirectUri } = fixture
    const trust = {
      ca: server.ca,
      ...(credential === undefined ? {} : { certificate: credential }),
    }
    const fetch = createFetch(trust)
    const key = jwk === undefined ? undefined : await importJWK(jwk, alg)
    const authentication =
      key instanceof CryptoKey
        ? openid.PrivateKeyJwt({ key, kid: String(jwk?.['kid']) })
        : openid.TlsClientAuth()
    const metadata = { use_mtls_endpoint_aliases: options.mtls }
    const configuration = await openid.discovery(
      new URL(server.issuer),
      clientId,
      metadata,
      authentication,
      { [openid.customFetch]: (url, init) => fetch(url, init) },
    )
    const dpop = options.mtls
      ? {}
      : { DPoP: openid.getDPoPHandle(configuration, await openid.randomDPoPKeyPair('ES256')) }
    const verifier = openid.randomPKCECodeVerifier()
    const state = openid.randomState()
    const nonce = openid.randomNonce()
    const parameters = {
      redirect_uri: redirectUri,
      scope: 'openid accounts',
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    }
    const start = await openid.buildAuthorizationUrlWithPAR(configuration, parameters, dpop)
    const browser = createBrowser({ fetch: createFetch({ ca: server.ca }) })
    const { username, password } = fixtures.users.carol
    const login = await browser.open(start)
    const consent = await login.submit('login', { username, password })
    const callback = (await consent.submit('approve')).redirectedTo ?? start
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
    const tokens = await openid.authorizationCodeGrant(configuration, callback, checks, undefined, dpop) // prettier-ignore
    const sub = tokens.claims()?.sub ?? ''
    const person = await openid.fetchUserInfo(configuration, tokens.access_token, sub, dpop)
    const api = new URL(`${options.mtls ? server.apiMtls : server.api}/accounts`)
    const token = tokens.access_token
    const accounts = await openid.fetchProtectedResource(configuration, token, api, 'GET', null, undefined, dpop) // prettier-ignore
    const refreshed = await openid.refreshTokenGrant(configuration, tokens.refresh_token ?? '', {}, dpop) // prettier-ignore
    return { tokens, person, accounts, refreshed }
  }

  it('SP-AS-05 openid-client plays the whole flow with private_key_jwt and DPoP', async () => {
    const played = await play(fixtures.clients.ps256, { mtls: false })
    expect(played.tokens.token_type.toLowerCase()).toBe('dpop')
    expect(played.person.sub).toBe(fixtures.users.carol.sub)
    expect(played.accounts.status).toBe(200)
    expect(played.refreshed.access_token).not.toBe(played.tokens.access_token)
  })

  for (const name of ['mtlsPki', 'mtlsSelfSigned'] as const) {
    it(`SP-AS-05 MTLS-07 openid-client plays the whole flow with certificates alone (${name})`, async () => {
      const played = await play(fixtures.clients[name], { mtls: true })
      expect(played.tokens.token_type.toLowerCase()).toBe('bearer')
      expect(played.person.sub).toBe(fixtures.users.carol.sub)
      expect(played.accounts.status).toBe(200)
      expect(played.refreshed.access_token).not.toBe(played.tokens.access_token)
    })
  }
})

describe('certificates over https', () => {
  const grant = { grant_type: 'client_credentials' }

  it('MTLS-07 clients without certificate are served on the mTLS ports', async () => {
    const key = await makeDpopKey()
    const client = testClient(fixtures.clients.web, server)
    const { accessToken } = await client.token(grant, { key, side: 'mtls' })
    const api = `${server.apiMtls}/accounts`
    const answer = await getResource(api, accessToken, { key, on: server })
    expect(answer.status).toBe(200)
  })

  it('MTLS-07 the main host sees no certificate, even of a client that has one', async () => {
    const client = testClient(fixtures.clients.mtlsPki, server)
    const refused = await client.token(grant, { side: 'main' })
    expect(refused.answer.status).toBe(401)
    expect(refused.answer.json['error']).toBe('invalid_client')
    const taken = await client.token(grant)
    expect(taken.answer.status).toBe(200)
    const { credential } = fixtures.clients.mtlsPki
    const own = credential === undefined ? {} : { credential }
    const api = await getResource(`${server.api}/accounts`, taken.accessToken, { ...own, on: server }) // prettier-ignore
    expect(api.status).toBe(401)
    const mtls = await getResource(`${server.apiMtls}/accounts`, taken.accessToken, { ...own, on: server }) // prettier-ignore
    expect(mtls.status).toBe(200)
  })
})
