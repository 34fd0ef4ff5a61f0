import type { Refusal } from '../errors.ts'
import { challenge, resourceStatus } from '../proof/presentation.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import type { ResourceSettings } from './settings.ts'

/** A refusal as it is answered, with its challenge. */
export function answerRefusal(why: Refusal | undefined, authenticate: string): Response {
  const status = why?.code === 'invalid_signature' ? 401 : resourceStatus(why)
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  if (status < 500) headers.set('www-authenticate', authenticate)
  else headers.set('retry-after', '1')
  const body = why === undefined ? {} : { error: why.code, error_description: why.description }
  return new Response(JSON.stringify(body), { status, headers })
}

/**
 * For handlers: the token's details of a type do not cover what is asked for. Answers 403
 * `insufficient_scope` and names the type (`docs/decisions/resource-details.md`).
 *
 * @example return refuseDetails(settings, c.get('access'), 'payment_initiation', 'another amount')
 */
export function refuseDetails(
  { profile }: Pick<ResourceSettings, 'profile'>,
  { confirmation }: Pick<AccessToken, 'confirmation'>,
  type: string,
  description: string,
): Response {
  const refusal: Refusal = { code: 'insufficient_scope', description }
  const scheme = confirmation.jkt === undefined ? 'bearer' : 'dpop'
  const options = { algorithms: profile.algorithms, scheme, detailTypes: [type] } as const
  return answerRefusal(refusal, challenge(refusal, options))
}
