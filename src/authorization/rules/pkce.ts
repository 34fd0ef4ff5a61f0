import { fromBase64Url } from '../../encoding.ts'
import { accept, refuse } from '../../errors.ts'
import { one } from '../parameters.ts'
import type { Rule } from '../rule.ts'

/** FAPI2 SP 5.3.2.2-5, RFC 7636: S256 and only S256; an omitted method would mean `plain`. */
export const pkce: Rule = ({ parameters, issuer }) => {
  const challenge = one(parameters, 'code_challenge')
  const method = one(parameters, 'code_challenge_method')
  if (challenge === undefined) return refuse('invalid_request', 'code_challenge is required')
  if (method === undefined || !issuer.profile.codeChallengeMethods.includes(method)) {
    return refuse('invalid_request', 'code_challenge_method must be S256')
  }
  if (fromBase64Url(challenge)?.length !== 32) {
    return refuse('invalid_request', 'code_challenge is not a base64url SHA-256 value')
  }
  return accept({ codeChallenge: challenge })
}
