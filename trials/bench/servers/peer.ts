import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { randomBytes } from 'node:crypto'
import { Provider } from 'oidc-provider'
import type { Configuration } from 'oidc-provider'
import { publicOf } from '../keys.ts'
import { audience } from './served.ts'
import type { ServeOptions } from './served.ts'

/*
 * The peer: `oidc-provider` with its own in-memory store, its FAPI 2.0 behaviour, DPoP with required
 * nonces, `private_key_jwt` and JWT access tokens. Interactions are one page with one button, as its
 * documentation has them.
 */

/** Starts the peer in this process. */
export async function startPeer(
  options: ServeOptions,
): Promise<{ readonly pid: number; readonly close: () => Promise<void> }> {
  const provider = new Provider(`http://127.0.0.1:${options.port}`, configure(options))
  const callback = provider.callback()
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/interaction/') === true) {
      interact(provider, request, response).catch(() => response.writeHead(500).end())
    } else {
      void callback(request, response)
    }
  })
  await new Promise<void>((resolve) => server.listen(options.port, '127.0.0.1', resolve))
  return {
    pid: process.pid,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function configure({ client, signingKey }: ServeOptions): Configuration {
  const profile = '2.0' as const
  return {
    clients: [
      {
        client_id: client.clientId,
        redirect_uris: [client.redirectUri],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        response_types: ['code'],
        scope: 'openid accounts',
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        id_token_signed_response_alg: 'ES256',
        dpop_bound_access_tokens: true,
        jwks: { keys: [publicOf(client.jwk)] },
      },
    ],
    jwks: { keys: [{ ...signingKey, kty: 'EC' }] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    scopes: ['openid', 'accounts'],
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256', 'PS256', 'Ed25519'],
      dPoPSigningAlgValues: ['ES256', 'PS256', 'Ed25519'],
    },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    issueRefreshToken: (_context, one) => one.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: false,
    ttl: { AccessToken: 300, ClientCredentials: 300, AuthorizationCode: 60, Session: 43_200, Grant: 86_400, Interaction: 1_800, IdToken: 300, RefreshToken: 86_400 },
    routes: { authorization: '/authorize', pushed_authorization_request: '/par', token: '/token', userinfo: '/userinfo' },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      fapi: { enabled: true, profile },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      clientCredentials: { enabled: true },
      userinfo: { enabled: true },
      resourceIndicators: {
        enabled: true,
        // As here: a token of its own for the client, one for userinfo after a person agreed.
        defaultResource: (context) =>
          context.oidc.params?.['grant_type'] === 'client_credentials' ? audience : [],
        getResourceServerInfo: () => ({
          scope: 'accounts',
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  } // prettier-ignore
}

/** GET shows the page, POST answers what it asks: who signs in, or that the person agrees. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  const clientId = String(params['client_id'])
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    response.end(page(prompt.name, clientId, request.url ?? ''))
    return
  }
  if (prompt.name === 'login') {
    const login = { accountId: 'alice', amr: ['pwd', 'otp', 'mfa'] }
    return provider.interactionFinished(request, response, { login })
  }
  const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId })
  grant.addOIDCScope('openid accounts')
  const consent = { grantId: await grant.save() }
  return provider.interactionFinished(request, response, { consent })
}

const page = (what: string, clientId: string, action: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${what}</title></head><body>
<h1>${what}</h1><p>${clientId} asks: openid accounts.</p>
<form method="post" action="${action}"><button id="approve">Allow</button></form></body></html>`
