import { importJWK, type JWK } from 'jose'
import * as client from 'openid-client'
import { createFetch, type Fetch } from './fetch-with-ca.ts'
import { explain, Failure } from './failure.ts'

/** Who speaks to the admin API. The same shape as the operator key file, less its issuer. */
export type OperatorKey = { readonly client_id: string; readonly jwk: JWK }

export type AdminAnswer = { readonly status: number; readonly body: unknown }

export type AdminClient = {
  /** Calls the admin API; `path` begins with `/`, below `ISSUER/admin`. */
  readonly request: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<AdminAnswer>
}

export type AdminClientOptions = {
  readonly issuer: string
  readonly operator: OperatorKey
  /** PEM of the CA of a local https issuer. */
  readonly ca?: string
}

/** A token with less life than this is not used again. */
const leastLife = 15_000

/**
 * A client of the admin API on the stock `openid-client`: `client_credentials` with
 * `private_key_jwt`, and a DPoP key that lives as long as this object.
 *
 * The library answers `use_dpop_nonce` with one new attempt, at the token endpoint (400) and at the
 * API (401), each with a new assertion or proof (RFC 9449 8 and 9).
 *
 * @example const { request } = await createAdminClient({ issuer, operator })
 *          const { body } = await request('GET', '/keys')
 */
export async function createAdminClient(options: AdminClientOptions): Promise<AdminClient> {
  const issuer = checkIssuer(options.issuer)
  const fetch = createFetch(options.ca === undefined ? {} : { ca: options.ca })
  const configuration = await discover(issuer, options.operator, fetch)
  const dpop = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair('ES256'))
  const resource = `${options.issuer}/admin`
  let token: { readonly value: string; readonly until: number } | undefined

  const accessToken = async (): Promise<string> => {
    if (token !== undefined && token.until - leastLife > Date.now()) return token.value
    const asked = Date.now()
    const answer = await client
      .clientCredentialsGrant(configuration, { scope: 'admin', resource }, { DPoP: dpop })
      .catch((error: unknown) => {
        throw tokenRefused(error, options)
      })
    token = { value: answer.access_token, until: asked + (answer.expires_in ?? 0) * 1000 }
    return token.value
  }

  const send: AdminClient['request'] = async (method, path, body, headers = {}) => {
    const sent = new Headers({ accept: 'application/json', ...headers })
    if (body !== undefined) sent.set('content-type', 'application/json')
    const response = await client.fetchProtectedResource(
      configuration,
      await accessToken(),
      new URL(`${resource}${path}`),
      method,
      body === undefined ? null : JSON.stringify(body),
      sent,
      { DPoP: dpop },
    )
    return readAnswer(response)
  }

  return {
    request: async (method, path, body, headers) => {
      try {
        return await send(method, path, body, headers)
      } catch (error) {
        // A challenge is an answer too: its body says what the token lacks.
        if (error instanceof client.WWWAuthenticateChallengeError) {
          token = undefined
          return readAnswer(error.response)
        }
        if (error instanceof Failure) throw error
        throw new Failure(`Cannot use the admin API of ${issuer.href}: ${explain(error)}.`, {
          cause: error,
        })
      }
    },
  }
}

const loopbackHosts = ['localhost', '127.0.0.1', '[::1]']

/** Whether an address never leaves this machine. */
export const isLoopback = (url: URL): boolean => loopbackHosts.includes(url.hostname)

/** An operator's assertion and token go over TLS, or stay on this machine. */
export function checkIssuer(issuer: string): URL {
  if (!URL.canParse(issuer)) throw new Failure(`The issuer '${issuer}' is not a URL.`)
  const url = new URL(issuer)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))) return url
  throw new Failure(`The issuer '${issuer}' must be https (http only on this machine's loopback).`)
}

async function discover(
  issuer: URL,
  operator: OperatorKey,
  fetch: Fetch,
): Promise<client.Configuration> {
  const key = await importJWK(operator.jwk, operator.jwk.alg ?? 'ES256').catch(() => undefined)
  if (!(key instanceof CryptoKey) || key.type !== 'private') {
    throw new Failure(`The key of operator '${operator.client_id}' is not a private signing key.`)
  }
  const { kid } = operator.jwk
  const authentication = client.PrivateKeyJwt(kid === undefined ? { key } : { key, kid })
  try {
    return await client.discovery(issuer, operator.client_id, undefined, authentication, {
      algorithm: 'oauth2',
      [client.customFetch]: (url, options) => fetch(url, options),
      ...(issuer.protocol === 'http:' ? { execute: [client.allowInsecureRequests] } : {}),
    })
  } catch (error) {
    throw new Failure(`Cannot reach the issuer ${issuer.href}: ${explain(error)}.`, {
      cause: error,
    })
  }
}

function tokenRefused(error: unknown, options: AdminClientOptions): Failure {
  if (!(error instanceof client.ResponseBodyError)) {
    return new Failure(`No token from ${options.issuer}: ${explain(error)}.`, { cause: error })
  }
  const reason = error.error_description ?? error.error
  const advice =
    error.error === 'invalid_client'
      ? ` Is the public key of '${options.operator.client_id}' in this issuer's settings?`
      : ''
  return new Failure(`${options.issuer} refused the operator: ${reason}.${advice}`, {
    cause: error,
    answer: { error: error.error, error_description: error.error_description },
  })
}

async function readAnswer(response: Response): Promise<AdminAnswer> {
  const text = response.bodyUsed ? '' : await response.text()
  if (text === '') return { status: response.status, body: undefined }
  try {
    return { status: response.status, body: JSON.parse(text) as unknown }
  } catch {
    return { status: response.status, body: text }
  }
}
