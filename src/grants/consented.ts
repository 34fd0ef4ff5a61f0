import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { Authorized } from '../objects/grant.ts'
import { scopeFor, stillRegistered, userinfoAudience } from '../tokens/issue.ts'
import type { ClientRecord, Issuer } from '../types.ts'
import type { Entitlement } from './grant-type.ts'

/**
 * What a person's consent entitles to now: for one audience, the scopes the client is still registered
 * for and the audience understands. Errors: `invalid_target` when the audience is gone, `invalid_scope`
 * when nothing is left.
 */
export function consentedEntitlement(
  issuer: Issuer,
  client: ClientRecord,
  given: {
    readonly grantId: string
    readonly authorized: Authorized
    /** Asked for in this request; otherwise the consent decides. */
    readonly resource: string | undefined
    readonly scope: readonly string[]
  },
): Result<Entitlement> {
  const { consent, epoch, series, expiresAt } = given.authorized
  const audience = given.resource ?? consent.resources[0] ?? userinfoAudience(issuer)
  const known = issuer.resourceServers.some(({ identifier }) => identifier === audience)
  if (!known && audience !== userinfoAudience(issuer)) {
    return refuse('invalid_target', 'The resource is no longer known here')
  }
  const asked = given.scope.length > 0 ? given.scope : consent.scope
  const scope = scopeFor(issuer, audience, stillRegistered(client, asked))
  if (scope.length === 0) {
    return refuse('invalid_scope', 'The client is no longer registered for what was granted')
  }
  return accept({
    home: { home: 'grant', objectId: given.grantId, epoch, series },
    subject: consent.sub,
    scope,
    audience,
    generation: consent.generation,
    authentication: consent.authentication,
    notAfter: expiresAt,
  })
}
