import type { Call } from '../call.ts'
import {
  acceptedIssuer,
  allowsClientAuthentication,
  hasKeyOf,
  matchesSubject,
} from '../proof/certificate-match.ts'
import type { ClientCertificate } from '../proof/certificate.ts'
import { authoritiesOf } from '../proof/authorities.ts'
import type { ClientRecord } from '../types.ts'
import { clientJwks } from './keys.ts'

/**
 * Whether a certificate authenticates this client (RFC 8705 2). The chain was judged by the platform;
 * that its issuer is one this issuer accepts is judged here. Returns what is wrong, or undefined.
 */
export async function authenticateCertificate(
  call: Call,
  client: ClientRecord,
  certificate: ClientCertificate,
): Promise<string | undefined> {
  if (client.metadata.token_endpoint_auth_method === 'self_signed_tls_client_auth') {
    const match = async (renew: boolean) => {
      const jwks = await clientJwks(call, client, { renew })
      return jwks !== undefined && hasKeyOf(certificate, jwks)
    }
    if (await match(false)) return undefined
    if (client.metadata.jwks_uri !== undefined && (await match(true))) return undefined
    return 'the certificate is not in the client JWKS'
  }
  if (!certificate.verified) return 'the certificate chain was not verified'
  if (certificate.notAfter <= call.now || certificate.notBefore > call.now)
    return 'the certificate is out of date'
  if (!acceptedIssuer(certificate, authoritiesOf(call.issuer)))
    return 'the certificate authority is not accepted'
  if (!allowsClientAuthentication(certificate))
    return 'the certificate is not for client authentication'
  return matchesSubject(certificate, client.metadata)
    ? undefined
    : 'the subject is not the registered one'
}
