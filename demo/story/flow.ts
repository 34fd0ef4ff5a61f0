import * as client from 'openid-client'
import { createBrowser } from '../../test/support/browser.ts'
import type { Page } from '../../test/support/browser.ts'
import { discover, readClaims } from './client.ts'
import type { FlowSettings, Sent, Tokens } from './client.ts'
import { oneTimeCode } from './one-time-code.ts'
import { describePage, hasButton } from './sign-in.ts'
import { playApi, playEnd } from './misuse.ts'
import { playPayment } from './payment.ts'
import { playSigned } from './signed.ts'
import { promise, short } from './steps.ts'
import type { Storyteller } from './steps.ts'

/** Plays one flow from discovery to revocation with the stock `openid-client`. */
export async function playFlow({ step }: Storyteller, settings: FlowSettings): Promise<void> {
  const { issuer, redirectUri, person } = settings
  let sent: Sent | undefined
  const recording: client.CustomFetch = (url, options) => {
    sent = { url, headers: Object.fromEntries(new Headers(options.headers)) }
    return settings.fetch(url, options)
  }
  const config = await discover(settings, recording)
  const browser = createBrowser({ fetch: settings.fetch })
  const dpop = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  const jkt = await dpop.calculateThumbprint()

  await step('Discovery', 'The client reads what the server publishes about itself.', async () => {
    const server = config.serverMetadata()
    promise(server.issuer === issuer, `the issuer is ${issuer}`, server.issuer)
    promise(
      server.require_pushed_authorization_requests === true,
      'pushed requests are required (FAPI2 SP 5.3.2.2)',
    )
    promise(
      server.authorization_response_iss_parameter_supported === true,
      'the answer will name its issuer (RFC 9207)',
    )
    return {
      issuer: server.issuer,
      'pushed requests': server.pushed_authorization_request_endpoint,
      token: server.token_endpoint,
      'proof algorithms': server.dpop_signing_alg_values_supported?.join(' '),
    }
  })

  const secrets = {
    state: client.randomState(),
    nonce: client.randomNonce(),
    verifier: client.randomPKCECodeVerifier(),
  }
  let authorizationUrl = new URL(issuer)
  await step(
    'Pushed authorization request',
    'The client proves who it is and that it holds a key, and hands in its request directly.',
    async () => {
      authorizationUrl = await client.buildAuthorizationUrlWithPAR(
        config,
        {
          redirect_uri: redirectUri,
          scope: 'openid profile accounts',
          state: secrets.state,
          nonce: secrets.nonce,
          code_challenge: await client.calculatePKCECodeChallenge(secrets.verifier),
          code_challenge_method: 'S256',
        },
        { DPoP: dpop },
      )
      const names = [...authorizationUrl.searchParams.keys()].sort().join(' ')
      promise(names === 'client_id request_uri', 'the browser gets a reference only', names)
      return {
        request_uri: short(authorizationUrl.searchParams.get('request_uri') ?? ''),
        'DPoP key': jkt,
      }
    },
  )

  let page: Page | undefined
  await step('Authorize', 'A browser opens the reference and is asked to sign in.', async () => {
    page = await browser.open(authorizationUrl, { from: 'cross-site' })
    promise(page.status === 200 && hasButton(page, 'login'), 'a sign-in page', describePage(page))
    return { page: new URL(page.url).pathname, 'it says': page.words }
  })
  await step('Sign in', `${person.username} gives user name and password.`, async () => {
    const { username, password } = person
    page = await page?.submit('login', { username, password })
    const next = person.totpSecret === undefined ? 'a consent page' : 'a page for the code'
    promise(page !== undefined && page.status === 200, next, describePage(page))
    return { page: new URL(page.url).pathname, 'it says': page.words }
  })
  const { totpSecret } = person
  if (totpSecret !== undefined) {
    await step(
      'One-time code',
      'The second factor: a password alone approves nothing.',
      async () => {
        const otp = oneTimeCode(totpSecret)
        page = await page?.submit('login', { otp })
        promise(
          page !== undefined && hasButton(page, 'approve'),
          'a consent page',
          describePage(page),
        )
        return { page: new URL(page.url).pathname, 'it says': page.words }
      },
    )
  }

  let answer = new URL(redirectUri)
  await step('Approve', 'The person approves and is sent back to the client.', async () => {
    page = await page?.submit('approve')
    promise(page?.redirectedTo !== undefined, 'a redirect to the client', describePage(page))
    answer = page.redirectedTo
    const got = (name: string) => answer.searchParams.get(name) ?? undefined
    promise(answer.href.startsWith(`${redirectUri}?`), `the registered address`, answer.href)
    promise(got('iss') === issuer, `'iss' is the issuer (RFC 9207)`, got('iss'))
    promise(got('state') === secrets.state, `'state' is the client's`, got('state'))
    return { status: page.status, to: redirectUri, code: short(got('code') ?? ''), iss: got('iss') }
  })

  let tokens: Tokens | undefined
  const redeem = () =>
    client.authorizationCodeGrant(
      config,
      answer,
      {
        pkceCodeVerifier: secrets.verifier,
        expectedState: secrets.state,
        expectedNonce: secrets.nonce,
        idTokenExpected: true,
      },
      undefined,
      { DPoP: dpop },
    )
  await step('Token', 'The client redeems the code; its key is proven again.', async () => {
    tokens = await redeem()
    promise(tokens.token_type === 'dpop', 'a token bound to a key', tokens.token_type)
    promise(tokens.refresh_token !== undefined, 'a refresh token')
    return {
      token_type: tokens.token_type,
      expires_in: `${tokens.expires_in} s`,
      scope: tokens.scope,
      access_token: short(tokens.access_token),
      refresh_token: short(tokens.refresh_token),
      'signed in as': tokens.claims()?.sub,
    }
  })
  if (tokens === undefined) return
  const first = tokens
  await step('The access token', 'It is signed, short-lived and names the key.', async () => {
    const claims = readClaims(first.access_token)
    promise(claims.iss === issuer, 'this issuer', claims.iss)
    promise(claims.cnf?.jkt === jkt, "'cnf.jkt' is the client's key", claims.cnf?.jkt)
    return {
      aud: String(claims.aud),
      sub: claims.sub,
      'lives for': `${Number(claims.exp) - Number(claims.iat)} s`,
      'cnf.jkt': claims.cnf?.jkt,
    }
  })
  await playApi({ step }, { ...settings, config, sent: () => sent }, { tokens: first, dpop })
  await playSigned({ step }, { ...settings, config }, { tokens: first, dpop })
  await playPayment({ step }, { ...settings, config, browser })
  await step('Userinfo', 'The server says who signed in, to the holder of the key.', async () => {
    const subject = first.claims()?.sub ?? ''
    const person = await client.fetchUserInfo(config, first.access_token, subject, { DPoP: dpop })
    return { sub: person.sub, name: person.name }
  })
  await playEnd({ step }, { ...settings, config }, { tokens: first, redeem })
}
