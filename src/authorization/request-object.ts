import type { Call } from '../call.ts'
import { verificationKeys } from '../clients/keys.ts'
import type { ClientKey, KeySource } from '../clients/keys.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { Algorithm } from '../profiles/profile.ts'
import { decodeJwt, isFor, typeName, verifySignature } from '../tokens/jwt.ts'
import type { JwtParts } from '../tokens/jwt.ts'
import type { ClientRecord } from '../types.ts'
import type { PublicJwk } from '../clients/jwks.ts'
import { decryptRequest, isEncrypted } from './encrypted-request.ts'
import { one } from './parameters.ts'
import type { Parameters } from './parameters.ts'
import { parametersOf } from './request-claims.ts'

/** A request object whose signature was verified, and with what. */
export type SignedRequest = {
  /** As it was received, after decryption. */
  readonly jws: string
  /** The client's public key that verified it. */
  readonly jwk: PublicJwk
  readonly kid?: string
  readonly alg: Algorithm
  readonly source: KeySource
}

/** The parameters of a request, from wherever they came. */
export type OpenedRequest = { readonly parameters: Parameters; readonly signed?: SignedRequest }

/** Longest request object, and longest encrypted one, in characters. */
const mostCharacters = 32 * 1024
const mostEncrypted = 48 * 1024

/** Seconds between `nbf` and `exp`, and from `nbf` until now, at most (FAPI2 MS 5.3.1-3, -4). */
const longestLife = 3_600

/** RFC 9126 3: what may stand beside a request object. */
const outside = ['request', 'client_id', 'client_assertion', 'client_assertion_type']

const bad = (description: string, detail?: string) =>
  refuse('invalid_request_object', `The request object ${description}`, detail)

/**
 * Takes the parameters out of the request object, if there is one: then none comes from elsewhere (RFC
 * 9101, RFC 9126 3). The client was proven before. Errors: `invalid_request`, `invalid_request_object`,
 * `payload_too_large`.
 */
export async function openRequest(
  call: Call,
  client: ClientRecord,
  form: Parameters,
): Promise<Result<OpenedRequest>> {
  const request = one(form, 'request')
  if (request === undefined) return accept({ parameters: form })
  if ([...form.keys()].some((name) => !outside.includes(name))) {
    return refuse('invalid_request', 'Beside request no other parameter may be sent')
  }
  const encrypted = isEncrypted(request)
  const most = encrypted ? mostEncrypted : mostCharacters
  if (request.length > most) {
    return refuse('payload_too_large', `request is longer than ${most} characters`)
  }
  const jws = encrypted ? await decryptRequest(call, client, request) : accept(request)
  return jws.ok ? openSigned(call, client, jws.value) : jws
}

async function openSigned(
  call: Call,
  client: ClientRecord,
  jws: string,
): Promise<Result<OpenedRequest>> {
  const jwt = decodeJwt(jws, mostCharacters)
  if (jwt === undefined) return bad('is not a signed JWT')
  const alg = algorithmOf(call, client, jwt)
  if (!alg.ok) return alg
  const problem =
    problemWithKind(jwt) ??
    problemWithParties(jwt, { issuer: call.issuer.url, clientId: client.clientId }) ??
    problemWithTimes(jwt, call)
  if (problem !== undefined) return bad(problem)
  const signer = await findSigner(call, client, { jws, jwt, alg: alg.value })
  if (!signer.ok) return signer
  const parameters = parametersOf(jwt.claims)
  if (!parameters.ok) return bad(parameters.problem)
  const { jwk, source } = signer.value
  const kid = jwk.kid === undefined ? {} : { kid: jwk.kid }
  return accept({
    parameters: parameters.bag,
    signed: { jws, jwk, ...kid, alg: alg.value, source },
  })
}

/** FAPI2 SP 5.4.1: of the profile, and the registered one if there is one; never the header alone. */
function algorithmOf(call: Call, client: ClientRecord, { header }: JwtParts): Result<Algorithm> {
  const alg = call.issuer.profile.algorithms.find((known) => known === header['alg'])
  const registered = client.metadata.request_object_signing_alg
  if (alg === undefined) return bad('is signed with an alg that is not allowed')
  return registered === undefined || registered === alg
    ? accept(alg)
    : bad('is not signed with the registered alg')
}

/** Another kind of JWT never passes as a request (RFC 9101 10.8, RFC 8725 3.11). */
function problemWithKind({ header, claims }: JwtParts): string | undefined {
  const name = typeName(header['typ'])
  if (name !== undefined && name !== 'jwt' && name !== 'oauth-authz-req+jwt') {
    return 'has the typ of another kind of JWT'
  }
  if (claims['sub'] !== undefined) return 'has a sub, as a client assertion has'
  return ['request', 'request_uri'].some((name) => Object.hasOwn(claims, name))
    ? 'holds request or request_uri'
    : undefined
}

/** Whose it is and whom it is for (FAPI2 MS 5.3.1-2, RFC 9126 3). */
function problemWithParties(
  { claims }: JwtParts,
  { issuer, clientId }: { readonly issuer: string; readonly clientId: string },
): string | undefined {
  const { aud, iss, client_id: named } = claims
  if (!isFor(aud, issuer)) return 'has an aud without this issuer'
  if (named !== clientId) return 'has a client_id that is not the client'
  return iss === undefined || iss === clientId ? undefined : 'has an iss that is not the client'
}

/** FAPI2 MS 5.3.1-3, -4; SP 5.3.2.1-13. */
function problemWithTimes({ claims }: JwtParts, call: Call): string | undefined {
  const { futureSkew, expirySkew } = call.issuer.profile
  const now = call.now / 1000
  const { nbf, exp, iat } = claims
  if (!isTime(nbf)) return 'has no nbf'
  if (!isTime(exp)) return 'has no exp'
  if (nbf > now + futureSkew) return 'has an nbf too far in the future'
  if (nbf < now - longestLife) return 'has an nbf more than 60 minutes ago'
  if (exp + expirySkew <= now) return 'has expired'
  if (exp <= nbf || exp > nbf + longestLife)
    return 'has an exp that is not within 60 minutes of nbf'
  if (iat !== undefined && !(isTime(iat) && iat <= now + futureSkew)) {
    return 'has an iat that is not a time before now'
  }
  return undefined
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value)

/** The client's key that signed it. Errors: `invalid_request_object`. */
async function findSigner(
  call: Call,
  client: ClientRecord,
  given: { readonly jws: string; readonly jwt: JwtParts; readonly alg: Algorithm },
): Promise<Result<ClientKey>> {
  const { jws, jwt, alg } = given
  const keys = await verificationKeys(call, client, { kid: jwt.header['kid'], alg })
  for (const candidate of keys) {
    if (await verifySignature(jws, candidate.key, alg)) return accept(candidate)
  }
  const detail = keys.length === 0 ? 'no key of the client fits' : 'the signature does not verify'
  return bad('is not signed by the client', detail)
}
