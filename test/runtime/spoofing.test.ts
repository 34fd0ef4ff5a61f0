// @vitest-environment node
import { writeFileSync } from 'node:fs'
import * as https from 'node:https'
import * as http from 'node:http'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { issue } from './support/certificates.ts'
import type { Issued } from './support/certificates.ts'
import { freePorts, removeFolder, startServer, temporaryFolder } from './support/running.ts'
import type { RunningServer } from './support/running.ts'

const folder = temporaryFolder()
let server: RunningServer
let certificate: Issued

beforeAll(async () => {
  const authority = await issue({ subject: 'CN=Test authority', authority: true })
  certificate = await issue({ subject: 'CN=tpp', issuer: authority, usage: 'client' })
  const config = {
    clients: [
      {
        client_id: 'certified',
        client_name: 'Certified',
        grant_types: ['client_credentials'],
        scope: 'accounts',
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=tpp',
        tls_client_certificate_bound_access_tokens: true,
      },
    ],
  }
  writeFileSync(join(folder, 'ca.pem'), authority.certificate)
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  server = await startServer([
    '--port', String(await freePorts()), '--state', ':memory:', '--no-demo',
    '--client-ca', join(folder, 'ca.pem'), '--config', join(folder, 'config.json'),
  ]) // prettier-ignore
}, 60_000)
afterAll(async () => {
  await server.stop()
  removeFolder(folder)
})

type Answer = { readonly status: number; readonly body: string }

function ask(
  offset: number,
  path: string,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly client?: Issued } = {},
): Promise<Answer> {
  const { client, headers = {} } = options
  const body =
    path === '/token' ? 'grant_type=client_credentials&client_id=certified&scope=accounts' : ''
  return new Promise((resolve, reject) => {
    const secure = offset % 2 === 1
    const request = (secure ? https : http).request(
      {
        host: 'localhost',
        port: server.port + offset,
        path,
        method: body === '' ? 'GET' : 'POST',
        headers: {
          ...headers,
          ...(body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        agent: false,
        ...(secure ? { rejectUnauthorized: false } : {}),
        ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
      },
      (response) => {
        let text = ''
        response.on('data', (part: Buffer) => (text += part.toString('utf8')))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

/** Everything an attacker could say to pose as the holder of the certificate. */
function spoofedHeaders(): Readonly<Record<string, string>> {
  const { raw, serialNumber, fingerprint256 } = new X509Certificate(certificate.certificate)
  const der = raw.toString('base64')
  const tlsClientAuth = {
    certPresented: '1', certVerified: 'SUCCESS', certRevoked: '0', certSerial: serialNumber,
    certSubjectDN: 'CN=tpp', certSubjectDNRFC2253: 'CN=tpp', certIssuerDNRFC2253: 'CN=Test authority',
    certFingerprintSHA256: fingerprint256.replaceAll(':', '').toLowerCase(),
    certRFC9440: `:${der}:`, certRFC9440TooLarge: false,
  } // prettier-ignore
  return {
    'mf-cf-blob': JSON.stringify({ tlsClientAuth }),
    'client-cert': `:${der}:`,
    'client-cert-chain': '',
    'cf-client-cert-der-base64': der,
    'cf-client-cert-sha256': fingerprint256,
    'x-forwarded-client-cert': `Subject="CN=tpp"`,
  }
}

it('gives a token to who holds the certificate (the positive twin)', async () => {
  const answer = await ask(1, '/token', { client: certificate })
  expect(answer.status).toBe(200)
})

it.each([
  ['the server', 0, '/token'],
  ['the server with certificates', 1, '/token'],
  ['the API', 2, '/accounts'],
  ['the API with certificates', 3, '/accounts'],
] as const)('learns nothing about a certificate from headers on the port of %s', async (_what, offset, path) => {
  const plain = await ask(offset, path)
  const spoofed = await ask(offset, path, { headers: spoofedHeaders() })
  expect(spoofed.status).toBe(plain.status)
  expect(plain.status).toBeGreaterThanOrEqual(400)
  const withoutIds = ({ body }: Answer): string => body.replaceAll(/[A-Za-z0-9_-]{12}"/g, '"')
  expect(withoutIds(spoofed)).toBe(withoutIds(plain))
}) // prettier-ignore
