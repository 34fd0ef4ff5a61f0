import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { JsonWebKey } from 'node:crypto'
import type { PrivateJwk } from './fixtures.ts'
import { signAny } from './sign-any.ts'

/** A JWT whose algorithm, key or signature is to be bent. */
export type Bending = {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** The public key that verifies it; an attacker knows it. */
  readonly publicJwk: object
  /** The private key, where the attacker is its owner. */
  readonly signer?: PrivateJwk
  /** The JWT as it was signed, where the attacker has one. */
  readonly original?: string
  /** The header names the key by design: a stranger's is no attack. */
  readonly embedded?: boolean
}

type Header = Readonly<Record<string, unknown>>

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const pairOf = (kind: 'P-256' | 'P-384' | 'P-521' | 'secp256k1' | 'rsa' | 'ed25519') => {
  const pair =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : kind === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: kind })
  return pair.privateKey.export({ format: 'jwk' }) as PrivateJwk
}

/** Made once: keys of somebody who has nothing to do with it. */
const strangers = {
  ec: pairOf('P-256'), p384: pairOf('P-384'), p521: pairOf('P-521'), k1: pairOf('secp256k1'), rsa: pairOf('rsa'), ed: pairOf('ed25519'),
} // prettier-ignore

const publicOf = ({ kty, crv, x, y, n, e }: PrivateJwk) => ({ kty, crv, x, y, n, e })

const orderOfP256 = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
const zeros = Buffer.alloc(32)
const order = Buffer.from(orderOfP256, 'hex')

/** Signatures that broken verifiers take for anything. */
const magicSignatures = {
  'no signature': Buffer.alloc(0),
  'a signature of zeros': Buffer.alloc(64),
  'a signature of the order of the curve': Buffer.concat([order, order]),
  'a signature of zero and one': Buffer.concat([zeros, zeros.with(31, 1)]),
  'a signature of 256 zeros': Buffer.alloc(256),
  'a signature in DER': Buffer.from('3006020101020101', 'hex'),
} as const

const unsigned = ['none', 'None', 'NONE', 'nOnE', '', ' none', 'null'] as const

/** Names of algorithms that no profile of FAPI 2.0 has, or that are none. */
const otherNames: readonly unknown[] = [
  'RS256', 'RS384', 'RS512', 'PS384', 'PS512', 'ES384', 'ES512', 'ES256K', 'HS512', 'A128KW', 'dir', 'RSA-OAEP', 'RSA1_5',
  'es256', 'ES256 ', 'ES 256', 'ES256\u0000', ['ES256'], { alg: 'ES256' }, null, 256, true, undefined,
] // prettier-ignore

/** Secrets that a verifier may take a public key for. */
function hmacSecrets(publicJwk: object): Readonly<Record<string, string | Buffer>> {
  const key = createPublicKey({ key: publicJwk as JsonWebKey, format: 'jwk' })
  const pem = key.export({ type: 'spki', format: 'pem' }).toString()
  const { x, n, kid } = publicJwk as Readonly<Record<string, string | undefined>>
  return {
    'the public key as JWK': JSON.stringify(publicJwk),
    'the public key as PEM': pem,
    'the public key as PEM without its last line end': pem.trim(),
    'the public key as DER': key.export({ type: 'spki', format: 'der' }),
    'its first coordinate': x ?? n ?? '',
    'its first coordinate decoded': Buffer.from(x ?? n ?? '', 'base64url'),
    'its kid': kid ?? 'kid',
    'nothing': '',
  } // prettier-ignore
}

/**
 * The same JWT under bent algorithms, keys and signatures. None of them may be taken for it.
 *
 * @example for (const [what, jwt] of Object.entries(bend({ header, claims, publicJwk }))) …
 */
export function bend(given: Bending): Readonly<Record<string, string>> {
  const { header, claims, publicJwk } = given
  const payload = encode(claims)
  const head = (over: Header) => encode({ ...header, ...over })
  const withSignature = (over: Header, signature: Buffer | string) =>
    `${head(over)}.${payload}.${typeof signature === 'string' ? signature : signature.toString('base64url')}`
  const hmac = (secret: string | Buffer, over: Header) => {
    const input = `${head(over)}.${payload}`
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
  }
  const named = (entries: readonly (readonly [string, string])[]) => Object.fromEntries(entries)
  return {
    ...named(unsigned.map((alg) => [`unsigned under alg '${alg}'`, withSignature({ alg }, '')])),
    ...named(Object.entries(magicSignatures).map(([what, one]) => [what, withSignature({}, one)])),
    ...named(Object.entries(hmacSecrets(publicJwk)).map(([what, secret]) => [`HS256 with ${what}`, hmac(secret, { alg: 'HS256' })])),
    ...named(Object.entries(hmacSecrets(publicJwk)).slice(0, 2).map(([what, secret]) => [`an HMAC of ${what} under its own alg`, hmac(secret, {})])),
    ...byStrangers(given),
    ...byName(given),
    ...(given.original === undefined ? {} : spliced(given.original, given)),
  } // prettier-ignore
}

