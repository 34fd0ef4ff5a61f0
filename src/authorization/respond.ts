import type { ErrorCode } from '../errors.ts'
import { printable } from '../errors.ts'
import type { Issuer } from '../types.ts'

/** Where an authorization response goes; validated at PAR. */
export type Destination = { readonly redirectUri: string; readonly state?: string }

/** The success response: code, state and always `iss` (RFC 6749 4.1.2, RFC 9207). */
export function codeResponse(issuer: Issuer, to: Destination, code: string): string {
  return withParameters(issuer, to, { code })
}

/** The error response (RFC 6749 4.1.2.1, RFC 9207). */
export function errorResponse(
  issuer: Issuer,
  to: Destination,
  error: { readonly code: ErrorCode; readonly description: string },
): string {
  return withParameters(issuer, to, {
    error: error.code,
    error_description: printable(error.description),
  })
}

/** Appends to the redirect URI as it was registered: its own query stays as it is. */
function withParameters(
  issuer: Issuer,
  to: Destination,
  parameters: Readonly<Record<string, string>>,
): string {
  const state = to.state === undefined ? {} : { state: to.state }
  const query = Object.entries({ ...parameters, ...state, iss: issuer.url })
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
  return `${to.redirectUri}${to.redirectUri.includes('?') ? '&' : '?'}${query}`
}

/** 303 and nothing else: a POST with credentials must not be repeated (FAPI2 SP 5.3.2.2-10, -11). */
export function seeOther(location: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store' })
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  return new Response(null, { status: 303, headers })
}
