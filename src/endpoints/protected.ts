import type { Call } from '../call.ts'
import { ProtocolError, demand } from '../errors.ts'
import type { Refusal } from '../errors.ts'
import {
  challenge,
  readPresentation,
  resourceStatus,
  verifyPresentation,
} from '../proof/presentation.ts'
import { connectionCertificate, judgeUse, noncePolicy, useProof } from '../proof/sender.ts'
import { verifyAccessToken } from '../tokens/access-token.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import { verificationKey } from '../tokens/keys.ts'
import { tokenStatus } from '../tokens/status.ts'
import type { LiveToken } from '../tokens/status.ts'
import { ownUrl } from './client-request.ts'
import { settle } from './one-time.ts'
import { json } from './respond.ts'

export type Access = { readonly token: AccessToken } & LiveToken

export type AccessDemand = {
  readonly scope: string
  /** Undefined: any audience of this issuer (userinfo). */
  readonly audience: string | undefined
}

/** A refusal at a protected resource, or the absence of credentials. */
export class AccessRefused extends Error {
  readonly refusal: Refusal | undefined
  readonly scheme: 'dpop' | 'bearer'
  /** What would suffice. */
  readonly scope: string

  constructor(
    refusal: Refusal | undefined,
    about: { readonly scheme: 'dpop' | 'bearer'; readonly scope: string },
  ) {
    super(refusal?.code ?? 'no credentials')
    this.refusal = refusal
    this.scheme = about.scheme
    this.scope = about.scope
  }
}

/**
 * The gate of this server's own protected resources: token, presenter, life, audience, scope. Throws
 * `AccessRefused`.
 */
export async function demandAccess(call: Call, needed: AccessDemand): Promise<Access> {
  const { scope } = needed
  let scheme: 'dpop' | 'bearer' = 'dpop'
  try {
    const presentation = demand(readPresentation(call.request))
    if (presentation === undefined) throw new AccessRefused(undefined, { scheme, scope })
    scheme = presentation.scheme
    const certificate = demand(await connectionCertificate(call))
    const { token, proof } = demand(
      await verifyPresentation({
        request: call.request,
        url: ownUrl(call),
        presentation,
        verify: (text) =>
          verifyAccessToken(text, {
            issuer: call.issuer.url,
            keys: (kid) => verificationKey(call, kid),
            now: call.now,
          }),
        x5t: certificate?.thumbprint,
        profile: call.issuer.profile,
        nonce: noncePolicy(call),
        now: call.now,
      }),
    )
    call.about({ client_id: token.clientId })
    if (needed.audience !== undefined && token.audience !== needed.audience) {
      throw refused('invalid_token', 'The access token is not valid', 'another audience')
    }
    const [proofUse, live] = demand(
      await settle([
        proof === undefined ? Promise.resolve(undefined) : useProof(call, proof),
        tokenStatus(call, token),
      ]),
    )
    if (proofUse !== undefined) demand(judgeUse(proofUse))
    if (live === undefined)
      throw refused('invalid_token', 'The access token is not valid', 'it has ended')
    if (!token.scope.includes(scope)) {
      throw refused('insufficient_scope', 'The access token does not suffice')
    }
    return { token, ...live }
  } catch (error) {
    if (error instanceof ProtocolError) throw new AccessRefused(error.refusal, { scheme, scope })
    throw error
  }
}

const refused = (code: Refusal['code'], description: string, detail = '') =>
  new ProtocolError({ code, description, detail })

/** Renders the refusal of a protected resource (RFC 6750 3, RFC 9449 7.1). */
export function renderAccessRefused(call: Call, error: AccessRefused): Response {
  const { refusal, scheme, scope } = error
  const status = resourceStatus(refusal)
  const { algorithms } = call.issuer.profile
  const wanted = refusal?.code === 'insufficient_scope' ? { scope } : {}
  const headers: Record<string, string> =
    status === 401 || status === 403 || status === 400
      ? { 'www-authenticate': challenge(refusal, { algorithms, scheme, ...wanted }) }
      : {}
  if (refusal?.code === 'temporarily_unavailable') headers['retry-after'] = '1'
  const body =
    refusal === undefined ? {} : { error: refusal.code, error_description: refusal.description }
  return json(body, status, headers)
}
