import { matchesRegistered } from '../../clients/redirect-uri.ts'
import { accept, refuse } from '../../errors.ts'
import { one } from '../parameters.ts'
import type { Rule } from '../rule.ts'

/** FAPI2 SP 5.3.2.2-6: required even if one is registered; RFC 9700 4.1.3: exact match. */
export const redirectUri: Rule = ({ parameters, client }) => {
  const value = one(parameters, 'redirect_uri')
  if (value === undefined) return refuse('invalid_request', 'redirect_uri is required')
  if (!matchesRegistered(value, client.metadata.redirect_uris)) {
    return refuse('invalid_request', 'redirect_uri is not registered')
  }
  return accept({ redirectUri: value })
}
