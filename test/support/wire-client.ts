import { createHash, randomBytes } from 'node:crypto'
import { decodeJwt } from 'jose'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { createBrowser } from './browser.ts'
import type { Browser } from './browser.ts'
import type { ClientFixture } from './fixtures.ts'
import { form, send } from './http.ts'
import type { Answer, Credential, Transport } from './http.ts'
import { proof, secondsBy, sign } from './wire-keys.ts'
import type { Clock, DpopKey, ProofOptions } from './wire-keys.ts'
import { endpointAt, nonceOf } from './wire-server.ts'
import type { Reachable, Side } from './wire-server.ts'

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
  readonly side?: Side
  /** Who carries the request; absent: it is sent at once. */
  readonly via?: Transport
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

export type Person = { readonly username: string; readonly password: string }

/**
 * Signs a person in at an authorization address and approves; answers where the browser was sent. Without a
 * browser it takes one that fits.
 */
export type Approve = (address: string, person: Person, browser?: Browser) => Promise<URL>

/** At which server a client acts, by which clock, and for whom unless told. */
export type Surroundings = {
  readonly server: Reachable
  readonly clock: Clock
  /** Who approves where a call names nobody. */
  readonly person?: Person | undefined
  /** How people sign in there; absent: the pages of this server, with a password. */
  readonly approve?: Approve
}

export type WireClient = ReturnType<typeof wireClient>

/** A browser that trusts a server's authority. */
export const browserFor = ({ ca }: Pick<Reachable, 'ca'>): Browser =>
  createBrowser({ fetch: createFetch(ca === undefined ? {} : { ca }) })

/** The pages of this server in a browser of their own: password, then consent. */
const approveHere =
  (server: Pick<Reachable, 'ca'>): Approve =>
  async (address, { username, password }, browser = browserFor(server)) => {
    const login = await browser.open(address)
    const consent = await login.submit('login', { username, password })
    const done = await consent.submit('approve')
    if (done.redirectedTo === undefined)
      throw new Error(`not sent to the client: ${done.status} ${done.words}`)
    return done.redirectedTo
  }

