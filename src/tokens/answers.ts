/** What the server says signed that is no token: authorization responses. */
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

/**
 * Signs an authorization response (JARM 2.1): all its parameters, the client as the only audience;
 * encrypted when the client registered for it. Errors: `invalid_request` when it has no key for that.
 */
export async function signAuthorizationResponse(
  call: Call,
  client: ClientRecord,
  parameters: Readonly<Record<string, string>>,
): Promise<Result<SignedAnswer>> {
  const registered = client.metadata.authorization_signed_response_alg
  const { key, kid, alg } = await signingKey(call, algorithmFor(call.issuer, registered))
  const iat = Math.floor(call.now / 1000)
  const times = { iat, exp: iat + authorizationResponseLife }
  const about = { iss: call.issuer.url, aud: client.clientId, ...times }
  const jws = await signJwt(key, { alg, typ: 'JWT', kid }, { ...parameters, ...about })
  const sealed = await sealFor(call, { client, what: 'authorization', jwt: jws })
  return sealed.ok ? accept({ jws, sealed: sealed.value }) : sealed
}
