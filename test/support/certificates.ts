import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

type KeyKind = 'EC' | 'RSA' | 'Ed25519'

export type CertificateOptions = {
  /** RFC 4514 text, or parts in the order of the encoding. */
  readonly subject?: string | x509.JsonName
  readonly dns?: readonly string[]
  readonly uri?: readonly string[]
  readonly ip?: readonly string[]
  readonly email?: readonly string[]
  /** OIDs; an empty list leaves the extension out. */
  readonly extendedKeyUsage?: readonly string[]
  readonly notBefore?: Date
  readonly notAfter?: Date
  readonly key?: KeyKind
  readonly keys?: CryptoKeyPair
  readonly authorityKeyId?: boolean
  /** Put in as they are, however strange. */
  readonly extensions?: readonly x509.Extension[]
}

export type TestCertificate = {
  readonly der: Uint8Array
  readonly pem: string
  /** PKCS#8, for TLS from Node. */
  readonly keyPem: string
  readonly jwk: JsonWebKey & { kid?: string; x5c: string[] }
  readonly keys: CryptoKeyPair
  readonly x509: x509.X509Certificate
}

export type TestCa = TestCertificate & {
  readonly issue: (options?: CertificateOptions) => Promise<TestCertificate>
}

export const clientAuth = '1.3.6.1.5.5.7.3.2'
export const serverAuth = '1.3.6.1.5.5.7.3.1'
export const anyUsage = '2.5.29.37.0'

const algorithms = {
  EC: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RSA: {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
  Ed25519: { name: 'Ed25519' },
} as const

export async function createKeys(kind: KeyKind = 'EC'): Promise<CryptoKeyPair> {
  const keys = await crypto.subtle.generateKey(algorithms[kind], true, ['sign', 'verify'])
  return keys as CryptoKeyPair
}

/**
 * Makes a CA that issues certificates.
 *
 * @example const { pem, keyPem } = await (await createCa()).issue({ subject: 'CN=tpp' })
 */
export async function createCa(
  options: {
    readonly subject?: string
    readonly key?: KeyKind
    readonly keys?: CryptoKeyPair
  } = {},
): Promise<TestCa> {
  const subject = encodedOrder(options.subject ?? 'CN=Test Issuing CA, O=Test Directory, C=GB')
  const keys = options.keys ?? (await createKeys(options.key))
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: subject,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: signingAlgorithm(keys),
    ...validity({}),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const issue = (leaf: CertificateOptions = {}) => create(leaf, { subject, keys })
  return { ...(await pack(certificate, keys)), issue }
}

/** Opens a CA of an elliptic curve key again from its PEM texts, to issue more of its certificates. */
export async function openCa(pem: {
  readonly cert: string
  readonly key: string
}): Promise<TestCa> {
  const certificate = new x509.X509Certificate(pem.cert)
  const privateKey = await crypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decode(pem.key)[0] ?? new ArrayBuffer(),
    algorithms.EC,
    true,
    ['sign'],
  )
  const keys = { privateKey, publicKey: await certificate.publicKey.export() } as CryptoKeyPair
  const subject = certificate.subjectName.toJSON()
  const issue = (leaf: CertificateOptions = {}) => create(leaf, { subject, keys })
  return { ...(await pack(certificate, keys)), issue }
}

/** An extension of any octets, given in hexadecimal. */
export const extension = (oid: string, hex: string, critical = false): x509.Extension =>
  new x509.Extension(oid, critical, Buffer.from(hex, 'hex'))

/** What TLS from Node presents. */
export const credentialOf = ({
  pem,
  keyPem,
}: TestCertificate): { readonly cert: string; readonly key: string } => ({ cert: pem, key: keyPem })

/** Makes a certificate that its own key signs, for `self_signed_tls_client_auth`. */
export function createSelfSigned(options: CertificateOptions = {}): Promise<TestCertificate> {
  return create(options)
}

/** What workerd puts in `request.cf` for the certificate. */
export async function tlsClientAuth(
  der: Uint8Array,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<Readonly<Record<string, unknown>>> {
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(der))
  return {
    certPresented: '1',
    certVerified: 'SUCCESS',
    certRevoked: '0',
    certFingerprintSHA256: toHex(new Uint8Array(digest)),
    certRFC9440: `:${toBase64(der)}:`,
    certRFC9440TooLarge: false,
    ...changes,
  }
}

async function create(
  options: CertificateOptions,
  issuer?: { readonly subject: x509.JsonName; readonly keys: CryptoKeyPair },
): Promise<TestCertificate> {
  const keys = options.keys ?? (await createKeys(options.key))
  const signer = issuer?.keys ?? keys
  const subject = encodedOrder(options.subject ?? 'CN=client, O=Test Bank, C=GB')
  const usages = options.extendedKeyUsage ?? [clientAuth]
  const names = alternativeNames(options)
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
  ]
  if (usages.length > 0) extensions.push(new x509.ExtendedKeyUsageExtension([...usages]))
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(names))
  if (options.authorityKeyId !== false) {
    extensions.push(await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey))
  }
  extensions.push(...(options.extensions ?? []))
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: issuer?.subject ?? subject,
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: signingAlgorithm(signer),
    ...validity(options),
    extensions,
  })
  return pack(certificate, keys)
}

/** The library encodes a text in the order of writing; RFC 4514 2.1 wants the reverse. */
function encodedOrder(subject: string | x509.JsonName): x509.JsonName {
  return typeof subject === 'string' ? new x509.Name(subject).toJSON().reverse() : subject
}

function alternativeNames(options: CertificateOptions): x509.JsonGeneralNames {
  const named = (type: 'dns' | 'url' | 'ip' | 'email', values: readonly string[] = []) =>
    values.map((value) => ({ type, value }))
  return [
    ...named('dns', options.dns),
    ...named('url', options.uri),
    ...named('ip', options.ip),
    ...named('email', options.email),
  ]
}

async function pack(
  certificate: x509.X509Certificate,
  keys: CryptoKeyPair,
): Promise<TestCertificate> {
  const der = new Uint8Array(certificate.rawData)
  const pkcs8 = (await crypto.subtle.exportKey('pkcs8', keys.privateKey)) as ArrayBuffer
  const { key_ops: _operations, ext: _ext, ...jwk } = await exportJwk(keys.publicKey)
  return {
    der,
    pem: certificate.toString('pem'),
    keyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    jwk: { ...jwk, x5c: [toBase64(der)] },
    keys,
    x509: certificate,
  }
}

async function exportJwk(key: CryptoKey): Promise<JsonWebKey> {
  return (await crypto.subtle.exportKey('jwk', key)) as JsonWebKey
}

function signingAlgorithm(keys: CryptoKeyPair): { name: string; hash?: string } {
  const { name } = keys.privateKey.algorithm
  return name === 'Ed25519' ? { name } : { name, hash: 'SHA-256' }
}

function validity(options: Pick<CertificateOptions, 'notBefore' | 'notAfter'>) {
  const hour = 3_600_000
  return {
    notBefore: options.notBefore ?? new Date(Date.now() - hour),
    notAfter: options.notAfter ?? new Date(Date.now() + 24 * hour),
  }
}

/** Positive, and short of the sign bit. */
function serialNumber(): string {
  const octets = crypto.getRandomValues(new Uint8Array(12))
  octets[0] = 0x40 | ((octets[0] ?? 0) & 0x3f)
  return toHex(octets)
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join('')
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (octet) => String.fromCharCode(octet)).join(''))
}
