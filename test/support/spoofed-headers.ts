import { X509Certificate } from 'node:crypto'
import type { Credential } from './http.ts'

/** `x5t#S256` by another road than the server's: OpenSSL's fingerprint of the PEM text. */
export function thumbprintOf({ cert }: Credential): string {
  const hex = new X509Certificate(cert).fingerprint256.replaceAll(':', '')
  return Buffer.from(hex, 'hex').toString('base64url')
}

/** Headers in which proxies tell of a client certificate; anybody can write them. */
export function spoofedHeaders({ cert }: Credential): readonly (readonly [string, string])[] {
  const { raw, fingerprint256 } = new X509Certificate(cert)
  const base64 = raw.toString('base64')
  const hex = fingerprint256.replaceAll(':', '').toLowerCase()
  const tlsClientAuth = {
    certPresented: '1',
    certVerified: 'SUCCESS',
    certRevoked: '0',
    certFingerprintSHA256: hex,
    certRFC9440: `:${base64}:`,
    certRFC9440TooLarge: false,
  }
  return [
    ['MF-CF-Blob', JSON.stringify({ tlsClientAuth })],
    ['Client-Cert', `:${base64}:`],
    ['Client-Cert-Chain', `:${base64}:`],
    ['Cf-Client-Cert-Der-Base64', base64],
    ['Cf-Client-Cert-Sha256', hex],
    ['Cf-Client-Cert-Verified', 'SUCCESS'],
    ['Cf-Cert-Presented', '1'],
    ['X-SSL-Cert', encodeURIComponent(cert)],
    ['X-SSL-Client-Cert', encodeURIComponent(cert)],
    ['X-SSL-Client-Verify', 'SUCCESS'],
    ['X-Client-Cert', base64],
    ['X-Forwarded-Client-Cert', `Hash=${hex};Cert="${encodeURIComponent(cert)}"`],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'localhost'],
    ['X-Fapi-Edge-Control', '{}'],
  ]
}
