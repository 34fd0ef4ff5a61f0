import * as client from 'openid-client'
import { getAccounts, readClaims } from './client.ts'
import type { FlowSettings, Sent, Tokens } from './client.ts'
import { promise, short } from './steps.ts'
import type { Facts, Storyteller } from './steps.ts'

/** Data with the right proof, and none with a stolen token or a copied proof. */
export async function playApi(
  { step }: Storyteller,
  {
    api,
    config,
    fetch,
    person,
    sent,
  }: FlowSettings & {
    readonly config: client.Configuration
    readonly sent: () => Sent | undefined
  },
  { tokens, dpop }: { readonly tokens: Tokens; readonly dpop: client.DPoPHandle },
): Promise<void> {
  let used: Sent | undefined
  await step(
    'GET /accounts',
    'The bank API gives the accounts to the holder of the key.',
    async () => {
      const response = await getAccounts(config, api, tokens, dpop)
      used = sent()
      promise(response.status === 200, 'the accounts', response.status)
      return { status: response.status, accounts: JSON.stringify(await response.json(), null, 2) }
    },
  )
  await step(
    'GET /accounts/current/transactions',
    'What happened on an account takes a sign-in with two factors in the last minutes (RFC 9470).',
    async () => {
      const path = 'accounts/current/transactions'
      const answer = await getAccounts(config, api, tokens, dpop, path).catch((error: unknown) => {
        if (error instanceof client.WWWAuthenticateChallengeError) return error.response
        throw error
      })
      if (person.totpSecret !== undefined) {
        promise(answer.status === 200, 'the transactions', answer.status)
        return { status: answer.status }
      }
      const challenge = answer.headers.get('www-authenticate') ?? ''
      promise(answer.status === 401, 'a challenge', answer.status)
      return { status: answer.status, acr_values: /acr_values="([^"]*)"/.exec(challenge)?.[1] }
    },
  )
  await step('Replay', 'Somebody sends the very same request, proof included, again.', async () => {
    const response = await fetch(used?.url ?? '', { headers: used?.headers ?? {} })
    return refusal(response, 'invalid_dpop_proof')
  })
  await step('Stolen token', 'Somebody sends the token without a proof.', async () => {
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    return refusal(await fetch(used?.url ?? '', { headers }))
  })
}

/** A new key, then a code used twice and what that costs. */
export async function playEnd(
  { step }: Storyteller,
  { api, config }: FlowSettings & { readonly config: client.Configuration },
  { tokens, redeem }: { readonly tokens: Tokens; readonly redeem: () => Promise<Tokens> },
): Promise<void> {
  const refreshToken = tokens.refresh_token ?? ''
  const other = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  const refresh = () => client.refreshTokenGrant(config, refreshToken, undefined, { DPoP: other })
  let fresh = tokens
  await step('Refresh', 'The client gets a new token for a new key.', async () => {
    fresh = await refresh()
    const bound = readClaims(fresh.access_token).cnf?.jkt
    promise(bound === (await other.calculateThumbprint()), "'cnf.jkt' is the new key", bound)
    const response = await getAccounts(config, api, fresh, other)
    promise(response.status === 200, 'the accounts, with the new key', response.status)
    return { access_token: short(fresh.access_token), 'cnf.jkt': bound, accounts: response.status }
  })
  await step('The code again', 'The client redeems the same code a second time.', async () => {
    return refusedGrant(redeem)
  })
  await step(
    'What that did',
    'A code used twice may have been stolen, so everything it led to has ended.',
    async () => {
      const accounts = await getAccounts(config, api, fresh, other).then(
        (response) => response.status,
        (error: unknown) =>
          error instanceof client.WWWAuthenticateChallengeError ? error.status : String(error),
      )
      promise(accounts === 401, 'the access token is refused', accounts)
      const { error } = await refusedGrant(refresh)
      return { 'GET /accounts': accounts, 'refresh token': error }
    },
  )
}

function refusal(response: Response, code?: string): Facts {
  const challenge = response.headers.get('www-authenticate') ?? ''
  const error = /error="([^"]*)"/.exec(challenge)?.[1]
  promise(response.status === 401, 'a refusal', response.status)
  promise(code === undefined || error === code, `the error ${code}`, error)
  return { status: response.status, error }
}

async function refusedGrant(grant: () => Promise<Tokens>): Promise<{ readonly error: string }> {
  const error = await grant().then(
    () => 'tokens',
    (problem: unknown) => (problem instanceof client.ResponseBodyError ? problem.error : problem),
  )
  promise(error === 'invalid_grant', 'the error invalid_grant', error)
  return { error: 'invalid_grant' }
}
