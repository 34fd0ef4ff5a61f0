import { createHash, randomBytes } from 'node:crypto'
import type { Browser } from '../../test/support/browser.ts'
import type { Contender } from './contenders.ts'
import { scopes } from './contenders.ts'
import type { Reply, Sender } from './load.ts'
import { currentNonce, postOf, proofOf, tokensOf } from './requests.ts'
import type { Party } from './requests.ts'
import { hasButton, signIn } from './people.ts'

/** One client at one server on its way through flows, with the newest nonce it was given. */
export type Walk = {
  readonly contender: Contender
  readonly sender: Sender
  readonly nonce: { value: string | undefined }
}

/** Fetches the first nonce. */
export async function beginWalk(contender: Contender, sender: Sender): Promise<Walk> {
  return { contender, sender, nonce: { value: await currentNonce(contender.party, sender) } }
}

async function post(
  walk: Walk,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<Reply> {
  const { contender, sender, nonce } = walk
  const reply = await sender.send(postOf(contender.party, path, fields, nonce.value))
  keepNonce(walk, reply)
  return reply
}

function keepNonce({ nonce }: Walk, { headers }: Reply): void {
  const next = headers['dpop-nonce']
  if (typeof next === 'string') nonce.value = next
}

/** PAR, authorization and consent in a browser that is signed in (or signs in), and the code. */
export async function obtainCode(
  walk: Walk,
  browser: Browser,
  username: string,
): Promise<{ readonly code: string; readonly verifier: string }> {
  const { client, issuer } = walk.contender.party
  const verifier = randomBytes(32).toString('base64url')
  const pushed = await post(walk, '/par', {
    ...{ response_type: 'code', client_id: client.clientId, redirect_uri: client.redirectUri },
    ...{ scope: scopes, state: randomBytes(8).toString('hex'), prompt: 'consent' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const { request_uri: uri } = JSON.parse(pushed.body) as { readonly request_uri?: string }
  if (pushed.status !== 201 || uri === undefined) throw new Error(`no PAR: ${pushed.body}`)
  const query = new URLSearchParams({ client_id: client.clientId, request_uri: uri })
  const from = 'cross-site'
  let page = await browser.open(`${issuer}/authorize?${query.toString()}`, { from })
  page = await signIn(page, username)
  for (let pages = 0; pages < 3 && hasButton(page, 'approve'); pages += 1) {
    page = await page.submit('approve')
  }
  const code = page.redirectedTo?.searchParams.get('code')
  if (typeof code !== 'string') throw new Error(`no code: ${page.status} ${page.words}`)
  return { code, verifier }
}

/** Redeems a code; the answer holds a refresh token. */
export async function redeem(
  walk: Walk,
  { code, verifier }: { readonly code: string; readonly verifier: string },
): Promise<string> {
  const { redirectUri } = walk.contender.party.client
  const fields = { grant_type: 'authorization_code', code, code_verifier: verifier }
  const tokens = tokensOf(await post(walk, '/token', { ...fields, redirect_uri: redirectUri }))
  if (tokens.refresh_token === undefined) throw new Error('no refresh token')
  return tokens.refresh_token
}

export const refreshFields = (refreshToken: string) => ({
  grant_type: 'refresh_token',
  refresh_token: refreshToken,
})

/** Refreshes; returns the access token. */
export async function refresh(walk: Walk, refreshToken: string): Promise<string> {
  return tokensOf(await post(walk, '/token', refreshFields(refreshToken))).access_token
}

/** Uses an access token at userinfo, with a proof. */
export async function useToken(walk: Walk, accessToken: string): Promise<void> {
  const { contender, sender, nonce } = walk
  const party: Party = contender.party
  const url = `${party.issuer}/userinfo`
  const fresh = nonce.value === undefined ? {} : { nonce: nonce.value }
  const proof = proofOf(party, { method: 'GET', url, accessToken, ...fresh })
  const headers = { authorization: `DPoP ${accessToken}`, dpop: proof }
  const reply = await sender.send({ method: 'GET', url: new URL(url), headers })
  keepNonce(walk, reply)
  const { sub } = JSON.parse(reply.body) as { readonly sub?: string }
  if (reply.status !== 200 || sub === undefined) throw new Error(`no userinfo: ${reply.body}`)
}

/** All of it: PAR, authorization, consent, code, refresh, resource. */
export async function wholeFlow(walk: Walk, browser: Browser, username: string): Promise<void> {
  const refreshToken = await redeem(walk, await obtainCode(walk, browser, username))
  await useToken(walk, await refresh(walk, refreshToken))
}
