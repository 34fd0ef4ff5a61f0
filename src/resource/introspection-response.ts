/**
 * For whoever asks the issuer over HTTP what it knows of a token, and wants its word signed (RFC 9701,
 * FAPI2 MS 5.5.2).
 */
import { isRecord } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { Algorithm } from '../profiles/profile.ts'
import { decodeJwt, isFor, typeName, verifySignature } from '../tokens/jwt.ts'

/** The media type to ask for, and to find in the answer. */
export const signedIntrospection = 'application/token-introspection+jwt'

export type IntrospectionExpectation = {
  readonly issuer: string
  /** Who asked: its client id. */
  readonly audience: string
  /** The algorithms that are taken; the header never adds one. */
  readonly algorithms: readonly Algorithm[]
  /** The issuer's key of this id: from its JWKS, found through the issuer that was expected. */
  readonly keys: (
    kid: unknown,
  ) => Promise<{ readonly key: CryptoKey; readonly alg: Algorithm } | undefined>
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Seconds: an answer is made while one waits for it. */
const freshFor = 60
const futureSkew = 30
const mostCharacters = 64 * 1024

const bad = (detail: string) =>
  refuse('invalid_token', 'The signed introspection answer is not valid', detail)

/**
 * Verifies a signed introspection answer and gives the members of RFC 7662. Without `active: true` the
 * token is not to be used. Errors: `invalid_token`.
 *
 * @example
 * const headers = { accept: signedIntrospection }
 * const answer = await fetch(introspectionEndpoint, { method: 'POST', headers, body })
 * const told = await verifyIntrospectionResponse(await answer.text(), { issuer, audience, … })
 */
export async function verifyIntrospectionResponse(
  text: string,
  expected: IntrospectionExpectation,
): Promise<Result<Readonly<Record<string, unknown>>>> {
  const jwt = decodeJwt(text, mostCharacters)
  if (jwt === undefined) return bad('it is not a signed JWT')
  const { header, claims } = jwt
  if (typeName(header['typ']) !== 'token-introspection+jwt')
    return bad('typ is that of another kind of JWT')
  const { iss, aud, iat, token_introspection: told } = claims
  // Whose it is comes first: the keys of nobody else are asked for.
  if (iss !== expected.issuer) return bad('iss is another issuer')
  if (!isFor(aud, expected.audience)) return bad('aud is somebody else')
  const now = expected.now / 1000
  if (typeof iat !== 'number' || !(iat > now - freshFor && iat <= now + futureSkew))
    return bad('iat is missing, or not of this moment')
  if (!isRecord(told) || typeof told['active'] !== 'boolean')
    return bad('token_introspection says nothing')
  const alg = expected.algorithms.find((known) => known === header['alg'])
  const key = alg === undefined ? undefined : await expected.keys(header['kid'])
  if (alg === undefined || key?.alg !== alg) return bad('no key of the issuer fits, or not its alg')
  return (await verifySignature(text, key.key, alg))
    ? accept(told)
    : bad('the signature does not verify')
}
