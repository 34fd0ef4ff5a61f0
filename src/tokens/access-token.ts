import { isRecord } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import { readTokenId } from '../handles.ts'
import type { TokenId } from '../handles.ts'
import type { Algorithm } from '../profiles/profile.ts'
import type { Confirmation } from '../types.ts'
import { decodeJwt, verifySignature } from './jwt.ts'

/** A verified access token: signed by the issuer and in time. Whether it is alive, its home knows. */
export type AccessToken = {
  readonly id: string
  readonly home: TokenId
  readonly clientId: string
  readonly subject: string
  readonly audience: string
  readonly scope: readonly string[]
  readonly confirmation: Confirmation
  /** Seconds since the epoch. */
  readonly issuedAt: number
  readonly expiresAt: number
  readonly claims: Readonly<Record<string, unknown>>
}

/** Finds the issuer's key for a `kid`; the key decides the algorithm. */
export type KeyFinder = (
  kid: unknown,
) => Promise<{ readonly key: CryptoKey; readonly alg: Algorithm } | undefined>

/** Bytes of details that one token holds: with all else it stays within what is looked at. */
export const mostDetailBytes = 20 * 1024
const mostCharacters = 32 * 1024

const invalid = (detail: string) => refuse('invalid_token', 'The access token is not valid', detail)

/**
 * Verifies a JWT access token (RFC 9068 4): type, signature, issuer, times, shape. Audience, scope
 * and presenter are judged by the caller. Errors: `invalid_token`.
 */
export async function verifyAccessToken(
  token: string,
  expected: {
    readonly issuer: string
    readonly keys: KeyFinder
    /** Milliseconds. */
    readonly now: number
    /** Also takes tokens past their time: for revocation. */
    readonly expired?: 'accepted'
  },
): Promise<Result<AccessToken>> {
  const jwt = decodeJwt(token, mostCharacters)
  if (jwt === undefined) return invalid('not a JWT')
  const { header, claims } = jwt
  if (header['typ'] !== 'at+jwt') return invalid('typ is not at+jwt')
  const key = await expected.keys(header['kid'])
  if (key === undefined) return invalid('no key of the issuer has this kid')
  if (header['alg'] !== key.alg) return invalid('alg is not the alg of the key')
  if (!(await verifySignature(token, key.key, key.alg)))
    return invalid('the signature does not verify')
  if (claims['iss'] !== expected.issuer) return invalid('another issuer')
  const { exp, iat, jti, sub, aud, client_id: clientId, scope, cnf } = claims
  const home = typeof jti === 'string' ? readTokenId(jti) : undefined
  const shaped =
    typeof jti === 'string' &&
    typeof exp === 'number' &&
    typeof iat === 'number' &&
    typeof sub === 'string' &&
    typeof aud === 'string' &&
    typeof clientId === 'string' &&
    (scope === undefined || typeof scope === 'string') &&
    isRecord(cnf)
  if (!shaped || home === undefined) return invalid('a claim is missing')
  if (exp * 1000 <= expected.now && expected.expired === undefined) return invalid('expired')
  return accept({
    id: jti,
    home,
    clientId,
    subject: sub,
    audience: aud,
    scope: typeof scope === 'string' ? scope.split(' ') : [],
    confirmation: cnf as Confirmation,
    issuedAt: iat,
    expiresAt: exp,
    claims,
  })
}
