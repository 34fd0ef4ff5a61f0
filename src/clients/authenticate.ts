import type { Call } from '../call.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import { one } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import type { ClientCertificate } from '../proof/certificate.ts'
import { authenticateCertificate } from './mtls.ts'
import type { ClientAuthenticationMethod } from '../profiles/profile.ts'
import { decodeJwt } from '../tokens/jwt.ts'
import type { JwtParts } from '../tokens/jwt.ts'
import type { ClientRecord } from '../types.ts'
import { verifyAssertion } from './assertion.ts'
import type { Assertion } from './assertion.ts'
import { findClient } from './find.ts'

/** A client that proved itself; only this module makes one. Its object has not been asked yet. */
export type AuthenticatedClient = {
  readonly record: ClientRecord
  readonly method: ClientAuthenticationMethod
  readonly assertion?: Assertion
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const bad = (detail: string) => refuse('invalid_client', 'Client authentication failed', detail)

/** What a request offers to prove its client, before anything is believed. */
type Offer = {
  readonly clientId: string
  readonly assertion?: { readonly token: string; readonly jwt: JwtParts }
}

/**
 * The one gate that proves the client: exactly one method per request, and the registered one
 * (FAPI2 SP 5.3.2.1-6, RFC 6749 2.3). Uses nothing up. Errors: `invalid_client`, `invalid_request`.
 */
export async function authenticateClient(
  call: Call,
  parameters: Parameters,
  certificate: ClientCertificate | undefined,
): Promise<Result<AuthenticatedClient>> {
  const offer = readOffer(call, parameters)
  if (!offer.ok) return offer
  const record = await findClient(call, offer.value.clientId)
  if (record === undefined) return bad('no such client')
  call.about({ client_id: record.clientId })
  return proveClient(call, record, { offer: offer.value, certificate })
}

/** Proves the client again with a newer record of itself. */
export async function authenticateAgain(
  call: Call,
  record: ClientRecord,
  request: { readonly parameters: Parameters; readonly certificate: ClientCertificate | undefined },
): Promise<Result<AuthenticatedClient>> {
  const offer = readOffer(call, request.parameters)
  if (!offer.ok) return offer
  return proveClient(call, record, { offer: offer.value, certificate: request.certificate })
}

async function proveClient(
  call: Call,
  record: ClientRecord,
  given: { readonly offer: Offer; readonly certificate: ClientCertificate | undefined },
): Promise<Result<AuthenticatedClient>> {
  const method = record.metadata.token_endpoint_auth_method
  const { assertion } = given.offer
  if (!call.issuer.profile.clientAuthentication.includes(method))
    return bad('the method is not allowed')
  if (method === 'private_key_jwt') {
    if (assertion === undefined) return bad('no assertion was sent')
    const verified = await verifyAssertion(call, record, assertion)
    return verified.ok ? accept({ record, method, assertion: verified.value }) : verified
  }
  if (assertion !== undefined) return bad('an assertion is not the registered method')
  if (given.certificate === undefined) return bad('no client certificate was presented')
  const problem = await authenticateCertificate(call, record, given.certificate)
  return problem === undefined ? accept({ record, method }) : bad(problem)
}

function readOffer(call: Call, parameters: Parameters): Result<Offer> {
  if (call.request.headers.has('authorization'))
    return bad('HTTP authentication is not a method here')
  if (parameters.has('client_secret')) return bad('client secrets are not a method here')
  const clientId = one(parameters, 'client_id')
  const type = one(parameters, 'client_assertion_type')
  const token = one(parameters, 'client_assertion')
  if (type === undefined && token === undefined) {
    if (clientId === undefined) return bad('neither client_id nor client_assertion was sent')
    return accept({ clientId })
  }
  if (type !== assertionType) return bad('client_assertion_type is missing or unknown')
  const jwt = token === undefined ? undefined : decodeJwt(token)
  const subject = jwt?.claims['sub']
  if (token === undefined || jwt === undefined || typeof subject !== 'string') {
    return bad('client_assertion is missing or malformed')
  }
  if (clientId !== undefined && clientId !== subject)
    return bad('client_id is not the assertion subject')
  return accept({ clientId: subject, assertion: { token, jwt } })
}
