import { importJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { describe, expect, inject, it } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { createBrowser } from '../support/browser.ts'
import type { ClientFixture } from '../support/fixtures.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { clients, users } = inject('fixtures')

/** What the person does: sign in, approve. Returns where the browser was sent. */
async function approve(url: URL): Promise<URL> {
  const login = await createBrowser().open(url, { from: 'cross-site' })
  const done = await (await login.submit('login', users.carol)).submit('approve')
  if (done.redirectedTo === undefined) throw new Error(`no redirect: ${done.words}`)
  return done.redirectedTo
}

async function privateKey({ jwk, alg }: ClientFixture): Promise<CryptoKey> {
  const key = await importJWK(jwk ?? { kty: 'none' }, alg)
  if (!(key instanceof CryptoKey)) throw new Error('not a key')
  return key
}

const scope = 'openid profile accounts'

async function tokensWith(
  config: openid.Configuration,
  redirect_uri: string,
  options: { readonly DPoP?: openid.DPoPHandle } = {},
) {
  const state = openid.randomState()
  const nonce = openid.randomNonce()
  const verifier = openid.randomPKCECodeVerifier()
  const url = await openid.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri,
      scope,
      state,
      nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    },
    options,
  )
  const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier }
  const expected = { ...checks, idTokenExpected: true }
  return openid.authorizationCodeGrant(config, await approve(url), expected, undefined, options)
}

/** What an app does with its tokens, up to signing the person out. */
async function useTokens(
  config: openid.Configuration,
  tokens: Awaited<ReturnType<typeof tokensWith>>,
  api: string,
  options: { readonly DPoP?: openid.DPoPHandle } = {},
): Promise<void> {
  const accounts = (token: string) =>
    openid.fetchProtectedResource(config, token, new URL(`${api}/accounts`), 'GET', null, undefined, options) // prettier-ignore
  expect((await accounts(tokens.access_token)).status).toBe(200)
  const subject = tokens.claims()?.sub ?? ''
  expect(subject).toBe(users.carol.sub)
  const person = await openid.fetchUserInfo(config, tokens.access_token, subject, options)
  expect(person.name).toBe('Alice Liddell')
  const refreshed = await openid.refreshTokenGrant(
    config,
    tokens.refresh_token ?? '',
    undefined,
    options,
  )
  expect((await accounts(refreshed.access_token)).status).toBe(200)
  await openid.tokenRevocation(config, tokens.refresh_token ?? '')
  const again = openid.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, options)
  await expect(again).rejects.toMatchObject({ error: 'invalid_grant', status: 400 })
  await expect(accounts(refreshed.access_token)).rejects.toMatchObject({ status: 401 })
}

describe('openid-client, as an app would use it', () => {
  it.each(['web', 'ps256', 'ed25519', 'dpopBound'] as const)(
    'SP-AS-01 SP-AS-21 SP-AS-26 goes from discovery to revocation with private_key_jwt and DPoP as %s',
    async (name) => {
      const client = clients[name]
      const config = await openid.discovery(
        new URL(server.issuer),
        client.clientId,
        { id_token_signed_response_alg: 'ES256' },
        openid.PrivateKeyJwt({
          key: await privateKey(client),
          kid: String(client.jwk?.['kid']),
        }),
        { execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks] },
      )
      const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
      const tokens = await tokensWith(config, client.redirectUri, { DPoP })
      expect(tokens.token_type).toBe('dpop')
      await useTokens(config, tokens, server.api, { DPoP })
    },
  )

  it.each([
    ['mtlsPki', openid.TlsClientAuth],
    ['mtlsSelfSigned', openid.TlsClientAuth],
  ] as const)(
    'SP-AS-05 SP-AS-06 goes from discovery to revocation with the certificate of %s',
    async (name, method) => {
      const client = clients[name]
      const { credential } = client
      if (credential === undefined) throw new Error('the client has a certificate')
      const fetch = createFetch({ ca: server.ca, certificate: credential })
      const config = await openid.discovery(
        new URL(server.issuer),
        client.clientId,
        { id_token_signed_response_alg: 'ES256', use_mtls_endpoint_aliases: true },
        method(),
        {
          execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks],
          [openid.customFetch]: fetch,
        },
      )
      const tokens = await tokensWith(config, client.redirectUri)
      expect(tokens.token_type).toBe('bearer')
      await useTokens(config, tokens, server.apiMtls)
    },
  )
})

describe('oauth4webapi, as an app would use it', () => {
  it('SP-AS-01 SP-AS-10 SP-AS-21 SP-AS-26 goes from discovery to userinfo with FAPI 2.0 and DPoP', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true }
    const issuer = new URL(server.issuer)
    const as = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }),
    )
    const { web } = clients
    const client: oauth.Client = { client_id: web.clientId, id_token_signed_response_alg: 'ES256' }
    const key = await privateKey(web)
    const authentication = oauth.PrivateKeyJwt({ key, kid: String(web.jwk?.['kid']) })
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    const verifier = oauth.generateRandomCodeVerifier()
    const state = oauth.generateRandomState()
    const nonce = oauth.generateRandomNonce()
    const parameters = {
      client_id: web.clientId,
      redirect_uri: web.redirectUri,
      response_type: 'code',
      scope,
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }

    /** As the library's own examples do: a missing nonce is learned from the answer, then once more. */
    async function withNonce<T>(attempt: () => Promise<T>): Promise<T> {
      try {
        return await attempt()
      } catch (error) {
        if (!oauth.isDPoPNonceError(error)) throw error
        return attempt()
      }
    }

    const pushed = await withNonce(async () =>
      oauth.processPushedAuthorizationResponse(
        as,
        client,
        await oauth.pushedAuthorizationRequest(as, client, authentication, parameters, {
          ...insecure,
          DPoP,
        }),
      ),
    )
    const url = new URL(as.authorization_endpoint ?? '')
    url.searchParams.set('client_id', web.clientId)
    url.searchParams.set('request_uri', pushed.request_uri)
    const callback = oauth.validateAuthResponse(as, client, await approve(url), state)
    const tokens = await withNonce(async () =>
      oauth.processAuthorizationCodeResponse(
        as,
        client,
        await oauth.authorizationCodeGrantRequest(
          as,
          client,
          authentication,
          callback,
          web.redirectUri,
          verifier,
          { ...insecure, DPoP },
        ),
        { expectedNonce: nonce, requireIdToken: true },
      ),
    )
    const accounts = await withNonce(() =>
      oauth.protectedResourceRequest(
        tokens.access_token,
        'GET',
        new URL(`${server.api}/accounts`),
        undefined,
        null,
        { ...insecure, DPoP },
      ),
    )
    expect(accounts.status).toBe(200)
    const sub = oauth.getValidatedIdTokenClaims(tokens)?.sub ?? ''
    const person = await withNonce(async () =>
      oauth.processUserInfoResponse(
        as,
        client,
        sub,
        await oauth.userInfoRequest(as, client, tokens.access_token, { ...insecure, DPoP }),
      ),
    )
    expect(person.sub).toBe(users.carol.sub)
  })
})
