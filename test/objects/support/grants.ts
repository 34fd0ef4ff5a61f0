import type {
  Consent,
  NewCode,
  Redemption,
  Refresh,
  TokenOrder,
} from '../../../src/objects/grant.ts'
import { newTokenRandom, readTokenId } from '../../../src/handles.ts'
import { made, stubsOf } from './objects.ts'

const stubs = stubsOf('bank')

/** What a new grant is made from. */
export const consent: Consent = {
  accountId: 'an account',
  sub: 'sub-alice',
  clientId: 'app',
  generation: 'first',
  scope: ['openid', 'accounts'],
  resources: ['https://api.example'],
  claims: { idToken: [], userinfo: [] },
  authentication: { acr: 'one', amr: ['pwd'], time: 1 },
}
export const code: NewCode = {
  secretHash: 'hash of the code',
  lifetime: 60_000,
  redirectUri: 'https://app.example/cb',
  codeChallenge: 'challenge',
  dpopJkt: 'thumbprint',
  nonce: 'nonce',
}
export const order = { issuer: 'bank', consent, code, lifetime: 90 * 86_400_000 }

export const presenter = { issuer: 'bank', clientId: 'app', generation: 'first' }

/** A token for all that was granted. */
export const token: TokenOrder = {
  random: newTokenRandom(),
  confirmation: { jkt: 'thumbprint' },
  issuedAt: Date.UTC(2040, 0, 1) / 1000,
  lifetime: 300,
  registered: { scope: ['openid', 'accounts', 'payments'], detailTypes: [] },
}

/** A redemption that matches `code` in everything. */
export const redemption: Redemption = {
  ...presenter,
  secretHash: code.secretHash,
  redirectUri: code.redirectUri,
  verifierHash: code.codeChallenge,
  jkt: 'thumbprint',
  refreshHash: 'hash of the refresh token',
  token: { ...token, resource: 'https://api.example' },
}
export const refresh: Refresh = { ...presenter, secretHash: 'hash of the refresh token', token }

/** An access token of the first redemption. */
export const firstToken = { issuer: 'bank', id: 'a token', epoch: 1, series: 1 }

export const grantOf = (id: string) => made(stubs.grant(id))

export const newGrantId = () => stubs.newGrantId()

/** A grant as approval leaves it: its code not yet redeemed. */
export async function authorizedGrant() {
  const id = newGrantId()
  await grantOf(id).authorize(order)
  return () => grantOf(id)
}

/** A grant whose code was redeemed: it has a refresh token, and access tokens of series 1. */
export async function redeemedGrant() {
  const grant = await authorizedGrant()
  await grant().redeem(redemption)
  return grant
}

/** What a token's home is asked about it. */
export function tokenOf({ token: { id } }: { readonly token: { readonly id: string } }) {
  const { epoch = 0, series = 0 } = readTokenId(id) ?? {}
  return { issuer: 'bank', id, epoch, series }
}
