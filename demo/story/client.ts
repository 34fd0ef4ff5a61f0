import * as client from 'openid-client'
import type { Fetch } from '../../cli/fetch-with-ca.ts'

/** Who plays the flow, and against which server. */
export type FlowSettings = {
  readonly issuer: string
  readonly api: string
  readonly redirectUri: string
  readonly clientId: string
  readonly clientKey: client.CryptoKey
  readonly clientKeyId: string
  /** The same key as a JWK: it signs messages to the API as well. */
  readonly clientJwk: Readonly<Record<string, unknown>>
  readonly person: {
    readonly username: string
    readonly password: string
    /** Base32 secret of the person's authenticator app; absent where one factor is enough. */
    readonly totpSecret?: string
  }
  readonly fetch: Fetch
}

export type Tokens = client.TokenEndpointResponse & client.TokenEndpointResponseHelpers

/** A request as it went out. */
export type Sent = { readonly url: string; readonly headers: Readonly<Record<string, string>> }

/** The stock client, set up from what the server publishes. */
export async function discover(
  settings: FlowSettings,
  fetch: client.CustomFetch,
): Promise<client.Configuration> {
  const { issuer, clientId, clientKey, clientKeyId } = settings
  // Plain http is for a server on this very machine.
  const insecure = issuer.startsWith('http:') ? [client.allowInsecureRequests] : []
  return client.discovery(
    new URL(issuer),
    clientId,
    { id_token_signed_response_alg: 'ES256' },
    client.PrivateKeyJwt({ key: clientKey, kid: clientKeyId }),
    { execute: [...insecure, client.enableNonRepudiationChecks], [client.customFetch]: fetch },
  )
}

/** Asks the bank API; for the accounts unless told otherwise. */
export function getAccounts(
  config: client.Configuration,
  api: string,
  tokens: Tokens,
  dpop: client.DPoPHandle,
  path = 'accounts',
): Promise<Response> {
  const url = new URL(`${api}/${path}`)
  return client.fetchProtectedResource(
    config, tokens.access_token, url, 'GET', undefined, undefined, { DPoP: dpop },
  ) // prettier-ignore
}

export type AccessClaims = {
  readonly iss?: string
  readonly sub?: string
  readonly aud?: string | readonly string[]
  readonly iat?: number
  readonly exp?: number
  readonly cnf?: { readonly jkt?: string }
}

/** For the reader's eyes. A client has no business in an access token. */
export const readClaims = (token: string): AccessClaims =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as AccessClaims
