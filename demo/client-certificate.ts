import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/**
 * `request.cf.tlsClientAuth` as Cloudflare fills it (developers.cloudflare.com, "Workers: request"):
 * texts throughout, except for the two "too large" marks.
 */
export type TlsClientAuth = typeof noCertificate | PresentedCertificate

type PresentedCertificate = {
  readonly [Name in keyof typeof noCertificate]: Name extends `${string}TooLarge` ? boolean : string
}

/** What Cloudflare says when no certificate was presented. */
export const noCertificate = {
  certPresented: '0',
  certVerified: 'NONE',
  certRevoked: '0',
  certIssuerDN: '',
  certSubjectDN: '',
  certIssuerDNRFC2253: '',
  certSubjectDNRFC2253: '',
  certIssuerDNLegacy: '',
  certSubjectDNLegacy: '',
  certSerial: '',
  certIssuerSerial: '',
  certSKI: '',
  certIssuerSKI: '',
  certFingerprintSHA1: '',
  certFingerprintSHA256: '',
  certNotBefore: '',
  certNotAfter: '',
  certRFC9440: '',
  certRFC9440TooLarge: false,
  certChainRFC9440: '',
  certChainRFC9440TooLarge: false,
} as const

const mostLeafBytes = 10 * 1024

/** Cloudflare's words for OpenSSL's verdicts; all others are a bare `FAILED`. */
const failures: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'FAILED:self signed certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'FAILED:unable to verify the first certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'FAILED:unable to get local issuer certificate',
  CERT_NOT_YET_VALID: 'FAILED:certificate is not yet valid',
  CERT_HAS_EXPIRED: 'FAILED:certificate has expired',
}

/**
 * Describes the certificate of a connection. Nothing the client sent can make this throw. Clients leave
 * out the authority that issued their certificate; it is looked up among the trusted ones.
 */
export function describeClientCertificate(
  socket: TLSSocket,
  authorities: readonly X509Certificate[],
): TlsClientAuth {
  const leaf = socket.getPeerX509Certificate()
  if (leaf === undefined) return noCertificate
  const identifiers = readKeyIdentifiers(leaf)
  const tooLarge = leaf.raw.length > mostLeafBytes
  const issuer = authorities.find((one) => leaf.checkIssued(one))
  return {
    certPresented: '1',
    certVerified: socket.authorized ? 'SUCCESS' : describeFailure(socket.authorizationError),
    certRevoked: '0',
    ...describeNames(leaf),
    certSerial: leaf.serialNumber.toUpperCase(),
    certIssuerSerial: issuer?.serialNumber.toUpperCase() ?? '',
    certSKI: identifiers.subject,
    certIssuerSKI: identifiers.authority,
    certFingerprintSHA1: plainHex(leaf.fingerprint),
    certFingerprintSHA256: plainHex(leaf.fingerprint256),
    certNotBefore: leaf.validFrom,
    certNotAfter: leaf.validTo,
    certRFC9440: tooLarge ? '' : byteSequence(leaf.raw),
    certRFC9440TooLarge: tooLarge,
    // Node keeps the intermediates a client sent to itself; they are unverified and nobody reads them.
    certChainRFC9440: '',
    certChainRFC9440TooLarge: false,
  }
}

/** Node types this as an Error, but it is the code's text. */
function describeFailure(verdict: unknown): string {
  const code = verdict instanceof Error && 'code' in verdict ? verdict.code : verdict
  return typeof code === 'string' ? (failures[code] ?? 'FAILED') : 'FAILED'
}

function describeNames(leaf: X509Certificate) {
  const issuer = readName(leaf.issuer)
  const subject = readName(leaf.subject)
  return {
    certIssuerDN: [...issuer].reverse().join(', '),
    certSubjectDN: [...subject].reverse().join(', '),
    certIssuerDNRFC2253: [...issuer].reverse().join(','),
    certSubjectDNRFC2253: [...subject].reverse().join(','),
    certIssuerDNLegacy: writeLegacy(issuer),
    certSubjectDNLegacy: writeLegacy(subject),
  }
}

/**
 * The parts of a name in the order of the certificate. Node gives one line each, escaped as RFC 2253
 * wants it but for bytes beyond ASCII, which OpenSSL's form (and Cloudflare's) writes as `\C3\85`.
 */
function readName(name: string | undefined): readonly string[] {
  const lines = (name ?? '').split('\n').filter((line) => line !== '')
  return lines.map((line) =>
    line.replaceAll(/[^\x20-\x7e]/gu, (character) =>
      [...Buffer.from(character, 'utf8')]
        .map((byte) => `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    ),
  )
}

/** OpenSSL's old one-line form: slashes, no escapes but for bytes beyond ASCII. */
const writeLegacy = (name: readonly string[]): string =>
  name
    .map((part) => `/${part.replaceAll(/\\([0-9A-F]{2})/g, '\\x$1').replaceAll(/\\([^x])/g, '$1')}`)
    .join('')

function readKeyIdentifiers(leaf: X509Certificate): { subject: string; authority: string } {
  try {
    const parsed = new x509.X509Certificate(leaf.raw)
    const subject = parsed.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId ?? ''
    const authority = parsed.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId ?? ''
    return { subject: subject.toUpperCase(), authority: authority.toUpperCase() }
  } catch {
    return { subject: '', authority: '' }
  }
}

const byteSequence = (der: Buffer): string => `:${der.toString('base64')}:`

const plainHex = (fingerprint: string): string => fingerprint.replaceAll(':', '').toLowerCase()
