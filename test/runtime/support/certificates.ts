import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { webcrypto as crypto } from 'node:crypto'

/** A certificate with its key, PEM both. */
export type Issued = {
  readonly certificate: string
  readonly key: string
  readonly parsed: x509.X509Certificate
  readonly keys: crypto.CryptoKeyPair
}

export type IssueOptions = {
  readonly subject: string
  /** Without: self-signed. */
  readonly issuer?: Issued
  readonly authority?: boolean
  readonly usage?: 'client' | 'server'
  readonly from?: Date
  readonly until?: Date
  /** Makes the certificate larger by this many bytes. */
  readonly padding?: number
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const hour = 3_600_000

/** Makes a certificate as a test needs it. */
export async function issue(options: IssueOptions): Promise<Issued> {
  const keys = (await crypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as crypto.CryptoKeyPair
  const signer = options.issuer
  const parsed = await x509.X509CertificateGenerator.create({
    serialNumber: `5${Buffer.from(crypto.getRandomValues(new Uint8Array(15)))
      .toString('hex')
      .slice(1)}`,
    subject: options.subject,
    issuer: signer?.parsed.subjectName ?? new x509.Name(options.subject),
    notBefore: options.from ?? new Date(Date.now() - hour),
    notAfter: options.until ?? new Date(Date.now() + 24 * hour),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: signer?.keys.privateKey ?? keys.privateKey,
    extensions: await makeExtensions(options, keys.publicKey, signer?.keys.publicKey),
  })
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    keys,
    parsed,
    certificate: `${parsed.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  }
}

async function makeExtensions(
  options: IssueOptions,
  own: crypto.CryptoKey,
  signer: crypto.CryptoKey | undefined,
): Promise<x509.Extension[]> {
  const extensions: x509.Extension[] = [await x509.SubjectKeyIdentifierExtension.create(own)]
  if (signer !== undefined) {
    extensions.push(await x509.AuthorityKeyIdentifierExtension.create(signer))
  }
  if (options.authority === true) {
    extensions.push(new x509.BasicConstraintsExtension(true, undefined, true))
  }
  if (options.usage !== undefined) {
    const usage = options.usage === 'client' ? 'clientAuth' : 'serverAuth'
    extensions.push(new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[usage]]))
  }
  if (options.padding !== undefined) {
    // Netscape comment: an extension nobody reads.
    extensions.push(
      new x509.Extension('2.16.840.1.113730.1.13', false, new Uint8Array(options.padding)),
    )
  }
  return extensions
}
