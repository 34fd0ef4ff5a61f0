import type { Call } from '../call.ts'
import { releasedClaims } from '../people/claims.ts'
import { AccessRefused, demandAccess } from './protected.ts'
import { json } from './respond.ts'

/** UserInfo (OIDC Core 5.3): any live token of this issuer with `openid`, whatever its audience. */
export async function userinfo(call: Call): Promise<Response> {
  const { token, consent } = await demandAccess(call, { scope: 'openid', audience: undefined })
  if (consent === undefined) {
    const description = 'The access token is not valid'
    throw new AccessRefused({
      code: 'invalid_token',
      description,
      detail: 'not a token of a person',
    })
  }
  const claims = await releasedClaims(call, consent.accountId, {
    names: consent.claims.userinfo,
    scope: token.scope,
  })
  return json({ ...claims, sub: consent.sub })
}
