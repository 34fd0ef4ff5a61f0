import type { Issuer } from '../types.ts'
import { acceptedCa } from './certificate-match.ts'
import type { AcceptedCa } from './certificate-match.ts'

/** Reads the certificates of a PEM text; undefined when one is not a CA certificate. */
export function readCertificateAuthorities(pem: string): readonly AcceptedCa[] | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  const authorities = blocks.map((block) => acceptedCa(block))
  const sound = authorities.filter((authority) => authority !== undefined)
  return sound.length > 0 && sound.length === blocks.length ? sound : undefined
}

const byIssuer = new WeakMap<Issuer, readonly AcceptedCa[]>()

/** The authorities an issuer accepts for `tls_client_auth`, read once. */
export function authoritiesOf(issuer: Issuer): readonly AcceptedCa[] {
  const known = byIssuer.get(issuer)
  if (known !== undefined) return known
  const read = issuer.acceptedClientCas.flatMap((pem) => readCertificateAuthorities(pem) ?? [])
  byIssuer.set(issuer, read)
  return read
}