/** Signed by somebody else, who says so in one way or another. */
function byStrangers({ header, claims, embedded }: Bending): Readonly<Record<string, string>> {
  const { ec, p384, p521, k1, rsa, ed } = strangers
  const by = (key: PrivateJwk, over: Header) => signAny(key, { ...header, ...over }, claims)
  const evil = 'https://evil.example/jwks'
  const keyed: Readonly<Record<string, string>> = embedded === true ? {} : {
    'another key under the same kid': by(ec, { alg: 'ES256' }),
    'another key in jwk': by(ec, { alg: 'ES256', jwk: publicOf(ec) }),
    'another key in jwk with the same kid inside': by(ec, { alg: 'ES256', jwk: { ...publicOf(ec), kid: header['kid'] } }),
    'another key at a jku': by(ec, { alg: 'ES256', jku: evil }),
    'another key at an x5u': by(ec, { alg: 'ES256', x5u: evil }),
    'another key in x5c': by(ec, { alg: 'ES256', x5c: ['MIIB'] }),
    'another key under no kid': by(ec, { alg: 'ES256', kid: undefined }),
    'another key under a path as kid': by(ec, { alg: 'ES256', kid: '../../../../dev/null' }),
    'another key under a kid that is a list': by(ec, { alg: 'ES256', kid: [header['kid']] }),
    'another key under __proto__': by(ec, { alg: 'ES256', kid: '__proto__' }),
    'an Ed25519 key': by(ed, { alg: 'EdDSA' }),
    'an RSA key under PS256': by(rsa, { alg: 'PS256' }),
  } // prettier-ignore
  return {
    ...keyed,
    'RS256': by(rsa, { alg: 'RS256', jwk: embedded === true ? publicOf(rsa) : undefined }),
    'ES384': by(p384, { alg: 'ES384', jwk: embedded === true ? publicOf(p384) : undefined }),
    'ES512': by(p521, { alg: 'ES512', jwk: embedded === true ? publicOf(p521) : undefined }),
    'ES256K': by(k1, { alg: 'ES256K', jwk: embedded === true ? publicOf(k1) : undefined }),
    'ES256 by a key of secp256k1': by(k1, { alg: 'ES256', jwk: embedded === true ? publicOf(k1) : undefined }),
    'PS256 by a key of an elliptic curve': by(ec, { alg: 'PS256', jwk: embedded === true ? publicOf(ec) : undefined }),
    'EdDSA by a key of an elliptic curve': by(ec, { alg: 'EdDSA', jwk: embedded === true ? publicOf(ec) : undefined }),
  } // prettier-ignore
}

/** Signed by its owner, under a name or with members that no verifier may go by. */
function byName({ header, claims, signer }: Bending): Readonly<Record<string, string>> {
  if (signer === undefined) return {}
  const by = (over: Header) => signAny(signer, { ...header, ...over }, claims)
  const names = otherNames.map((alg) => [`alg ${JSON.stringify(alg) ?? 'left out'}`, by({ alg })])
  const detached = `${encode({ ...header, b64: false, crit: ['b64'] })}.${JSON.stringify(claims)}`
  return {
    ...(Object.fromEntries(names) as Readonly<Record<string, string>>),
    'b64 false': by({ b64: false, crit: ['b64'] }),
    'an unencoded payload': `${detached}.${by({}).split('.')[2] ?? ''}`,
    'b64 true in crit': by({ b64: true, crit: ['b64'] }),
    'an unknown crit': by({ crit: ['x-unknown'], 'x-unknown': 1 }),
    'a crit of nothing': by({ crit: [] }),
    'a crit that is not in the header': by({ crit: ['exp'] }),
    'a crit that is a text': by({ crit: 'exp' }),
    'its parts in JSON': JSON.stringify({ payload: encode(claims), protected: encode(header), signature: by({}).split('.')[2] }),
  } // prettier-ignore
}

/** The signature of a sound JWT under another header or other claims. */
function spliced(original: string, { header, claims }: Bending): Readonly<Record<string, string>> {
  const [head = '', payload = '', signature = ''] = original.split('.')
  const last = signature.endsWith('A') ? 'B' : 'A'
  return {
    'its signature over other claims': `${head}.${encode({ ...claims, exp: 4_102_444_800 })}.${signature}`,
    'its signature under another header': `${encode({ ...header, x: 1 })}.${payload}.${signature}`,
    'its signature under alg none': `${encode({ ...header, alg: 'none' })}.${payload}.${signature}`,
    'without its signature': `${head}.${payload}.`,
    'without the last part': `${head}.${payload}`,
    'with a part more': `${original}.${signature}`,
    'with the parts of an encrypted one': `${original}..`,
    'with another first letter of the signature': `${head}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
    'with half of the signature': `${head}.${payload}.${signature.slice(0, signature.length / 2)}`,
    'with a letter more': `${original}${last}`,
    'with padding': `${original}==`,
  } // prettier-ignore
}
