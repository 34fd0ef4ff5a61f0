import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { AccessToken } from '../tokens/access-token.ts'

/** How a person must have been authenticated for a resource (RFC 9470 3). */
export type AuthenticationNeed = {
  /** Any of these satisfies the resource; the first is what it likes best. Absent: any will do. */
  readonly acrValues?: readonly string[]
  /** Seconds since the person was authenticated. Absent: it may be long ago. */
  readonly maxAge?: number
}

/**
 * Whether the authentication behind a token is strong and recent enough. A token that says nothing about
 * it, such as a client's own, is not. `now` in milliseconds. Errors: `insufficient_user_authentication`.
 */
export function judgeAuthentication(
  token: Pick<AccessToken, 'claims'>,
  needed: AuthenticationNeed,
  now: number,
): Result<true> {
  const { acr, auth_time: time } = token.claims
  const { acrValues, maxAge } = needed
  if (acrValues !== undefined && !(typeof acr === 'string' && acrValues.includes(acr))) {
    return refuse(
      'insufficient_user_authentication',
      'A different authentication level is required',
    )
  }
  if (maxAge !== undefined && !(typeof time === 'number' && now - time * 1000 <= maxAge * 1000)) {
    return refuse('insufficient_user_authentication', 'More recent authentication is required')
  }
  return accept(true)
}
