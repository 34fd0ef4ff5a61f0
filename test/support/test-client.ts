import { createHash, randomBytes } from 'node:crypto'
import { CompactSign, calculateJwkThumbprint, decodeJwt, importJWK } from 'jose'
import type { JWK } from 'jose'
import { inject } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { createBrowser } from './browser.ts'
import type { Browser, Page } from './browser.ts'
import type { ClientFixture, ClientName, PrivateJwk } from './fixtures.ts'
import { form, send } from './http.ts'
import type { Answer, Credential } from './http.ts'
import type { Addresses } from './local-runtime.ts'

/** A running server: the shared one, or one that a test started itself. */
export type Server = Addresses & { readonly ca: string }

/** What a test client needs to know of it. */
type Reachable = Pick<Server, 'issuer' | 'mtls' | 'ca'>

/** Seconds the server's clock was moved; what clients sign follows it. */
let offset = 0
export const nowSeconds = (): number => Math.floor(Date.now() / 1000) + offset

/** Moves the server's clock, and with it what test clients sign. Reset it in `afterEach`. */
export async function moveClock(seconds: number, on: Server = inject('server')): Promise<void> {
  await control('/clock', { offset_s: seconds }, on)
  offset = seconds
}

/** Calls the control endpoint of the local runtime. */
export async function control(
  path: string,
  body: unknown,
  on: Server = inject('server'),
): Promise<Answer> {
  return send(`${on.control}${path}`, {
    method: 'POST',
    headers: [
      ['content-type', 'application/json'],
      ['authorization', `Bearer ${on.controlToken}`],
    ],
    body: JSON.stringify(body),
  })
}

export type DpopKey = {
  readonly jwk: PrivateJwk
  readonly publicJwk: JWK
  readonly alg: string
  readonly jkt: string
}

