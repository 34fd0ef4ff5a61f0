import { X509Certificate } from 'node:crypto'
import { inject } from 'vitest'
import { form, send } from './http.ts'
import type { Answer, Credential } from './http.ts'

export type Presented = {
  readonly path?: string
  readonly side?: 'main' | 'mtls'
  readonly fields: Readonly<Record<string, string>>
  /** Absent: no certificate. */
  readonly credential?: Credential | undefined
  readonly headers?: readonly (readonly [string, string])[]
}

/** Posts a form with exactly this certificate, or none, and no other authentication. */
export async function present(given: Presented): Promise<Answer> {
  const server = inject('server')
  const { path = '/token', side = 'mtls', fields, credential, headers = [] } = given
  return send(`${side === 'mtls' ? server.mtls : server.issuer}${path}`, {
    method: 'POST',
    headers: [['content-type', 'application/x-www-form-urlencoded'], ...headers],
    body: form(fields),
    ca: server.ca,
    ...(credential === undefined ? {} : { credential }),
  })
}

/** Asks for a token in the client's own name, with a certificate alone. */
export const askWith = (clientId: string, credential: Credential | undefined): Promise<Answer> =>
  present({ fields: { grant_type: 'client_credentials', client_id: clientId }, credential })

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
