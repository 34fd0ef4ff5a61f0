import type { AuthenticatedClient } from '../clients/authenticate.ts'
import type { ClientCertificate } from '../proof/certificate.ts'
import { thumbprintOf } from '../tokens/jwt.ts'
import type { ClientRecord, Sender } from '../types.ts'
import type { Parameters } from './parameters.ts'
import type { SignedRequest } from './request-object.ts'

/** A pushed request as it was received, kept beside the validated one for whoever must show it later. */
export type ReceivedRequest = {
  /** What was sent as form parameters, without credentials and without the request object. */
  readonly form: Readonly<Record<string, string | readonly string[]>>
  /** The request object as it was signed (RFC 9101); absent when the request was not signed. */
  readonly jws?: string
  /** What verified it. */
  readonly key?: Omit<SignedRequest, 'jws'>
  /** How the client was proven. */
  readonly client: {
    readonly method: ClientRecord['metadata']['token_endpoint_auth_method']
    readonly alg?: string
    readonly kid?: string
    /** RFC 7638 thumbprint of the key that signed the assertion. */
    readonly jkt?: string
    /** SHA-256 of the certificate. */
    readonly x5t?: string
  }
  readonly sender: Sender
  /** Milliseconds. */
  readonly receivedAt: number
}

/** Credentials are no evidence, and a request object is kept as what was verified. */
const left = ['request', 'client_assertion', 'client_assertion_type']

/** What is kept of a request; of credentials only whose they were. */
export async function receivedRequest(given: {
  readonly form: Parameters
  readonly signed: SignedRequest | undefined
  readonly client: AuthenticatedClient
  readonly certificate: ClientCertificate | undefined
  readonly sender: Sender
  readonly now: number
}): Promise<ReceivedRequest> {
  const { form, signed, sender, now } = given
  const kept = [...form].filter(([name]) => !left.includes(name))
  const whole = {
    form: Object.fromEntries(
      kept.map(([name, [value = '', ...more]]) => [
        name,
        more.length === 0 ? value : [value, ...more],
      ]),
    ),
    client: await provenBy(given.client, given.certificate),
    sender,
    receivedAt: now,
  }
  if (signed === undefined) return whole
  const { jws, ...key } = signed
  return { ...whole, jws, key }
}

async function provenBy(
  { method, assertion }: AuthenticatedClient,
  certificate: ClientCertificate | undefined,
): Promise<ReceivedRequest['client']> {
  if (assertion === undefined) {
    return certificate === undefined ? { method } : { method, x5t: certificate.thumbprint }
  }
  const { alg, jwk } = assertion
  const kid = jwk.kid === undefined ? {} : { kid: jwk.kid }
  return { method, alg, ...kid, jkt: await thumbprintOf(jwk) }
}
