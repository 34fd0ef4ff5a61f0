import { one } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import type { ClientMetadata } from '../clients/metadata.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { Issuer } from '../types.ts'
import type { AuthorizationDetail } from './detail.ts'

/** The details a request names. No type is known yet. Errors: `invalid_authorization_details`. */
export function detailsAsked(
  _issuer: Issuer,
  _metadata: ClientMetadata,
  parameters: Parameters,
): Result<readonly AuthorizationDetail[] | undefined> {
  if (one(parameters, 'authorization_details') === undefined) return accept(undefined)
  return refuse('invalid_authorization_details', 'No type of authorization_details is supported')
}
