import type { RefusalEvent } from './observe/catalogue.ts'
import type { Told } from './people/told.ts'

/**
 * The closed list of errors. The public half (code, description) helps an honest client; the private
 * half (`detail`, `cause`) is for the log only and never leaves.
 */
export type ErrorCode =
  | 'access_denied'
  | 'conflict'
  | 'consent_required'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'invalid_authorization_details'
  | 'invalid_client'
  | 'invalid_client_metadata'
  | 'invalid_dpop_proof'
  | 'invalid_grant'
  | 'invalid_grant_id'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'invalid_request_object'
  | 'invalid_request_uri'
  | 'invalid_scope'
  | 'invalid_signature'
  | 'invalid_target'
  | 'invalid_token'
  | 'login_required'
  | 'method_not_allowed'
  | 'misdirected_request'
  | 'not_found'
  | 'payload_too_large'
  | 'precondition_failed'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'too_many_requests'
  | 'unauthorized_client'
  | 'unmet_authentication_requirements'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'unsupported_token_type'
  | 'use_dpop_nonce'

const statusOf: { readonly [code in ErrorCode]?: number } = {
  access_denied: 403,
  conflict: 409,
  insufficient_scope: 403,
  insufficient_user_authentication: 401,
  invalid_client: 401,
  invalid_token: 401,
  method_not_allowed: 405,
  misdirected_request: 421,
  not_found: 404,
  payload_too_large: 413,
  precondition_failed: 412,
  server_error: 500,
  temporarily_unavailable: 503,
  too_many_requests: 429,
}

/** Why something was refused. `description`: %x20-21 / %x23-5B / %x5D-7E only (RFC 6749 5.2). */
export type Refusal = {
  readonly code: ErrorCode
  readonly description: string
  /** For the log; may name values a stranger must not learn, never secrets. */
  readonly detail?: string
  /** The name of this refusal in the audit stream; without it the code decides. */
  readonly event?: RefusalEvent
  /** What a person reads in its place (error pages only); without it the code decides. */
  readonly told?: Told
  /** A way back for a person (error pages only). */
  readonly back?: WayBack
  /** Where a person may start again (error pages only); an address of this issuer. */
  readonly again?: string
}

/**
 * What an error page may offer: the client's validated redirect URI with an error response. With `post`
 * it is not a link but a form that posts these fields there.
 */
export type WayBack = {
  readonly href: string
  readonly clientName: string
  readonly post?: Readonly<Record<string, string>>
}

export type Result<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal }

export const accept = <T>(value: T): Result<T> => ({ ok: true, value })

export const refuse = (
  code: ErrorCode,
  description: string,
  detail?: string,
): { readonly ok: false; readonly refusal: Refusal } => ({
  ok: false,
  refusal: detail === undefined ? { code, description } : { code, description, detail },
})

/** A refusal that the audit stream knows by a name of its own. */
export const refuseAs = (
  event: RefusalEvent,
  ...given: Parameters<typeof refuse>
): { readonly ok: false; readonly refusal: Refusal } => ({
  ok: false,
  refusal: { ...refuse(...given).refusal, event },
})

/** The one error type: a refusal on its way to the edge of an endpoint. */
export class ProtocolError extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(`${refusal.code}: ${refusal.description}`)
    this.refusal = refusal
  }
}

/** Takes the value out of a result at the edge of an endpoint. Throws `ProtocolError`. */
export function demand<T>(result: Result<T>): T {
  if (!result.ok) throw new ProtocolError(result.refusal)
  return result.value
}

/** Ends an endpoint with a refusal. */
export function fail(code: ErrorCode, description: string, detail?: string): never {
  throw new ProtocolError(refuse(code, description, detail).refusal)
}

/** HTTP status of a refusal at an authorization-server endpoint. */
export function statusFor(refusal: Refusal): number {
  return statusOf[refusal.code] ?? 400
}

/** Strips what RFC 6749 5.2 does not allow in `error_description`, header values included. */
export function printable(text: string): string {
  return text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '')
}
