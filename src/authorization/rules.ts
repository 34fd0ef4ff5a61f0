import { accept } from '../errors.ts'
import type { Refusal, Result } from '../errors.ts'
import type { AuthorizationRequest } from '../types.ts'
import type { Rule, RuleInput } from './rule.ts'
import { authenticationContext } from './rules/authentication-context.ts'
import { authorizationDetails } from './rules/authorization-details.ts'
import { claims } from './rules/claims.ts'
import { codeBinding } from './rules/code-binding.ts'
import { grantManagement } from './rules/grant-management.ts'
import { nonce } from './rules/nonce.ts'
import { pkce } from './rules/pkce.ts'
import { prompt } from './rules/prompt.ts'
import { redirectUri } from './rules/redirect-uri.ts'
import { resource } from './rules/resource.ts'
import { responseMode } from './rules/response-mode.ts'
import { responseType } from './rules/response-type.ts'
import { scope } from './rules/scope.ts'
import { signedRequest } from './rules/signed-request.ts'
import { state } from './rules/state.ts'
import { unsupported } from './rules/unsupported.ts'

/** Everything a pushed authorization request must satisfy, in order. */
const rules: readonly Rule[] = [
  signedRequest,         // FAPI2 MS 5.3.1-1, RFC 9101 10.5
  unsupported,           // RFC 9126 2.1
  responseType,          // FAPI2 SP 5.3.2.2-1
  responseMode,          // OAuth 2.0 Multiple Response Types 2.1
  redirectUri,           // FAPI2 SP 5.3.2.2-6, -8
  pkce,                  // FAPI2 SP 5.3.2.2-5
  scope,                 // RFC 6749 3.3
  resource,              // RFC 8707 2
  authorizationDetails,  // RFC 9396 5, 10
  state,                 // FAPI2 SP 5.3.2.2 note 4
  nonce,                 // FAPI2 SP 5.3.2.2-14
  prompt,                // OIDC Core 3.1.2.1
  claims,                // OIDC Core 5.5
  authenticationContext, // OIDC Core 3.1.2.1, 5.5.1.1
  grantManagement,       // Grant Management 4.1
  codeBinding,           // RFC 9449 10.1
] // prettier-ignore

/**
 * The only maker of a validated authorization request. Errors: the first refusal of the table.
 */
export function validateAuthorizationRequest(input: RuleInput): Result<AuthorizationRequest> {
  let draft: Partial<AuthorizationRequest> = {}
  let refusal: Refusal | undefined
  for (const rule of rules) {
    const answer = rule(input)
    if (!answer.ok) {
      refusal = answer.refusal
      break
    }
    draft = { ...draft, ...answer.value }
  }
  // Each required member is contributed by a rule of the table, or that rule has refused.
  return refusal === undefined ? accept(draft as AuthorizationRequest) : { ok: false, refusal }
}
