import { toBase64Url, toHex } from '../encoding.ts'
import { fromBase64 } from './octets.ts'
import { readX509 } from './x509.ts'
import type { CertificateContents } from './x509.ts'

/** The certificate whose key the caller proved to hold in the TLS handshake. */
export type ClientCertificate = Omit<
  CertificateContents,
  'certificateAuthority' | 'subjectKeyId'
> & {
  readonly der: Uint8Array
  /** `x5t#S256` (RFC 8705 3.1). */
  readonly thumbprint: string
  /** Whether the platform found a path to a CA of the zone, and the certificate not revoked. */
  readonly verified: boolean
}

export type UnusableReason =
  | 'certificate too large'
  | 'certificate not delivered as a byte sequence'
  | 'certificate not in DER'
  | 'fingerprints differ'

export type CertificateReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'certificate'; readonly certificate: ClientCertificate }
  | { readonly kind: 'unusable'; readonly reason: UnusableReason }

const mostOctets = 16_384

/**
 * Reads the client certificate of a request from `request.cf` and from nowhere else: a header can
 * be written by anyone (RFC 8705 6.5).
 *
 * @example const reading = await readCertificate(request.cf)
 */
export async function readCertificate(cf: unknown): Promise<CertificateReading> {
  const tls = member(cf, 'tlsClientAuth')
  if (member(tls, 'certPresented') !== '1') return { kind: 'none' }
  if (member(tls, 'certRFC9440TooLarge') === true) return unusable('certificate too large')

  const encoded = member(tls, 'certRFC9440')
  if (typeof encoded !== 'string') return unusable('certificate not delivered as a byte sequence')
  if (encoded.length > 2 + (mostOctets / 3) * 4) return unusable('certificate too large')
  const der = readByteSequence(encoded)
  if (!der) return unusable('certificate not delivered as a byte sequence')

  const contents = readX509(der)
  if (!contents) return unusable('certificate not in DER')

  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', der))
  if (contradicts(member(tls, 'certFingerprintSHA256'), digest)) {
    return unusable('fingerprints differ')
  }
  const { subject, issuer, san, spki, authorityKeyId, extendedKeyUsage, notBefore, notAfter } =
    contents
  const certificate: ClientCertificate = {
    der,
    thumbprint: toBase64Url(digest),
    subject,
    issuer,
    san,
    spki,
    ...(authorityKeyId !== undefined && { authorityKeyId }),
    ...(extendedKeyUsage && { extendedKeyUsage }),
    notBefore,
    notAfter,
    // A revoked certificate still reads SUCCESS.
    verified: member(tls, 'certVerified') === 'SUCCESS' && member(tls, 'certRevoked') === '0',
  }
  return { kind: 'certificate', certificate }
}

function unusable(reason: UnusableReason): CertificateReading {
  return { kind: 'unusable', reason }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}

/** RFC 8941 3.3.5, as used by RFC 9440 2.1. */
function readByteSequence(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length < 3 || !text.startsWith(':') || !text.endsWith(':')) return undefined
  return fromBase64(text.slice(1, -1))
}

/** The platform's own value is a cross-check; its documented samples vary in length. */
function contradicts(fingerprint: unknown, digest: Uint8Array): boolean {
  if (typeof fingerprint !== 'string' || !/^[0-9A-Fa-f]{64}$/.test(fingerprint)) return false
  return fingerprint.toLowerCase() !== toHex(digest)
}
