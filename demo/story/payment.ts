import * as client from 'openid-client'
import type { Browser, Page } from '../../test/support/browser.ts'
import type { FlowSettings, Tokens } from './client.ts'
import { promise, short } from './steps.ts'
import type { Storyteller } from './steps.ts'

const order = {
  instructedAmount: { currency: 'EUR', amount: '12.50' },
  creditorName: 'Greengrocer & Daughters',
  creditorAccount: { iban: 'DE75512108001245126199' },
  remittanceInformationUnstructured: 'Apples and pears',
}

/** One payment that a person reads, agrees to, and that is made as they read it, once (RFC 9396). */
export async function playPayment(
  { step }: Storyteller,
  settings: FlowSettings & { readonly config: client.Configuration; readonly browser: Browser },
): Promise<void> {
  const { config, redirectUri, browser, api } = settings
  const dpop = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  const state = client.randomState()
  const verifier = client.randomPKCECodeVerifier()
  let page: Page | undefined
  await step(
    'A payment',
    'The client pushes exactly one payment; the person, signed in already, reads it as a sentence.',
    async () => {
      const url = await client.buildAuthorizationUrlWithPAR(
        config,
        {
          redirect_uri: redirectUri,
          authorization_details: JSON.stringify([{ type: 'payment_initiation', ...order }]),
          state,
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        },
        { DPoP: dpop },
      )
      page = await browser.open(url, { from: 'cross-site' })
      const told = page.words.includes(order.creditorName) && page.words.includes('12.50')
      promise(page.status === 200 && told, 'a page that names amount and payee', page.words)
      return { 'it says': page.words }
    },
  )
  let tokens: Tokens | undefined
  await step('Agree', 'The person chooses the account and agrees; the token says that much.', async () => {
    const done = await page?.submit('approve', { 'choose.0.debtorAccount': '0' })
    promise(done?.redirectedTo !== undefined, 'a redirect to the client', done?.words)
    const checks = { pkceCodeVerifier: verifier, expectedState: state }
    tokens = await client.authorizationCodeGrant(config, done.redirectedTo, checks, undefined, { DPoP: dpop })
    const [detail] = tokens.authorization_details ?? []
    promise(detail?.type === 'payment_initiation', 'the payment in the token response', detail?.type)
    promise(tokens.scope === undefined, 'no scope', tokens.scope)
    return {
      access_token: short(tokens.access_token),
      authorization_details: JSON.stringify(detail, null, 2),
    }
  }) // prettier-ignore
  if (tokens === undefined) return
  const holder = { api, config, accessToken: tokens.access_token, dpop }
  await step('POST /payments', 'Another amount is refused, the right one paid, and once.', async () => {
    const dearer = { ...order, instructedAmount: { currency: 'EUR', amount: '1250.00' } }
    const refused = await pay(holder, dearer)
    promise(refused.status === 403, 'a refusal of another amount', refused.status)
    const made = await pay(holder, order)
    promise(made.status === 201, 'a payment', made.status)
    const again = await pay(holder, order)
    promise(again.status === 409, 'a refusal of the second attempt', again.status)
    return {
      '1250.00 EUR': `${refused.status} ${String(refused.body['error_description'])}`,
      '12.50 EUR': `${made.status} ${String(made.body['status'])}, from ${JSON.stringify(made.body['debtorAccount'])}`,
      'and again': `${again.status} ${String(again.body['error_description'])}`,
    }
  }) // prettier-ignore
}

/** A refusal is an answer here, and not a reason to stop. */
async function pay(
  holder: {
    readonly api: string
    readonly config: client.Configuration
    readonly accessToken: string
    readonly dpop: client.DPoPHandle
  },
  payment: object,
) {
  const { api, config, accessToken, dpop } = holder
  const url = new URL(`${api}/payments`)
  const headers = new Headers({ 'content-type': 'application/json' })
  const body = JSON.stringify(payment)
  const response = await client
    .fetchProtectedResource(config, accessToken, url, 'POST', body, headers, { DPoP: dpop })
    .catch((error: unknown) => {
      if (error instanceof client.WWWAuthenticateChallengeError) return error.response
      throw error
    })
  const answer = (await response.json()) as Readonly<Record<string, unknown>>
  return { status: response.status, body: answer }
}