/** A client that can misbehave: every part of what it sends can be changed. */
export function wireClient(fixture: ClientFixture, surroundings: Surroundings) {
  const { server, clock, person: usual } = surroundings
  const approveThere = surroundings.approve ?? approveHere(server)
  const usesCertificate = fixture.credential !== undefined
  const url = (path: string, side: Side = usesCertificate ? 'mtls' : 'main') =>
    endpointAt(server, path, side)

  async function assertion(options: RequestOptions = {}): Promise<string> {
    const { jwk, alg, clientId } = fixture
    if (jwk === undefined || alg === undefined) throw new Error('this client has no key')
    const now = secondsBy(clock)
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

  async function authentication(options: RequestOptions): Promise<Record<string, string>> {
    if (options.anonymous === true) return {}
    if (usesCertificate) return { client_id: fixture.clientId }
    return {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await assertion(options),
    }
  }

  /** Posts a form with this client's authentication and a proof. */
  async function post(
    path: string,
    fields: Readonly<Record<string, string | undefined>>,
    options: RequestOptions = {},
  ): Promise<Answer> {
    const target = url(path, options.side)
    const credential = options.credential ?? fixture.credential
    const all = { ...(await authentication(options)), ...fields, ...options.fields }
    const pairs = [
      ...Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined),
      ...(options.extra ?? []),
    ]
    const headers: [string, string][] = [['content-type', 'application/x-www-form-urlencoded']]
    const proven = await proofFor(target, options, { server, clock })
    if (proven !== undefined) headers.push(['dpop', proven])
    const { via = send } = options
    const answer = await via(target, {
      method: 'POST',
      headers: [...headers, ...(options.headers ?? [])],
      body: form(pairs),
      ...trusting(server),
      ...(credential === undefined ? {} : { credential }),
    })
    const again = askedForNonce(answer, options)
    return again === undefined ? answer : post(path, fields, { ...options, proofOptions: again })
  }

  function authorizationFields(verifier: string): Record<string, string> {
    return {
      ...(fixture.namesItself === true ? { client_id: fixture.clientId } : {}),
      response_type: 'code',
      redirect_uri: fixture.redirectUri,
      scope: fixture.scope ?? 'openid accounts',
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
    `${url('/authorize', 'main')}?${form({ client_id: clientId, request_uri: requestUri })}`

  /** Signs in and approves; returns where the browser was sent. */
  async function approve(requestUri: string, person = usual, browser?: Browser): Promise<URL> {
    if (person === undefined) throw new Error('nobody is there to approve')
    return approveThere(authorizeUrl(requestUri), person, browser)
  }

  /** PAR, sign-in and approval; returns the code and what redeems it. */
  async function code(
    options: RequestOptions = {},
    person?: Person,
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
      claims: claimsOf(accessToken),
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

/** Access tokens are opaque to clients; where one is a JWT, tests look inside. */
function claimsOf(accessToken: string): Readonly<Record<string, unknown>> {
  return accessToken.split('.').length === 3 ? decodeJwt(accessToken) : {}
}

/**
 * Where a server gives a nonce only in answer to a proof (RFC 9449 8): the options to try again with.
 * A nonce that was chosen, or fetched before, is never replaced.
 */
function askedForNonce(
  answer: Answer,
  { key, proofOptions, proof: fixed }: Pick<RequestOptions, 'key' | 'proof' | 'proofOptions'>,
): ProofOptions | undefined {
  const nonce = answer.headers.get('dpop-nonce')
  const asked =
    answer.json['error'] === 'use_dpop_nonce' ||
    answer.headers.get('www-authenticate')?.includes('use_dpop_nonce') === true
  const ours = key !== undefined && key !== null && fixed === undefined
  if (!ours || !asked || nonce === null || (proofOptions !== undefined && 'nonce' in proofOptions))
    return undefined
  return { ...proofOptions, nonce }
}

const trusting = ({ ca }: Reachable): { readonly ca?: string } => (ca === undefined ? {} : { ca })

/** The proof that the options ask for: one as it is, one made with a key and a fresh nonce, or none. */
async function proofFor(
  target: string,
  options: Pick<RequestOptions, 'key' | 'proof' | 'proofOptions'> & {
    readonly about?: Pick<ProofOptions, 'method' | 'accessToken'>
  },
  { server, clock }: Pick<Surroundings, 'server' | 'clock'>,
): Promise<string | undefined> {
  const { key, proofOptions, about } = options
  if (options.proof !== undefined) return options.proof
  if (key === undefined || key === null) return undefined
  const nonce =
    proofOptions !== undefined && 'nonce' in proofOptions
      ? proofOptions.nonce
      : await nonceOf(target, server)
  return proof(key, target, { ...about, ...proofOptions, nonce, clock })
}

export type ResourceOptions = {
  readonly key?: DpopKey
  readonly proof?: string
  readonly proofOptions?: ProofOptions
  readonly scheme?: string
  readonly credential?: Credential
  readonly method?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string
  readonly via?: Transport
}

/** GETs a protected resource. Without `key` the token is sent as Bearer. */
export async function getResource(
  target: string,
  accessToken: string,
  options: ResourceOptions & Pick<Surroundings, 'server' | 'clock'>,
): Promise<Answer> {
  const { key, method = 'GET', credential, server } = options
  const scheme = options.scheme ?? (key === undefined ? 'Bearer' : 'DPoP')
  const headers: [string, string][] = [['authorization', `${scheme} ${accessToken}`]]
  const proven = await proofFor(target, { ...options, about: { method, accessToken } }, options)
  if (proven !== undefined) headers.push(['dpop', proven])
  const answer = await (options.via ?? send)(target, {
    method,
    headers: [...headers, ...(options.headers ?? [])],
    ...trusting(server),
    ...(options.body === undefined ? {} : { body: options.body }),
    ...(credential === undefined ? {} : { credential }),
  })
  const again = askedForNonce(answer, options)
  return again === undefined
    ? answer
    : getResource(target, accessToken, { ...options, proofOptions: again })
}
