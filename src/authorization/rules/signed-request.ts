import { accept, refuse } from '../../errors.ts'
import type { Rule } from '../rule.ts'

/** FAPI2 MS 5.3.1-1, RFC 9101 10.5: what must be signed counts only signed. */
export const signedRequest: Rule = ({ client, issuer, signed }) => {
  const required =
    issuer.profile.requestObjects === 'required' ||
    client.metadata.require_signed_request_object === true
  return required && !signed
    ? refuse('invalid_request', 'The request must be a signed request object')
    : accept({})
}
