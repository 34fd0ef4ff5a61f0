import type { Call } from '../call.ts'
import { digest } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { Algorithm } from '../profiles/profile.ts'
import { verifySignature } from '../tokens/jwt.ts'
import type { JwtParts } from '../tokens/jwt.ts'
import type { ClientRecord } from '../types.ts'
import type { PublicJwk } from './jwks.ts'
import { verificationKeys } from './keys.ts'

/** A verified assertion whose `jti` is not yet used. */
export type Assertion = {
  /** Hash of the `jti`, as the client's object stores it. */
  readonly jti: string
  /** Until when (ms) the assertion could be accepted, and must be remembered. */
  readonly validUntil: number
  /** The client's key that signed it, and how. */
  readonly alg: Algorithm
  readonly jwk: PublicJwk
}

const bad = (detail: string) => refuse('invalid_client', 'Client authentication failed', detail)

/** Types of other JWTs: one kind must never pass as another (RFC 8725 3.11). */
const allowedTypes = [undefined, 'JWT', 'jwt', 'client-authentication+jwt']

/** Each is in every request object, and none in an assertion. */
const requestClaims = ['response_type', 'redirect_uri', 'code_challenge']

/**
 * Verifies a `private_key_jwt` assertion as far as that needs no storage (RFC 7523 3, FAPI2 SP
 * 5.3.2.1-8). Errors: `invalid_client`, always in the same words.
 */
export async function verifyAssertion(
  call: Call,
  client: ClientRecord,
  assertion: { readonly token: string; readonly jwt: JwtParts },
): Promise<Result<Assertion>> {
  const { profile } = call.issuer
  const { header, claims } = assertion.jwt
  const alg = profile.algorithms.find((known) => known === header['alg'])
  const registered = client.metadata.token_endpoint_auth_signing_alg
  if (alg === undefined) return bad('the alg is not allowed')
  if (registered !== undefined && alg !== registered)
    return bad('the alg is not the registered one')
  if (!allowedTypes.includes(header['typ'] as string | undefined))
    return bad('the typ is another kind of JWT')
  // A request object that says too much of itself (RFC 9101 10.8).
  if (requestClaims.some((name) => Object.hasOwn(claims, name)))
    return bad('it is a request object')
  if (claims['iss'] !== client.clientId || claims['sub'] !== client.clientId)
    return bad('iss or sub is not the client')
  if (claims['aud'] !== call.issuer.url) return bad('aud is not the issuer as one string')
  const until = checkTimes(claims, call)
  if (typeof until === 'string') return bad(until)
  const { jti } = claims
  if (typeof jti !== 'string' || jti === '' || jti.length > 256)
    return bad('jti is missing or unusable')
  const keys = await verificationKeys(call, client, { kid: header['kid'], alg })
  for (const { key, jwk } of keys) {
    if (await verifySignature(assertion.token, key, alg)) {
      return accept({ jti: await digest(jti), validUntil: until, alg, jwk })
    }
  }
  return bad(keys.length === 0 ? 'no key of the client fits' : 'the signature does not verify')
}

/** Returns until when (ms) the assertion is valid, or what is wrong. FAPI2 SP 5.3.2.1-13. */
function checkTimes(claims: JwtParts['claims'], call: Call): number | string {
  const { futureSkew, expirySkew, assertionLifetime } = call.issuer.profile
  const now = call.now / 1000
  const { exp, iat, nbf } = claims
  if (typeof exp !== 'number' || !Number.isFinite(exp)) return 'exp is missing'
  if (exp + expirySkew <= now) return 'exp has passed'
  if (exp > now + assertionLifetime + futureSkew) return 'exp lies too far in the future'
  for (const [name, value] of [
    ['iat', iat],
    ['nbf', nbf],
  ] as const) {
    if (value === undefined) continue
    if (typeof value !== 'number' || value > now + futureSkew)
      return `${name} lies too far in the future`
  }
  return (exp + expirySkew) * 1000
}
