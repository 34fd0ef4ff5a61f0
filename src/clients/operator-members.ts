import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { ClientMetadata } from './metadata.ts'

/** What operators say about a client, and a client can never say of itself. */
export type OperatorMembers = Pick<ClientMetadata, 'operator_verified'>

/**
 * Reads the members only an operator may set. `checkClientMetadata` drops them like any unknown member
 * (RFC 7591 2), so a client that registers itself cannot become verified: whoever takes registrations
 * from clients must not call this. Errors: `invalid_client_metadata`.
 */
export function checkOperatorMembers(
  input: Readonly<Record<string, unknown>>,
): Result<OperatorMembers> {
  const verified = input['operator_verified']
  if (verified === undefined) return accept({})
  if (typeof verified === 'boolean') return accept({ operator_verified: verified })
  return refuse('invalid_client_metadata', 'operator_verified must be a boolean')
}
