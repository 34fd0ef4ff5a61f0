/** What the server says signed that is no token: authorization responses, and what it knows of a token. */
import type { Call } from '../call.ts'
import { accept } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { ClientRecord } from '../types.ts'
import { sealFor } from './issue.ts'
import { signJwt } from './jwt.ts'
import { algorithmFor, signingKey } from './keys.ts'

/** Seconds in which a signed authorization response must have arrived (JARM 2.1: at most 600). */
const authorizationResponseLife = 300

/** An answer as it was signed, and as it leaves. */
export type SignedAnswer = { readonly jws: string; readonly sealed: string }

/** An authorization response, and the public key that verifies it. */
export type SignedResponse = SignedAnswer & {
  readonly jwk: Readonly<Record<string, string>>
}

/**
 * Signs an authorization response (JARM 2.1): all its parameters, the client as the only audience;
 * encrypted when the client registered for it. Errors: `invalid_request` when it has no key for that.
 */
export async function signAuthorizationResponse(
  call: Call,
  client: ClientRecord,
  parameters: Readonly<Record<string, string>>,
): Promise<Result<SignedResponse>> {
  const registered = client.metadata.authorization_signed_response_alg
  const { key, kid, alg, publicJwk } = await signingKey(call, algorithmFor(call.issuer, registered))
  const iat = Math.floor(call.now / 1000)
  const times = { iat, exp: iat + authorizationResponseLife }
  const about = { iss: call.issuer.url, aud: client.clientId, ...times }
  const jws = await signJwt(key, { alg, typ: 'JWT', kid }, { ...parameters, ...about })
  const sealed = await sealFor(call, { client, what: 'authorization', jwt: jws })
  if (!sealed.ok) return sealed
  // Members of a public key are texts.
  const jwk = { ...publicJwk, kid } as unknown as SignedResponse['jwk']
  return accept({ jws, jwk, sealed: sealed.value })
}

/** The type of a signed introspection answer, in its header and as media type (RFC 9701 4, 5). */
export const introspectionType = 'token-introspection+jwt'

/**
 * Signs what a resource server is told about a token (RFC 9701 5): all of it in one member, so that it
 * can stand for no token; encrypted when the resource server registered for it. Errors:
 * `invalid_request` when it has no key for that.
 */
export async function signIntrospection(
  call: Call,
  client: ClientRecord,
  description: Readonly<Record<string, unknown>>,
): Promise<Result<SignedAnswer>> {
  const registered = client.metadata.introspection_signed_response_alg
  const { key, kid, alg } = await signingKey(call, algorithmFor(call.issuer, registered))
  const about = { iss: call.issuer.url, aud: client.clientId, iat: Math.floor(call.now / 1000) }
  const claims = { ...about, token_introspection: description }
  const jws = await signJwt(key, { alg, typ: introspectionType, kid }, claims)
  const sealed = await sealFor(call, { client, what: 'introspection', jwt: jws })
  return sealed.ok ? accept({ jws, sealed: sealed.value }) : sealed
}
