import type { AuthenticatedClient } from '../clients/authenticate.ts'
import type { PublicJwk } from '../clients/jwks.ts'
import type { ReceivedRequest } from '../evidence/drafts.ts'
import type { ClientCertificate } from '../proof/certificate.ts'
import { thumbprintOf } from '../tokens/jwt.ts'
import type { Sender } from '../types.ts'
import type { Parameters } from './parameters.ts'
import type { SignedRequest } from './request-object.ts'

/** Credentials are no evidence, and a request object is kept as what was verified. */
const left = ['request', 'client_assertion', 'client_assertion_type']

/**
 * A pushed request as it was received, for whoever must show it later: what was signed and what verified
 * it, or the parameters; of credentials only whose they were.
 */
export async function receivedRequest(given: {
  readonly form: Parameters
  readonly signed: SignedRequest | undefined
  readonly client: AuthenticatedClient
  readonly certificate: ClientCertificate | undefined
  readonly sender: Sender
  readonly now: number
}): Promise<ReceivedRequest> {
  const { form, signed, client, sender, now } = given
  const { jkt, x5t } = sender
  return {
    clientId: client.record.clientId,
    receivedAt: now,
    authentication: await provenBy(client, given.certificate),
    sender: {
      ...(jkt === undefined ? {} : { jkt }),
      ...(x5t === undefined ? {} : { 'x5t#S256': x5t }),
    },
    content: signed === undefined ? { parameters: parametersOf(form) } : contentOf(signed),
  }
}

function contentOf({ jws, alg, jwk, source }: SignedRequest): ReceivedRequest['content'] {
  const signed = { jws, alg, jwk: plainKey(jwk) }
  return source === 'registered'
    ? { ...signed, keyFrom: 'jwks' }
    : {
        ...signed,
        keyFrom: 'jwks_uri',
        jwksUri: source.jwks_uri,
        jwksFetchedAt: source.fetchedAt,
      }
}

/** What makes the key, and its name. */
function plainKey({ kty, crv, x, y, n, e, kid }: PublicJwk): Readonly<Record<string, string>> {
  const members = Object.entries({ kty, crv, x, y, n, e, kid })
  return Object.fromEntries(
    members.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

const parametersOf = (form: Parameters): Readonly<Record<string, string | readonly string[]>> =>
  Object.fromEntries(
    [...form]
      .filter(([name]) => !left.includes(name))
      .map(([name, [value = '', ...more]]) => [name, more.length === 0 ? value : [value, ...more]]),
  )

async function provenBy(
  { method, assertion }: AuthenticatedClient,
  certificate: ClientCertificate | undefined,
): Promise<ReceivedRequest['authentication']> {
  if (assertion === undefined) {
    return certificate === undefined ? { method } : { method, 'x5t#S256': certificate.thumbprint }
  }
  const { alg, jwk } = assertion
  const kid = jwk.kid === undefined ? {} : { kid: jwk.kid }
  return { method, alg, ...kid, jkt: await thumbprintOf(jwk) }
}
