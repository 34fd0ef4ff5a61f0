import type { ClientCertificate } from './certificate.ts'
import { parseDistinguishedName, sameName } from './distinguished-name.ts'
import type { DistinguishedName } from './distinguished-name.ts'
import { canonicalAddress } from './ip-address.ts'
import { fromBase64, sameOctets } from './octets.ts'
import { publicKeyMembers } from './public-key.ts'
import { readX509 } from './x509.ts'

/** The one value a client of `tls_client_auth` registered (RFC 8705 2.1.2). */
export type RegisteredSubject = {
  readonly tls_client_auth_subject_dn?: string | undefined
  readonly tls_client_auth_san_dns?: string | undefined
  readonly tls_client_auth_san_uri?: string | undefined
  readonly tls_client_auth_san_ip?: string | undefined
  readonly tls_client_auth_san_email?: string | undefined
}

/** A CA whose certificates may authenticate clients. */
export type AcceptedCa = {
  readonly issuer: DistinguishedName
  readonly keyId?: string
}

type Matcher = (certificate: ClientCertificate, registered: string) => boolean

const matchers: Readonly<Record<keyof RegisteredSubject, Matcher>> = {
  tls_client_auth_subject_dn: ({ subject }, registered) => {
    const name = parseDistinguishedName(registered)
    return name !== undefined && sameName(subject, name)
  },
  // RFC 8705 2.1.2 gives dNSName no wildcards: an asterisk is a character.
  tls_client_auth_san_dns: ({ san }, registered) =>
    san.dns.some((name) => name.toLowerCase() === lowerCase(registered)),
  tls_client_auth_san_uri: ({ san }, registered) => san.uri.includes(registered),
  tls_client_auth_san_ip: ({ san }, registered) => {
    const address = canonicalAddress(registered)
    return address !== undefined && san.ip.includes(address)
  },
  tls_client_auth_san_email: ({ san }, registered) => {
    const mailbox = canonicalMailbox(registered)
    return mailbox !== undefined && san.email.some((name) => canonicalMailbox(name) === mailbox)
  },
}

/**
 * Whether the certificate carries the subject a client registered (RFC 8705 2.1). None or several
 * registered values match nothing. It says nothing of trust: see `verified` and `acceptedIssuer`.
 *
 * @example matchesSubject(certificate, { tls_client_auth_san_dns: 'tpp.example' })
 */
export function matchesSubject(
  certificate: ClientCertificate,
  registered: RegisteredSubject,
): boolean {
  const names = Object.keys(matchers) as readonly (keyof RegisteredSubject)[]
  const given = names.filter((name) => registered[name] !== undefined)
  const [name] = given
  if (name === undefined || given.length !== 1) return false
  const value: unknown = registered[name]
  return typeof value === 'string' && value !== '' && matchers[name](certificate, value)
}

/** Only ASCII: `K` (Kelvin) is not a letter of a host name. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** RFC 5280 7.5: the local part as it is, the host without regard to case. */
function canonicalMailbox(text: string): string | undefined {
  const at = text.lastIndexOf('@')
  return at > 0 && at < text.length - 1 ? text.slice(0, at) + lowerCase(text.slice(at)) : undefined
}

/**
 * Whether a CA in the list issued the certificate. The platform checks the path to *any* CA of the
 * zone; this narrows it. An entry without key id accepts every key of that name.
 */
export function acceptedIssuer(
  certificate: ClientCertificate,
  accepted: readonly AcceptedCa[],
): boolean {
  return accepted.some(
    ({ issuer, keyId }) =>
      sameName(certificate.issuer, issuer) &&
      (keyId === undefined || certificate.authorityKeyId === keyId),
  )
}

/**
 * RFC 5280 4.2.1.12: key usages, where present, must name this one. `anyExtendedKeyUsage` does not
 * do: the section lets an application insist, and a CA that certifies bank clients can say so.
 */
export function allowsClientAuthentication({ extendedKeyUsage }: ClientCertificate): boolean {
  return extendedKeyUsage === undefined || extendedKeyUsage.includes('1.3.6.1.5.5.7.3.2')
}

/**
 * Whether the certificate or its key is in the client's key set (RFC 8705 2.2). The handshake
 * proves a signature, so keys for encryption do not count.
 */
export function hasKeyOf(certificate: ClientCertificate, jwks: unknown): boolean {
  const keys: unknown = isRecord(jwks) ? jwks['keys'] : undefined
  if (!Array.isArray(keys)) return false
  const members = Object.entries(publicKeyMembers(certificate.spki) ?? {})
  return keys.some((key: unknown) => {
    if (!isRecord(key) || key['use'] === 'enc') return false
    const sameKey = members.length > 0 && members.every(([name, value]) => key[name] === value)
    return sameKey || isSameCertificate(certificate, key['x5c'])
  })
}

/** RFC 7517 4.7: base64, and the first is the certificate of the key. */
function isSameCertificate({ der }: ClientCertificate, chain: unknown): boolean {
  const first: unknown = Array.isArray(chain) ? chain[0] : undefined
  const other = typeof first === 'string' ? fromBase64(first) : undefined
  return other !== undefined && sameOctets(der, other)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/**
 * Reads the certificate of a CA for the list of `acceptedIssuer`, from configuration. A text that
 * holds several, or a certificate that may not issue others, is a mistake and answers undefined.
 *
 * @example acceptedCa(env.CLIENT_CA_PEM)
 */
export function acceptedCa(pemOrDer: string | Uint8Array): AcceptedCa | undefined {
  const der = typeof pemOrDer === 'string' ? readPem(pemOrDer) : pemOrDer
  const contents = der && readX509(der)
  if (!contents?.certificateAuthority || contents.subject.length === 0) return undefined
  const { subject: issuer, subjectKeyId: keyId } = contents
  return keyId === undefined ? { issuer } : { issuer, keyId }
}

/** RFC 7468 5: text around is allowed. */
function readPem(text: string): Uint8Array | undefined {
  const blocks = [...text.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)]
  const body = blocks.length === 1 ? blocks[0]?.[1] : undefined
  return body === undefined ? undefined : fromBase64(body.replace(/\s/g, ''))
}
