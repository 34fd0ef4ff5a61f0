import { printable, refuse, accept, statusFor } from '../errors.ts'
import type { Refusal, Result } from '../errors.ts'
import type { Profile } from '../profiles/profile.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import type { Sender } from '../types.ts'
import { bind } from './bind.ts'
import { verifyProof } from './dpop.ts'
import { judgeNonce } from './sender.ts'
import type { NoncePolicy, UsableProof } from './sender.ts'

/** A token as a request presents it. */
export type Presentation = { readonly scheme: 'dpop' | 'bearer'; readonly token: string }

/**
 * Reads the Authorization header (RFC 6750 2.1, RFC 9449 7.1). Undefined: no credentials at all.
 * Tokens in the query are refused (FAPI2 SP 5.3.4-2). Errors: `invalid_request`.
 */
export function readPresentation(request: Request): Result<Presentation | undefined> {
  if (new URL(request.url).searchParams.has('access_token')) {
    return refuse('invalid_request', 'Tokens are taken from the Authorization header only')
  }
  const header = request.headers.get('authorization')
  if (header === null) return accept(undefined)
  const match = /^(dpop|bearer) +([A-Za-z0-9._~+/-]+=*)$/i.exec(header)
  if (match === null)
    return refuse('invalid_request', 'The Authorization header is not one credential')
  const [, scheme = '', token = ''] = match
  return accept({ scheme: scheme.toLowerCase() === 'dpop' ? 'dpop' : 'bearer', token })
}

export type PresentationInput = {
  readonly request: Request
  /** The configured public URL of the resource, without query. */
  readonly url: string
  readonly presentation: Presentation
  readonly verify: (token: string) => Promise<Result<AccessToken>>
  /** Thumbprint of the connection's certificate. */
  readonly x5t: string | undefined
  readonly profile: Profile
  readonly nonce: NoncePolicy
  readonly now: number
}

export type VerifiedPresentation = { readonly token: AccessToken; readonly proof?: UsableProof }

/**
 * Verifies that the presenter holds what the token is bound to, as far as that needs no storage.
 * Errors: `invalid_token`, `invalid_dpop_proof`, `use_dpop_nonce`.
 */
export async function verifyPresentation(
  input: PresentationInput,
): Promise<Result<VerifiedPresentation>> {
  const { request, presentation, profile, now } = input
  const token = await input.verify(presentation.token)
  if (!token.ok) return token
  const { confirmation } = token.value
  const header = request.headers.get('dpop')
  if ((presentation.scheme === 'dpop') !== (confirmation.jkt !== undefined)) {
    return refuse(
      'invalid_token',
      'The access token is not valid',
      'the scheme does not fit the token',
    )
  }
  if (presentation.scheme === 'dpop' && header === null) {
    return refuse('invalid_dpop_proof', 'A DPoP proof is required')
  }
  const x5t = input.x5t === undefined ? {} : { x5t: input.x5t }
  if (header === null) return held(token.value, x5t)
  // An invalid DPoP header is an error even where a certificate would do.
  const { token: accessToken } = presentation
  const expected = { method: request.method, url: input.url, accessToken, profile, now }
  const proof = await verifyProof(header, expected)
  if (!proof.ok) return proof
  const usable = await judgeNonce(input.nonce, proof.value, now)
  if (!usable.ok) return usable
  return held(token.value, { ...x5t, jkt: proof.value.jkt }, usable.value)
}

function held(
  token: AccessToken,
  sender: Sender,
  proof?: UsableProof,
): Result<VerifiedPresentation> {
  if (!bind(token.confirmation, sender)) {
    return refuse('invalid_token', 'The access token is not valid', 'bound to another sender')
  }
  return accept(proof === undefined ? { token } : { token, proof })
}

/** Status of a refusal at a protected resource: errors about token and proof are 401 (RFC 9449 7.1). */
export function resourceStatus(refusal: Refusal | undefined): number {
  if (refusal === undefined) return 401
  const unauthorized = ['invalid_token', 'invalid_dpop_proof', 'use_dpop_nonce']
  return unauthorized.includes(refusal.code) ? 401 : statusFor(refusal)
}

/** `WWW-Authenticate` of a protected resource; without refusal: no credentials were sent. */
export function challenge(
  refusal: Refusal | undefined,
  options: {
    readonly algorithms: readonly string[]
    readonly scope?: string
    readonly scheme?: 'dpop' | 'bearer'
    /** How the person must be authenticated (RFC 9470 3). */
    readonly acrValues?: readonly string[]
    readonly maxAge?: number
    /** Types of authorization details that would do. */
    readonly detailTypes?: readonly string[]
  },
): string {
  const algs = `algs="${options.algorithms.join(' ')}"`
  if (refusal === undefined) return `DPoP ${algs}`
  const error = [
    `error="${refusal.code}"`,
    `error_description="${printable(refusal.description)}"`,
    ...(options.scope === undefined ? [] : [`scope="${printable(options.scope)}"`]),
    ...(options.acrValues === undefined
      ? []
      : [`acr_values="${printable(options.acrValues.join(' '))}"`]),
    ...(options.maxAge === undefined ? [] : [`max_age="${options.maxAge}"`]),
    ...(options.detailTypes === undefined
      ? []
      : [`authorization_details_types="${printable(options.detailTypes.join(' '))}"`]),
  ].join(', ')
  return options.scheme === 'bearer' ? `Bearer ${error}, DPoP ${algs}` : `DPoP ${error}, ${algs}`
}
