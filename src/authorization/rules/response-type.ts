import { accept, refuse } from '../../errors.ts'
import { one } from '../parameters.ts'
import type { Rule } from '../rule.ts'

/** FAPI2 SP 5.3.2.2-1: `code` and nothing else, compared as it was sent. */
export const responseType: Rule = ({ parameters, client, issuer }) => {
  const value = one(parameters, 'response_type')
  if (value === undefined) return refuse('invalid_request', 'response_type is required')
  if (!issuer.profile.responseTypes.includes(value)) {
    return refuse('unsupported_response_type', 'response_type must be code')
  }
  if (!client.metadata.grant_types.includes('authorization_code')) {
    return refuse('unauthorized_client', 'The client may not use the authorization code flow')
  }
  return accept({})
}
