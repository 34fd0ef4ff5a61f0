import type { Call } from '../call.ts'
import { accept, demand, printable } from '../errors.ts'
import type { ErrorCode, Result } from '../errors.ts'
import { signAuthorizationResponse } from '../tokens/answers.ts'
import type { AuthorizationRequest, ClientRecord } from '../types.ts'

/** Where an authorization response goes, and how; validated at PAR. */
export type Destination = Pick<AuthorizationRequest, 'redirectUri' | 'responseMode' | 'state'>

/** Whom it answers. */
export type Answered = { readonly client: ClientRecord; readonly request: Destination }

/** What it says, beside the state and who says it. */
export type ResponseParameters =
  { readonly code: string } | { readonly error: ErrorCode; readonly error_description: string }

/** The parameters of an error response (RFC 6749 4.1.2.1). */
export const errorParameters = (code: ErrorCode, description: string): ResponseParameters => ({
  error: code,
  error_description: printable(description),
})

/** An authorization response that was made and has not left. */
export type AuthorizationResponse = {
  readonly to: string
  /** How the parameters travel. */
  readonly by: 'query' | 'fragment' | 'form'
  /** Exactly what travels: the parameters, or `response` and nothing else. */
  readonly parameters: Readonly<Record<string, string>>
  /** The signed response, before it was encrypted; absent where responses are not signed. */
  readonly jws?: string
  /** The public key that verifies it. */
  readonly jwk?: Readonly<Record<string, string>>
}

/**
 * Makes an authorization response, success or error, in the mode that was pushed. Sends nothing: the
 * answer is there as a value first. Errors: `invalid_request` where it cannot be encrypted as registered.
 */
export async function makeResponse(
  call: Call,
  { client, request }: Answered,
  parameters: ResponseParameters,
): Promise<Result<AuthorizationResponse>> {
  const { redirectUri: to, responseMode = 'query', state } = request
  const said = { ...parameters, ...(state === undefined ? {} : { state }) }
  if (responseMode === 'query') {
    // RFC 9207: with no signature, `iss` says which server answered.
    return accept({ to, by: 'query', parameters: { ...said, iss: call.issuer.url } })
  }
  const signed = await signAuthorizationResponse(call, client, said)
  if (!signed.ok) return signed
  const { jws, jwk, sealed } = signed.value
  return accept({ to, by: ways[responseMode], parameters: { response: sealed }, jws, jwk })
}

const ways = { 'query.jwt': 'query', 'fragment.jwt': 'fragment', 'form_post.jwt': 'form' } as const

/** As `makeResponse`. Throws `ProtocolError`. */
export async function respondWith(
  call: Call,
  answered: Answered,
  parameters: ResponseParameters,
): Promise<AuthorizationResponse> {
  return demand(await makeResponse(call, answered, parameters))
}

/** Appends to the redirect URI as it was registered: its own query stays as it is. */
export function addressOf({ to, by, parameters }: AuthorizationResponse): string {
  const text = Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
  if (by === 'fragment') return `${to}#${text}`
  return `${to}${to.includes('?') ? '&' : '?'}${text}`
}

/** 303 and nothing else: a POST with credentials must not be repeated (FAPI2 SP 5.3.2.2-10, -11). */
export function seeOther(location: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ location, 'cache-control': 'no-store' })
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  return new Response(null, { status: 303, headers })
}
