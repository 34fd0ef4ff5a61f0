import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import { scopeFor, stillRegistered, userinfoAudience } from '../tokens/issue.ts'
import type { ClientRecord, Issuer } from '../types.ts'

/**
 * What of a consent goes into a token now: what the client is still registered for and the audience
 * understands. Errors: `invalid_target` when the audience is gone, `invalid_scope` when nothing is left.
 */
export function grantedScope(
  issuer: Issuer,
  client: ClientRecord,
  consented: { readonly audience: string; readonly scope: readonly string[] },
): Result<readonly string[]> {
  const { audience } = consented
  const known = issuer.resourceServers.some(({ identifier }) => identifier === audience)
  if (!known && audience !== userinfoAudience(issuer)) {
    return refuse('invalid_target', 'The resource is no longer known here')
  }
  const scope = scopeFor(issuer, audience, stillRegistered(client, consented.scope))
  return scope.length === 0
    ? refuse('invalid_scope', 'The client is no longer registered for what was granted')
    : accept(scope)
}
