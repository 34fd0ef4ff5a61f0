import type { AuthorizationDetail } from '../../authorization-details/detail.ts'
import { forAudience, narrowed, problemBeyond } from '../../authorization-details/compare.ts'
import { utf8 } from '../../encoding.ts'
import { accept, refuse } from '../../errors.ts'
import type { Result } from '../../errors.ts'
import { scopeFor, userinfoAudience } from '../../tokens/audience.ts'
import { mostDetailBytes } from '../../tokens/access-token.ts'
import type { Issuer } from '../../types.ts'
import { grantedAt, isSame } from './parts.ts'
import type { Consent, Registered, TokenOrder, TokenTerms } from './stored.ts'

type Terms = Omit<TokenTerms, 'id' | 'expires'>

/**
 * What a person's consent entitles a token to: for one audience, the scopes and details the client is
 * still registered for and the audience understands. Errors: `invalid_target`, `invalid_scope`,
 * `invalid_authorization_details`.
 */
export function entitle(issuer: Issuer, consent: Consent, order: TokenOrder): Result<Terms> {
  const audience = order.resource ?? consent.resources[0] ?? userinfoAudience(issuer)
  if (order.resource !== undefined && !consent.resources.includes(order.resource)) {
    return refuse('invalid_target', 'The resource was not granted')
  }
  const known = issuer.resourceServers.some(({ identifier }) => identifier === audience)
  if (!known && audience !== userinfoAudience(issuer)) {
    return refuse('invalid_target', 'The resource is no longer known here')
  }
  if (order.scope?.some((name) => !consent.scope.includes(name)) === true) {
    return refuse('invalid_scope', 'A scope was not granted')
  }
  const granted = grantedAt(issuer, consent, audience)
  const asked = detailsOf(issuer, granted.details, order)
  if (!asked.ok) return asked
  const { registered } = order
  const scope = scopeFor(
    issuer,
    audience,
    granted.scope.filter(
      (name) => (order.scope?.includes(name) ?? true) && registered.scope.includes(name),
    ),
  )
  const details = forAudience(
    issuer.detailTypes,
    asked.value.filter(({ type }) => registered.detailTypes.includes(type)),
    audience,
  )
  // A response without scope would mean the scope that was asked for (RFC 6749 5.1).
  if (scope.length === 0 && (details.length === 0 || order.scope !== undefined)) {
    return refuse('invalid_scope', 'The client is no longer registered for what was granted')
  }
  if (utf8(JSON.stringify(details)).length > mostDetailBytes) {
    const much = 'More than one token can hold was granted: ask for fewer authorization_details'
    return refuse('invalid_authorization_details', much)
  }
  return accept({ audience, scope, ...(details.length === 0 ? {} : { details }) })
}

/** RFC 9396 6: what is asked for must be within what was granted; nothing asked is all of it. */
function detailsOf(
  issuer: Issuer,
  granted: readonly AuthorizationDetail[],
  order: TokenOrder,
): Result<readonly AuthorizationDetail[]> {
  if (order.details === undefined) return accept(granted)
  const less = narrowed(issuer.detailTypes, order.details, granted)
  if (less !== undefined) return accept(less)
  const beyond = problemBeyond(issuer.detailTypes, order.details, granted)
  return refuse('invalid_authorization_details', beyond ?? 'More was asked for than was granted')
}

/** Whether a client would get the same by another registration. */
export function sameRegistration(a: Registered, b: Registered): boolean {
  return (
    isSame(a.scope, b.scope) &&
    isSame(a.detailTypes, b.detailTypes) &&
    (a.refreshToken ?? true) === (b.refreshToken ?? true)
  )
}
