import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { webcrypto as crypto } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { isIP } from 'node:net'
import type { State } from './state.ts'

/** What the https fronts serve, and the authority whose certificate clients have to trust. */
export type ServerCertificate = {
  readonly key: string
  readonly certificate: string
  /** The authority's certificate, PEM. */
  readonly authority: string
  readonly authorityPath: string
}

type Authority = { readonly certificate: x509.X509Certificate; readonly key: crypto.CryptoKey }

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const day = 86_400_000

/**
 * The local authority and a server certificate for loopback (and `hosts`), made once and kept in the
 * state folder; made again when they are about to expire or a host is missing.
 */
export async function readServerCertificate(
  state: State,
  hosts: readonly string[],
  now: number,
): Promise<ServerCertificate> {
  mkdirSync(state.path('tls'), { recursive: true, mode: 0o700 })
  const authority = (await loadAuthority(state, now)) ?? (await makeAuthority(state, now))
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...hosts])]
  const known = loadServer(state, authority, names, now)
  return {
    ...(known ?? (await makeServer(state, authority, names, now))),
    authority: authority.certificate.toString('pem'),
    authorityPath: state.path('tls/ca.pem'),
  }
}

async function loadAuthority(state: State, now: number): Promise<Authority | undefined> {
  const certificate = state.read('tls/ca.pem')
  const key = state.read('tls/ca.key.pem')
  if (certificate === undefined || key === undefined) return undefined
  const parsed = new x509.X509Certificate(certificate)
  if (!isCurrent(parsed, now, 60 * day)) return undefined
  return { certificate: parsed, key: await importKey(key) }
}

async function makeAuthority(state: State, now: number): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: makeSerial(),
    // Two authorities with one name confuse certificate stores.
    name: `CN=fapi-edge local authority ${makeSerial().slice(2, 10)}`,
    notBefore: new Date(now - day),
    notAfter: new Date(now + 3650 * day),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  state.write('tls/ca.key.pem', await exportKey(keys.privateKey))
  state.write('tls/ca.pem', `${certificate.toString('pem')}\n`)
  return { certificate, key: keys.privateKey }
}

function loadServer(
  state: State,
  authority: Authority,
  names: readonly string[],
  now: number,
): { readonly key: string; readonly certificate: string } | undefined {
  const certificate = state.read('tls/server.pem')
  const key = state.read('tls/server.key.pem')
  if (certificate === undefined || key === undefined) return undefined
  const parsed = new x509.X509Certificate(certificate)
  const held = parsed.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? []
  const values = new Set(held.map((name) => name.value))
  const sound =
    isCurrent(parsed, now, 30 * day) &&
    parsed.issuer === authority.certificate.subject &&
    names.every((name) => values.has(name))
  return sound ? { key, certificate } : undefined
}

async function makeServer(
  state: State,
  authority: Authority,
  names: readonly string[],
  now: number,
): Promise<{ readonly key: string; readonly certificate: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: makeSerial(),
    subject: 'CN=fapi-edge local server',
    issuer: authority.certificate.subject,
    notBefore: new Date(now - day),
    // Browsers refuse server certificates that live longer than 398 days.
    notAfter: new Date(now + 396 * day),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({
          type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
          value,
        })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  })
  const key = await exportKey(keys.privateKey)
  const certificate = `${made.toString('pem')}\n`
  state.write('tls/server.key.pem', key)
  state.write('tls/server.pem', certificate)
  return { key, certificate }
}

const isCurrent = (certificate: x509.X509Certificate, now: number, spare: number): boolean =>
  certificate.notBefore.getTime() <= now && certificate.notAfter.getTime() - spare > now

/** 16 random bytes, positive and not zero (RFC 5280 4.1.2.2). */
const makeSerial = (): string =>
  `4${Buffer.from(crypto.getRandomValues(new Uint8Array(16)))
    .toString('hex')
    .slice(1)}`

const exportKey = async (key: crypto.CryptoKey): Promise<string> =>
  `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`

const importKey = (pem: string): Promise<crypto.CryptoKey> =>
  crypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), algorithm, false, ['sign'])