/** A new key for proofs. */
export async function makeDpopKey(alg: 'ES256' | 'PS256' | 'EdDSA' = 'ES256'): Promise<DpopKey> {
  const algorithm = {
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    PS256: {
      name: 'RSA-PSS',
      modulusLength: 2048,
      publicExponent: Uint8Array.of(1, 0, 1),
      hash: 'SHA-256',
    },
    EdDSA: { name: 'Ed25519' },
  }[alg]
  const pair = (await crypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const bare = (jwk: JsonWebKey) => {
    const { ext: _ext, key_ops: _ops, alg: _alg, ...members } = jwk
    return members
  }
  const jwk = bare(
    (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JsonWebKey,
  ) as PrivateJwk
  const publicJwk = bare(
    (await crypto.subtle.exportKey('jwk', pair.publicKey)) as JsonWebKey,
  ) as JWK
  return { jwk, publicJwk, alg, jkt: await calculateJwkThumbprint(publicJwk) }
}

/** Signs any header and claims: nothing is checked, members set to `undefined` are left out. */
export async function sign(
  jwk: PrivateJwk,
  header: Readonly<Record<string, unknown>> & { readonly alg: string },
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const key = await importJWK({ ...jwk, alg: undefined } as unknown as JWK, header.alg)
  const payload = new TextEncoder().encode(JSON.stringify(claims))
  return new CompactSign(payload).setProtectedHeader(header as { alg: string }).sign(key)
}

export type ProofOptions = {
  readonly method?: string
  readonly nonce?: string | undefined
  readonly accessToken?: string
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
}

/** Makes a DPoP proof; `claims` and `header` override anything. */
export async function proof(
  key: DpopKey,
  url: string,
  options: ProofOptions = {},
): Promise<string> {
  const { accessToken } = options
  const header = { typ: 'dpop+jwt', alg: key.alg, jwk: key.publicJwk, ...options.header }
  return sign(key.jwk, header, {
    jti: randomBytes(16).toString('base64url'),
    htm: options.method ?? 'POST',
    htu: url,
    iat: nowSeconds(),
    nonce: options.nonce,
    ...(accessToken === undefined
      ? {}
      : { ath: createHash('sha256').update(accessToken).digest('base64url') }),
    ...options.claims,
  })
}

/** The newest nonce a server (authorization server or API) handed out to these tests. */
const nonces = new Map<string, string>()

export async function nonceOf(url: string, on: Reachable = inject('server')): Promise<string> {
  const { issuer, mtls, ca } = on
  const { origin } = new URL(url)
  const authorizationServer = origin === new URL(issuer).origin || origin === mtls
  const fresh = await send(authorizationServer ? `${issuer}/par` : url, {
    method: authorizationServer ? 'POST' : 'GET',
    ca,
  })
  const nonce = fresh.headers.get('dpop-nonce') ?? ''
  nonces.set(origin, nonce)
  return nonce
}

export type RequestOptions = {
  /** Over the usual fields; `undefined` leaves one out. */
  readonly fields?: Readonly<Record<string, string | undefined>>
  /** Further pairs, e.g. a parameter for the second time. */
  readonly extra?: readonly (readonly [string, string])[]
  /** Key to prove with; `null`: no proof. Absent: the client's own key, if it has one. */
  readonly key?: DpopKey | null
  /** Proof to send as it is. */
  readonly proof?: string
  readonly proofOptions?: ProofOptions
  readonly headers?: readonly (readonly [string, string])[]
  /** Over the assertion's claims and header. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly assertionHeader?: Readonly<Record<string, unknown>>
  /** Sends no client authentication at all. */
  readonly anonymous?: boolean
  readonly credential?: Credential
  /** On which side; clients with certificates use `mtls` by themselves. */
  readonly side?: 'main' | 'mtls'
}

export type Pushed = {
  readonly requestUri: string
  readonly verifier: string
  readonly answer: Answer
}

export type Tokens = {
  readonly answer: Answer
  readonly accessToken: string
  readonly refreshToken: string
  readonly claims: Readonly<Record<string, unknown>>
}

export type TestClient = ReturnType<typeof testClient>

/** A client that can misbehave: every part of what it sends can be changed. */
export function testClient(name: ClientName | ClientFixture, server: Reachable = inject('server')) {
  const { fixtures } = { fixtures: inject('fixtures') }
  const fixture = typeof name === 'string' ? fixtures.clients[name] : name
  const usesCertificate = fixture.credential !== undefined
  const url = (path: string, side: 'main' | 'mtls' = usesCertificate ? 'mtls' : 'main') =>
    `${side === 'mtls' ? server.mtls : server.issuer}${path}`

  async function assertion(options: RequestOptions = {}): Promise<string> {
    const { jwk, alg, clientId } = fixture
    if (jwk === undefined || alg === undefined) throw new Error('this client has no key')
    const now = nowSeconds()
    const header = { alg, kid: jwk['kid'], ...options.assertionHeader } as { alg: string }
    return sign(jwk, header, {
      iss: clientId,
      sub: clientId,
      aud: server.issuer,
      iat: now,
      exp: now + 60,
      jti: randomBytes(16).toString('base64url'),
      ...options.claims,
    })
  }

  /** Posts a form with this client's authentication and a proof. */
  async function post(
    path: string,
    fields: Readonly<Record<string, string | undefined>>,
    options: RequestOptions = {},
  ): Promise<Answer> {
    const target = url(path, options.side)
    const authentication: Record<string, string> =
      options.anonymous === true
        ? {}
        : usesCertificate
          ? { client_id: fixture.clientId }
          : {
              client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
              client_assertion: await assertion(options),
            }
    const all = { ...authentication, ...fields, ...options.fields }
    const pairs = [
      ...Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined),
      ...(options.extra ?? []),
    ]
    const headers: [string, string][] = [['content-type', 'application/x-www-form-urlencoded']]
    if (options.proof !== undefined) headers.push(['dpop', options.proof])
    else if (options.key !== undefined && options.key !== null) {
      const nonce =
        options.proofOptions !== undefined && 'nonce' in options.proofOptions
          ? options.proofOptions.nonce
          : await nonceOf(target, server)
      headers.push(['dpop', await proof(options.key, target, { ...options.proofOptions, nonce })])
    }
    const credential = options.credential ?? fixture.credential
    return send(target, {
      method: 'POST',
      headers: [...headers, ...(options.headers ?? [])],
      body: form(pairs),
      ca: server.ca,
      ...(credential === undefined ? {} : { credential }),
    })
  }

  function authorizationFields(verifier: string): Record<string, string> {
    return {
      response_type: 'code',
      redirect_uri: fixture.redirectUri,
      scope: 'openid accounts',
      state: `state-${randomBytes(8).toString('hex')}`,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }
  }

  async function par(options: RequestOptions = {}): Promise<Pushed> {
    const verifier = randomBytes(32).toString('base64url')
    const answer = await post('/par', authorizationFields(verifier), options)
    return { answer, verifier, requestUri: String(answer.json['request_uri'] ?? '') }
  }

  const authorizeUrl = (requestUri: string, clientId = fixture.clientId) =>
    `${server.issuer}/authorize?${form({ client_id: clientId, request_uri: requestUri })}`

  /** Signs in and approves; returns where the browser was sent. */
  async function approve(
    requestUri: string,
    person: { readonly username: string; readonly password: string } = fixtures.users.alice,
    browser: Browser = createBrowser({ fetch: createFetch({ ca: server.ca }) }),
  ): Promise<URL> {
    const { username, password } = person
    const login = await browser.open(authorizeUrl(requestUri))
    const consent = await login.submit('login', { username, password })
    const done: Page = await consent.submit('approve')
    if (done.redirectedTo === undefined)
      throw new Error(`not sent to the client: ${done.status} ${done.words}`)
    return done.redirectedTo
  }

  /** PAR, sign-in and approval; returns the code and what redeems it. */
  async function code(
    options: RequestOptions = {},
    person?: Parameters<typeof approve>[1],
  ): Promise<{ readonly code: string; readonly verifier: string; readonly callback: URL }> {
    const pushed = await par(options)
    if (pushed.answer.status !== 201)
      throw new Error(`PAR failed: ${pushed.answer.status} ${pushed.answer.text}`)
    const callback = await approve(pushed.requestUri, person)
    return { code: callback.searchParams.get('code') ?? '', verifier: pushed.verifier, callback }
  }

  async function token(
    fields: Readonly<Record<string, string | undefined>>,
    options: RequestOptions = {},
  ): Promise<Tokens> {
    const answer = await post('/token', fields, options)
    const accessToken = String(answer.json['access_token'] ?? '')
    return {
      answer,
      accessToken,
      refreshToken: String(answer.json['refresh_token'] ?? ''),
      claims: accessToken === '' ? {} : decodeJwt(accessToken),
    }
  }

  const redeem = (
    given: { readonly code: string; readonly verifier: string },
    options: RequestOptions = {},
  ) =>
    token(
      {
        grant_type: 'authorization_code',
        code: given.code,
        code_verifier: given.verifier,
        redirect_uri: fixture.redirectUri,
      },
      options,
    )

  const refresh = (refreshToken: string, options: RequestOptions = {}) =>
    token({ grant_type: 'refresh_token', refresh_token: refreshToken }, options)

  return {
    fixture,
    url,
    assertion,
    post,
    authorizationFields,
    par,
    authorizeUrl,
    approve,
    code,
    token,
    redeem,
    refresh,
  }
}

/** GETs a protected resource. Without `key` the token is sent as Bearer. */
export async function getResource(
  target: string,
  accessToken: string,
  options: {
    readonly key?: DpopKey
    readonly proof?: string
    readonly proofOptions?: ProofOptions
    readonly scheme?: string
    readonly credential?: Credential
    readonly method?: string
    readonly headers?: readonly (readonly [string, string])[]
    readonly on?: Server
    readonly body?: string
  } = {},
): Promise<Answer> {
  const { key, method = 'GET', credential, on = inject('server') } = options
  const scheme = options.scheme ?? (key === undefined ? 'Bearer' : 'DPoP')
  const headers: [string, string][] = [['authorization', `${scheme} ${accessToken}`]]
  if (options.proof !== undefined) headers.push(['dpop', options.proof])
  else if (key !== undefined) {
    const nonce =
      options.proofOptions !== undefined && 'nonce' in options.proofOptions
        ? options.proofOptions.nonce
        : await nonceOf(target, on)
    headers.push([
      'dpop',
      await proof(key, target, { method, accessToken, ...options.proofOptions, nonce }),
    ])
  }
  return send(target, {
    method,
    headers: [...headers, ...(options.headers ?? [])],
    ca: on.ca,
    ...(options.body === undefined ? {} : { body: options.body }),
    ...(credential === undefined ? {} : { credential }),
  })
}
