import type { Call } from '../call.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import { decodeJwt, verifySignature } from './jwt.ts'
import { verificationKey } from './keys.ts'

/** Whom an id_token of this issuer was about, and for which client. */
export type IdTokenHint = {
  readonly subject: string
  readonly clientId: string
  /** The session it was issued in. */
  readonly sessionId?: string
}

const invalid = (detail: string) =>
  refuse('invalid_request', 'id_token_hint is not an id_token of this server', detail)

/**
 * Verifies an id_token that comes back as a hint (OIDC Core 3.1.2.1, RP-Initiated Logout 2): this
 * issuer's signature, and for one client. An expired one is a hint all the same. Errors:
 * `invalid_request`.
 */
export async function verifyIdTokenHint(call: Call, token: string): Promise<Result<IdTokenHint>> {
  const jwt = decodeJwt(token)
  if (jwt === undefined) return invalid('not a JWT')
  const { header, claims } = jwt
  // No other kind of token may stand for an id_token.
  if (header['typ'] !== 'JWT') return invalid('typ is not JWT')
  const key = await verificationKey(call, header['kid'])
  if (key === undefined) return invalid('no key of this issuer has this kid')
  if (header['alg'] !== key.alg) return invalid('alg is not the alg of the key')
  if (!(await verifySignature(token, key.key, key.alg))) return invalid('the signature is wrong')
  const { iss, sub, aud, sid, auth_time: time } = claims
  if (iss !== call.issuer.url) return invalid('another issuer')
  if (typeof sub !== 'string' || typeof aud !== 'string') return invalid('no subject or client')
  if (typeof time !== 'number') return invalid('not an id_token')
  return accept({
    subject: sub,
    clientId: aud,
    ...(typeof sid === 'string' ? { sessionId: sid } : {}),
  })
}
