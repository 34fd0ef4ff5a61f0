export type Alg = 'ES256' | 'PS256' | 'EdDSA' | 'Ed25519'

/** Algorithms of other servers, none of which may verify anything here. */
export const foreignAlgorithms = [
  'none', 'None', 'nOnE', '', 'HS256', 'HS512', 'RS256', 'RS512', 'PS384', 'PS512', 'ES384', 'ES512', 'ES256K',
  'Ed448', 'EdDSA448', 'es256', 'ES256 ', 'RSA-OAEP', 'dir', 'A256GCM',
] // prettier-ignore

const parameters = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  PS256: {
    name: 'RSA-PSS',
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: 'SHA-256',
  },
  EdDSA: { name: 'Ed25519' },
  Ed25519: { name: 'Ed25519' },
} as const

export type TestKey = {
  readonly alg: Alg
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  /** Without `alg`, `key_ops` and `ext`. */
  readonly publicJwk: JsonWebKey
  readonly privateJwk: JsonWebKey
}

export async function makeKey(alg: Alg = 'ES256', modulusLength = 2048): Promise<TestKey> {
  const algorithm = alg === 'PS256' ? { ...parameters.PS256, modulusLength } : parameters[alg]
  const { privateKey, publicKey } = (await crypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const [publicJwk, privateJwk] = await Promise.all([bare(publicKey), bare(privateKey)])
  return { alg, privateKey, publicKey, publicJwk, privateJwk }
}

async function bare(key: CryptoKey): Promise<JsonWebKey> {
  const exported = (await crypto.subtle.exportKey('jwk', key)) as JsonWebKey
  const { ext: _ext, key_ops: _ops, alg: _alg, ...members } = exported
  return members
}

export const base64url = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A compact JWS of any header and payload, signed by WebCrypto and not by the library under test. */
export async function sign(key: TestKey, header: unknown, payload: unknown): Promise<string> {
  const input = `${base64url(header)}.${base64url(payload)}`
  const how = {
    ES256: { name: 'ECDSA', hash: 'SHA-256' },
    PS256: { name: 'RSA-PSS', saltLength: 32 },
    EdDSA: { name: 'Ed25519' },
    Ed25519: { name: 'Ed25519' },
  }[key.alg]
  const signature = await crypto.subtle.sign(how, key.privateKey, Buffer.from(input))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}
