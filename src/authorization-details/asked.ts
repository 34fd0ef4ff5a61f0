import type { Parameters } from '../authorization/parameters.ts'
import type { ClientMetadata } from '../clients/metadata.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { Issuer } from '../types.ts'
import { tellable } from './compare.ts'
import type { AuthorizationDetail } from './detail.ts'
import { detailsOfToken } from './read.ts'

type Details = readonly AuthorizationDetail[]

/**
 * The details a token request names. Undefined: none, so all that was granted is meant. Errors:
 * `invalid_authorization_details`.
 */
export async function detailsAsked(
  issuer: Issuer,
  metadata: ClientMetadata,
  parameters: Parameters,
): Promise<Result<Details | undefined>> {
  const details = await detailsOfToken(issuer, parameters)
  return details.ok ? checkRegistered(metadata, details.value) : details
}

/** RFC 9396 10: a client uses the types it registered, and without any it uses none. */
export function checkRegistered(
  metadata: ClientMetadata,
  details: Details | undefined,
): Result<Details | undefined> {
  const registered = metadata.authorization_details_types ?? []
  const strange = details?.find(({ type }) => !registered.includes(type))
  if (strange === undefined) return accept(details)
  const description = `${tellable(strange.type)}: the client is not registered for this type`
  return refuse('invalid_authorization_details', description)
}
