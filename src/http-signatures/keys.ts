import type { Signer, Verifier } from 'http-message-sig'
import { problemWithJwk } from '../clients/jwks.ts'
import type { PublicJwk } from '../clients/jwks.ts'

/** The algorithms of RFC 9421 3.3 that are taken. A key knows its own; a message never chooses. */
export type SignatureAlgorithm = 'ecdsa-p256-sha256' | 'rsa-pss-sha512' | 'ed25519'

type Kind = {
  readonly kty: string
  readonly crv?: string
  /** The JWS names that mean the same: a key made for another algorithm is not used for this one. */
  readonly jwa: readonly string[]
  readonly importing: {
    readonly name: string
    readonly namedCurve?: string
    readonly hash?: string
  }
  readonly operating: {
    readonly name: string
    readonly hash?: string
    readonly saltLength?: number
  }
}

/** RSASSA-PSS is with SHA-512 and a salt of 64 bytes (RFC 9421 3.3.1): PS512, not the PS256 of JOSE in FAPI. */
const kinds: { readonly [name in SignatureAlgorithm]: Kind } = {
  'ecdsa-p256-sha256': {
    kty: 'EC',
    crv: 'P-256',
    jwa: ['ES256'],
    importing: { name: 'ECDSA', namedCurve: 'P-256' },
    operating: { name: 'ECDSA', hash: 'SHA-256' },
  },
  'rsa-pss-sha512': {
    kty: 'RSA',
    jwa: ['PS512'],
    importing: { name: 'RSA-PSS', hash: 'SHA-512' },
    operating: { name: 'RSA-PSS', saltLength: 64 },
  },
  ed25519: {
    kty: 'OKP',
    crv: 'Ed25519',
    jwa: ['Ed25519', 'EdDSA'],
    importing: { name: 'Ed25519' },
    operating: { name: 'Ed25519' },
  },
}

export const signatureAlgorithms = Object.keys(kinds) as readonly SignatureAlgorithm[]

/** The one algorithm a key is for. Undefined: it makes no signature that is taken here. */
export function algorithmOf(jwk: PublicJwk): SignatureAlgorithm | undefined {
  const { use, alg } = jwk
  if (use !== undefined && use !== 'sig') return undefined
  return signatureAlgorithms.find((name) => {
    const { kty, crv, jwa } = kinds[name]
    const fits = jwk.kty === kty && (crv === undefined || jwk.crv === crv)
    return fits && (alg === undefined || jwa.includes(alg))
  })
}

/** The JWS name of an algorithm, for metadata (RFC 9728 2). */
export const joseName = (name: SignatureAlgorithm): string => kinds[name].jwa[0] ?? name

/** A private JWK ready to sign. Throws when it is no such key: that is a fault of the deployment. */
export async function importSigner(
  jwk: PublicJwk,
): Promise<Signer & { readonly algorithm: SignatureAlgorithm }> {
  const algorithm = algorithmOf(jwk)
  if (algorithm === undefined || jwk.d === undefined) {
    throw new Error(
      'The key cannot sign HTTP messages: it must be a private EC, RSA or Ed25519 key',
    )
  }
  const { operating } = kinds[algorithm]
  const key = await importFor(algorithm, jwk, 'sign')
  return {
    algorithm,
    sign: async (data) => new Uint8Array(await crypto.subtle.sign(operating, key, data as Bytes)),
  }
}

const imported = new WeakMap<PublicJwk, Verifier>()

/** A public JWK ready to verify, imported once for each object. Undefined: it is no such key. */
export async function importVerifier(jwk: PublicJwk): Promise<Verifier | undefined> {
  const known = imported.get(jwk)
  if (known !== undefined) return known
  const algorithm = algorithmOf(jwk)
  if (algorithm === undefined || problemWithJwk(jwk) !== undefined) return undefined
  if (jwk.key_ops !== undefined && !jwk.key_ops.includes('verify')) return undefined
  const { operating } = kinds[algorithm]
  try {
    const key = await importFor(algorithm, jwk, 'verify')
    const verifier: Verifier = {
      algorithm,
      verify: (data, signature) =>
        crypto.subtle.verify(operating, key, signature as Bytes, data as Bytes),
    }
    imported.set(jwk, verifier)
    return verifier
  } catch {
    return undefined
  }
}

/** The key a message means: the one with its key id, or without one the only key there is. */
export async function chooseVerifier(
  keys: readonly PublicJwk[],
  keyId: string | undefined,
): Promise<Verifier | undefined> {
  const named = keyId === undefined ? keys : keys.filter(({ kid }) => kid === keyId)
  const usable = (await Promise.all(named.map(importVerifier))).filter((key) => key !== undefined)
  // Two that could be meant are as good as none.
  return usable.length === 1 ? usable[0] : undefined
}

type Bytes = Uint8Array<ArrayBuffer>

const members = ['kty', 'crv', 'x', 'y', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const

/** Only the members that make the key: `alg` and `key_ops` were judged and may name what WebCrypto does not know. */
function importFor(
  name: SignatureAlgorithm,
  jwk: PublicJwk,
  usage: 'sign' | 'verify',
): Promise<CryptoKey> {
  const bare = Object.fromEntries(
    members.filter((member) => jwk[member] !== undefined).map((member) => [member, jwk[member]]),
  ) as unknown as JsonWebKey
  return crypto.subtle.importKey('jwk', bare, kinds[name].importing, false, [usage])
}

/**
 * The part of a signature that nobody without the key can exchange for another one of the same message:
 * of (r, s) only r, since -s serves as well as s.
 */
export function unchangeable(name: string, signature: Uint8Array): Uint8Array {
  return name === 'rsa-pss-sha512' ? signature : signature.slice(0, signature.length / 2)
}
