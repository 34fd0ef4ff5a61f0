import type { Call } from '../call.ts'
import { findClientAsOf } from '../clients/find.ts'
import { releasedClaims } from '../people/claims.ts'
import { issueUserinfo } from '../tokens/issue.ts'
import { AccessRefused, demandAccess } from './protected.ts'
import { json, jwtResponse } from './respond.ts'

const ended = (detail: string) =>
  new AccessRefused(
    { code: 'invalid_token', description: 'The access token is not valid', detail },
    { scheme: 'dpop', scope: 'openid' },
  )

/**
 * UserInfo (OIDC Core 5.3): any live token of this issuer with `openid`, whatever its audience. Signed,
 * and encrypted, when the client registered for it.
 */
export async function userinfo(call: Call): Promise<Response> {
  const { token, person } = await demandAccess(call, { scope: 'openid', audience: undefined })
  if (person === undefined) throw ended('not a token of a person')
  const { consent } = person
  const asked = { names: consent.claims.userinfo, scope: token.scope }
  const [released, client] = await Promise.all([
    releasedClaims(call, consent.accountId, asked),
    findClientAsOf(call, token.clientId, person.client),
  ])
  if (client === undefined) throw ended('its client is gone')
  const claims = { ...released, sub: consent.sub }
  if (client.metadata.userinfo_signed_response_alg === undefined) return json(claims)
  return jwtResponse(await issueUserinfo(call, client, claims))
}
