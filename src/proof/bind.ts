import { sameText } from '../encoding.ts'
import type { Confirmation, Sender } from '../types.ts'

/**
 * The only function that compares a token with its presenter: every member of `cnf` must be proven by
 * this request, and a token without `cnf` belongs to nobody (FAPI2 SP 5.3.2.1-4).
 */
export function bind(confirmation: Confirmation, sender: Sender): boolean {
  const { jkt, 'x5t#S256': x5t } = confirmation
  if (jkt === undefined && x5t === undefined) return false
  if (jkt !== undefined && (sender.jkt === undefined || !sameText(jkt, sender.jkt))) return false
  return x5t === undefined || (sender.x5t !== undefined && sameText(x5t, sender.x5t))
}

/** `cnf` for a token issued to this sender under the client's registration; undefined: not allowed. */
export function confirmationFor(
  sender: Sender,
  required: { readonly dpop: boolean; readonly certificate: boolean },
): Confirmation | undefined {
  const { jkt, x5t } = sender
  if (required.dpop && jkt === undefined) return undefined
  if (required.certificate && x5t === undefined) return undefined
  // A DPoP header always binds (RFC 9449 5); the certificate when registered, or when it is all there is.
  if (jkt === undefined) return x5t === undefined ? undefined : { 'x5t#S256': x5t }
  return required.certificate && x5t !== undefined ? { jkt, 'x5t#S256': x5t } : { jkt }
}

/** `token_type` for a confirmation: DPoP whenever a key is bound (RFC 9449 5), else Bearer (RFC 8705 3). */
export const tokenTypeOf = (confirmation: Confirmation): 'DPoP' | 'Bearer' =>
  confirmation.jkt === undefined ? 'Bearer' : 'DPoP'
