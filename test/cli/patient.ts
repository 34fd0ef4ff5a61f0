import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import type http from 'node:http'
import https from 'node:https'
import type { TlsOptions } from 'node:tls'
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { exportJWK, generateKeyPair } from 'jose'
import { listen } from './support.ts'

/** An answer before it is sent. Tests change it to be wrong in one way. */
export type Reply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string
}

export type Illness = {
  readonly metadata?: (metadata: Record<string, unknown>) => Record<string, unknown>
  readonly openid?: (metadata: Record<string, unknown>) => Record<string, unknown>
  readonly jwks?: (key: Record<string, unknown>) => unknown
  readonly tls?: TlsOptions
  readonly mtls?: TlsOptions
  readonly reply?: (reply: Reply, request: http.IncomingMessage) => Reply
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
}

const pem = async (key: webcrypto.CryptoKey): Promise<string> => {
  const body = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64')
  return `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`
}

const window = {
  notBefore: new Date(Date.now() - 3_600_000),
  notAfter: new Date(Date.now() + 86_400_000),
}
const authority = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
const root = await X509CertificateGenerator.createSelfSigned({
  ...window,
  name: 'CN=Test root',
  signingAlgorithm: algorithm,
  keys: authority,
  extensions: [new BasicConstraintsExtension(true, undefined, true)],
})

/** An RSA certificate, so that static RSA and DHE suites are possible at all. */
const leafKeys = await webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify'])
const leaf = await X509CertificateGenerator.create({
  ...window,
  subject: 'CN=localhost',
  issuer: root.subject,
  publicKey: leafKeys.publicKey,
  signingKey: authority.privateKey,
  signingAlgorithm: algorithm,
  extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
})

export const ca = root.toString('pem')

const soundTls: TlsOptions = {
  key: await pem(leafKeys.privateKey),
  cert: leaf.toString('pem'),
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
}

const signing = await exportJWK((await generateKeyPair('ES256')).publicKey)
export const publicKey = { ...signing, kid: 'k1', alg: 'ES256', use: 'sig' }

const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const json = (status: number, value: unknown, headers = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  body: JSON.stringify(value),
})

function soundMetadata(issuer: string, mtls: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    pushed_authorization_request_endpoint: `${issuer}/par`,
    jwks_uri: `${issuer}/jwks`,
    mtls_endpoint_aliases: { token_endpoint: `${mtls}/token` },
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    scopes_supported: ['openid'],
    subject_types_supported: ['public'],
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'tls_client_auth'],
    token_endpoint_auth_signing_alg_values_supported: ['ES256', 'PS256'],
    id_token_signing_alg_values_supported: ['ES256'],
    dpop_signing_alg_values_supported: ['ES256', 'Ed25519'],
    code_challenge_methods_supported: ['S256'],
    require_pushed_authorization_requests: true,
    authorization_response_iss_parameter_supported: true,
    tls_client_certificate_bound_access_tokens: true,
  }
}

function soundReply(
  request: http.IncomingMessage,
  at: { readonly issuer: string; readonly mtls: string; readonly illness: Illness },
): Reply {
  const path = new URL(String(request.url), at.issuer).pathname
  const metadata = (at.illness.metadata ?? ((same) => same))(soundMetadata(at.issuer, at.mtls))
  const refused = json(401, { error: 'invalid_client' }, { 'dpop-nonce': 'nonce-1' })
  if (path === '/.well-known/oauth-authorization-server') return json(200, metadata)
  if (path === '/.well-known/openid-configuration') {
    return json(200, (at.illness.openid ?? ((same) => same))(metadata))
  }
  if (path === '/jwks') return json(200, { keys: [(at.illness.jwks ?? ((key) => key))(publicKey)] })
  if (path === '/authorize') {
    return { status: 400, headers: pageHeaders, body: '<p id="error">This link is not valid.</p>' }
  }
  if (path === '/par' && request.method !== 'POST') {
    return json(405, { error: 'invalid_request' }, { allow: 'POST' })
  }
  if (path === '/par' || path === '/token') return refused
  return path === '/admin/keys'
    ? json(401, {}, { 'www-authenticate': 'DPoP' })
    : json(404, { error: 'not_found' })
}

/** A healthy issuer on two https ports of this machine, or one that is ill in one way. */
export async function patient(illness: Illness = {}): Promise<string> {
  const at = { issuer: '', mtls: '', illness }
  const handler =
    (mtlsHost: boolean): http.RequestListener =>
    (request, response) => {
      request.resume()
      const page = String(request.url).startsWith('/authorize')
      const sound = mtlsHost && page ? json(404, { error: 'not_found' }) : soundReply(request, at)
      const reply = (illness.reply ?? ((same) => same))(sound, request)
      response.writeHead(reply.status, { ...reply.headers })
      response.end(reply.body)
    }
  const main = https.createServer({ ...soundTls, ...illness.tls }, handler(false))
  const mutual = https.createServer(
    { ...soundTls, requestCert: true, rejectUnauthorized: false, ...illness.mtls },
    handler(true),
  )
  at.issuer = `https://localhost:${await listen(main)}`
  at.mtls = `https://localhost:${await listen(mutual)}`
  return at.issuer
}
