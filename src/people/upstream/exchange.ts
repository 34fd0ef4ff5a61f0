import {
  AuthorizationResponseError,
  DPoP,
  PrivateKeyJwt,
  TlsClientAuth,
  authorizationCodeGrantRequest,
  generateKeyPair,
  getValidatedIdTokenClaims,
  isDPoPNonceError,
  modifyAssertion,
  processAuthorizationCodeResponse,
  processPushedAuthorizationResponse,
  processUserInfoResponse,
  pushedAuthorizationRequest,
  userInfoRequest,
  validateApplicationLevelSignature,
  validateAuthResponse,
} from 'oauth4webapi'
import type { AuthorizationServer, Client, ClientAuth, DPoPHandle } from 'oauth4webapi'
import type { Call } from '../../call.ts'
import type { UpstreamLogin } from '../../settings/delegated-login.ts'
import { signingKey } from '../../tokens/keys.ts'
import { boundFetch } from '../bound-service.ts'
import { asClient, callOptions, findUpstream } from './server.ts'
import type { CallOptions } from './server.ts'

type Claims = Readonly<Record<string, unknown>>

/** What the upstream answered in the browser. */
export type FrontAnswer =
  | { readonly status: 'code'; readonly parameters: URLSearchParams }
  | { readonly status: 'error'; readonly error: string }

export type Tokens = {
  /** Of the verified id_token. */
  readonly idToken: Claims
  /** Empty where the upstream has no such endpoint. */
  readonly userinfo: () => Promise<Claims>
}

/** One exchange with the upstream. All methods throw faults of the library, or `OutboundFault`. */
export type Exchange = {
  /** The address that asks the person to sign in there. */
  readonly addressFor: (parameters: Readonly<Record<string, string>>) => Promise<URL>
  readonly readAnswer: (query: URLSearchParams, state: string) => FrontAnswer
  readonly redeem: (
    answer: URLSearchParams,
    secrets: { readonly redirectUri: string; readonly verifier: string; readonly nonce: string },
  ) => Promise<Tokens>
}

type Parties = {
  readonly server: AuthorizationServer
  readonly client: Client
  /** Calls that authenticate, with the client certificate where there is one. */
  readonly options: CallOptions
  readonly withCertificate: boolean
  readonly authenticate: () => Promise<ClientAuth>
}

/** Opens the exchange: finds the upstream's metadata. */
export async function openExchange(call: Call, login: UpstreamLogin): Promise<Exchange> {
  const { certificateBinding } = login
  const by = certificateBinding === undefined ? undefined : boundFetch(call, certificateBinding)
  const parties: Parties = {
    server: await findUpstream(call, login),
    client: asClient(call, login),
    options: callOptions(call, login, by),
    withCertificate: by !== undefined,
    authenticate: () => authentication(call, login),
  }
  return {
    addressFor: (parameters) => addressFor(parties, parameters),
    readAnswer: (query, state) => readAnswer(parties, query, state),
    redeem: async (answer, secrets) => {
      const { response, tokens, dpop } = await redeem(parties, answer, secrets)
      const { server, client, options } = parties
      // Keys are public: fetched without the certificate, and remembered with the metadata.
      await validateApplicationLevelSignature(server, response, callOptions(call, login))
      const idToken = getValidatedIdTokenClaims(tokens)
      if (idToken === undefined) throw new Error('no id_token')
      return {
        idToken,
        userinfo: async () => {
          if (server.userinfo_endpoint === undefined) return {}
          const given = { ...options, ...(dpop === undefined ? {} : { DPoP: dpop }) }
          const ask = async () =>
            processUserInfoResponse(
              server,
              client,
              idToken.sub,
              await userInfoRequest(server, client, tokens.access_token, given),
            )
          return onceMoreWithNonce(ask)
        },
      }
    },
  }
}

/** Assertions carry a type of their own: none passes for a token of this issuer (RFC 8725 3.11). */
async function authentication(call: Call, login: UpstreamLogin): Promise<ClientAuth> {
  if (login.method !== 'private_key_jwt') return TlsClientAuth()
  const { key, kid } = await signingKey(call)
  return PrivateKeyJwt(
    { key, kid },
    {
      [modifyAssertion]: (header) => {
        header['typ'] = 'client-authentication+jwt'
      },
    },
  )
}

/** By a pushed request where the upstream offers it (RFC 9126); nothing of it is seen in the browser then. */
async function addressFor(
  { server, client, options, authenticate }: Parties,
  parameters: Readonly<Record<string, string>>,
): Promise<URL> {
  const address = new URL(server.authorization_endpoint ?? '')
  address.searchParams.set('client_id', client.client_id)
  if (server.pushed_authorization_request_endpoint === undefined) {
    if (server.require_pushed_authorization_requests === true) throw new Error('no PAR endpoint')
    for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value)
    return address
  }
  const response = await pushedAuthorizationRequest(
    server,
    client,
    await authenticate(),
    { ...parameters },
    options,
  )
  const pushed = await processPushedAuthorizationResponse(server, client, response)
  address.searchParams.set('request_uri', pushed.request_uri)
  return address
}

/** Checks `iss` (RFC 9207) and `state` before anything is believed, errors included. */
function readAnswer(
  { server, client }: Parties,
  query: URLSearchParams,
  state: string,
): FrontAnswer {
  try {
    return { status: 'code', parameters: validateAuthResponse(server, client, query, state) }
  } catch (error) {
    if (error instanceof AuthorizationResponseError) return { status: 'error', error: error.error }
    throw error
  }
}

async function redeem(
  { server, client, options, withCertificate, authenticate }: Parties,
  answer: URLSearchParams,
  {
    redirectUri,
    verifier,
    nonce,
  }: { readonly redirectUri: string; readonly verifier: string; readonly nonce: string },
) {
  const dpop = withCertificate ? undefined : await dpopFor(server, client)
  return onceMoreWithNonce(async () => {
    const response = await authorizationCodeGrantRequest(
      server,
      client,
      await authenticate(),
      answer,
      redirectUri,
      verifier,
      { ...options, ...(dpop === undefined ? {} : { DPoP: dpop }) },
    )
    const tokens = await processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    })
    return { response, tokens, dpop }
  })
}

/** A key for this one exchange (RFC 9449), where the upstream binds tokens. */
async function dpopFor(
  server: AuthorizationServer,
  client: Client,
): Promise<DPoPHandle | undefined> {
  if (server.dpop_signing_alg_values_supported?.includes('ES256') !== true) return undefined
  return DPoP(client, await generateKeyPair('ES256'))
}

/** The upstream's nonce is known only after it asked for it; nothing was used up by then (RFC 9449 8). */
async function onceMoreWithNonce<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!isDPoPNonceError(error)) throw error
    return ask()
  }
}
