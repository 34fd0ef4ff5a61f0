import * as client from 'openid-client'
import { inject } from 'vitest'
import { createFetch } from '../../../cli/fetch-with-ca.ts'
import { getAccounts } from '../../../demo/story/client.ts'
import type { Tokens } from '../../../demo/story/client.ts'
import type { ClientFixture } from '../../support/fixtures.ts'
import { nowSeconds } from '../../support/test-client.ts'
import type { Server } from '../../support/test-client.ts'
import { sharedServer } from '../../support/worker-server.ts'
import { openSite } from './site.ts'
import type { Site } from './site.ts'

/** One authorization that an app asked for. */
export type Attempt = {
  /** Where the app sends the browser. */
  readonly url: string
  readonly state: string
  /** The answer that came back to the app with this state. */
  readonly answer: () => Promise<URL>
  /** Every answer so far. */
  readonly answers: () => readonly URL[]
  /** Redeems the code of the answer; the library checks issuer, state, nonce and id_token. */
  readonly tokens: () => Promise<Tokens>
  /** A new access token for the refresh token. */
  readonly refresh: (tokens: Tokens) => Promise<Tokens>
  /** The status that the example bank API answers. */
  readonly accounts: (tokens: Tokens) => Promise<number>
}

export type App = {
  readonly site: Site
  readonly clientId: string
  readonly start: (parameters?: Readonly<Record<string, string>>) => Promise<Attempt>
  readonly close: () => Promise<void>
}

/** An app that uses the stock `openid-client`, with a web server of its own to come back to. */
export async function openApp(
  fixture: ClientFixture = inject('world').clients.budget,
  server: Server = sharedServer(),
): Promise<App> {
  const site = await openSite('Back at the app')
  const start: App['start'] = async (parameters = {}) => {
    const config = await configure(fixture, server)
    const dpop = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
    const state = client.randomState()
    const nonce = client.randomNonce()
    const verifier = client.randomPKCECodeVerifier()
    const url = await client.buildAuthorizationUrlWithPAR(
      config,
      {
        redirect_uri: `${site.origin}/callback`,
        scope: 'openid profile accounts',
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...parameters,
      },
      { DPoP: dpop },
    )
    const ours = (visit: URL) => visit.searchParams.get('state') === state
    return {
      url: url.href,
      state,
      answer: () => site.visit(ours),
      answers: () => site.visits.filter(ours),
      tokens: async () => {
        const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
        const answer = await site.visit(ours)
        return client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP: dpop })
      },
      refresh: ({ refresh_token: refreshToken = '' }) =>
        client.refreshTokenGrant(config, refreshToken, undefined, { DPoP: dpop }),
      accounts: async (tokens) =>
        getAccounts(config, server.api, tokens, dpop).then(
          ({ status }) => status,
          (error: unknown) => {
            if (error instanceof client.WWWAuthenticateChallengeError) return error.status
            throw error
          },
        ),
    }
  }
  return { site, clientId: fixture.clientId, start, close: site.close }
}

async function configure(
  { jwk, clientId }: ClientFixture,
  { issuer, ca }: Server,
): Promise<client.Configuration> {
  if (jwk === undefined) throw new Error('this client has no key')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const { kid, ...bare } = jwk
  const key = await crypto.subtle.importKey('jwk', bare as JsonWebKey, algorithm, false, ['sign'])
  const insecure = issuer.startsWith('http:') ? [client.allowInsecureRequests] : []
  return client.discovery(
    new URL(issuer),
    clientId,
    {
      id_token_signed_response_alg: 'ES256',
      // The app's clock follows the server's, which tests move.
      [client.clockSkew]: nowSeconds() - Math.floor(Date.now() / 1000),
    },
    client.PrivateKeyJwt({ key, kid: String(kid) }),
    {
      execute: [...insecure, client.enableNonRepudiationChecks],
      [client.customFetch]: createFetch({ ca }),
    },
  )
}
