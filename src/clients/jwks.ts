import { fromBase64Url, isRecord, toHex } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { Algorithm } from '../profiles/profile.ts'
import type { JsonWebKeySet } from '../types.ts'

/** Bounds of a key set: enough for every rotation, too small for a denial of service. */
const mostKeys = 32
const rsaBits = { least: 2048, most: 4096 }

const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const

/** A public key in a JWK Set as clients register it. `kid` is not part of the platform's type. */
export type PublicJwk = JsonWebKey & { readonly kid?: string; readonly x5c?: readonly string[] }

/** The key an algorithm needs. FAPI2 SP 5.4.1: PS256, ES256, EdDSA with Ed25519 only. */
const needs: { readonly [alg in Algorithm]: { readonly kty: string; readonly crv?: string } } = {
  ES256: { kty: 'EC', crv: 'P-256' },
  PS256: { kty: 'RSA' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
}

export function fitsAlgorithm(jwk: JsonWebKey, alg: Algorithm): boolean {
  const { kty, crv } = needs[alg]
  return jwk.kty === kty && (crv === undefined || jwk.crv === crv)
}

/** Whether a key may verify signatures made with `alg` (`use`, `alg` and `key_ops` respected). */
export function mayVerify(jwk: PublicJwk, alg: Algorithm): boolean {
  if (!fitsAlgorithm(jwk, alg)) return false
  if (jwk.use !== undefined && jwk.use !== 'sig') return false
  if (jwk.key_ops !== undefined && !jwk.key_ops.includes('verify')) return false
  const ed25519 = ['EdDSA', 'Ed25519']
  return (
    jwk.alg === undefined || jwk.alg === alg || (ed25519.includes(alg) && ed25519.includes(jwk.alg))
  )
}

/**
 * Checks one public JWK: shape, size and the absence of private members.
 * Returns what is wrong in words, or undefined. FAPI2 SP 5.4.1-2, -3; RFC 7518 6.
 */
export function problemWithJwk(jwk: unknown): string | undefined {
  if (!isRecord(jwk)) return 'a key is not an object'
  if (privateMembers.some((member) => Object.hasOwn(jwk, member)))
    return 'a key has private members'
  switch (jwk['kty']) {
    case 'EC':
      if (jwk['crv'] !== 'P-256') return undefined
      return hasBytes(jwk['x'], 32) && hasBytes(jwk['y'], 32) ? undefined : 'an EC key is malformed'
    case 'OKP':
      if (jwk['crv'] !== 'Ed25519') return undefined
      return problemWithEd25519(jwk['x'])
    case 'RSA':
      return problemWithRsa(jwk)
    default:
      return typeof jwk['kty'] === 'string' ? undefined : 'a key has no kty'
  }
}

const zeros = '00'.repeat(30)
const ones = 'ff'.repeat(30)

/** The points of small order without their sign, those written as no smaller number than the prime included. */
const smallOrder = [
  `00${zeros}00`,
  `01${zeros}00`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${ones}7f`,
  `ed${ones}7f`,
  `ee${ones}7f`,
]

/** Under a key of small order anybody can sign anything, without any private key. */
function problemWithEd25519(x: unknown): string | undefined {
  const point = typeof x === 'string' ? fromBase64Url(x) : undefined
  if (point?.length !== 32) return 'an OKP key is malformed'
  point[31] = (point[31] ?? 0) & 0x7f
  return smallOrder.includes(toHex(point)) ? 'an Ed25519 key is of small order' : undefined
}

function problemWithRsa(jwk: Readonly<Record<string, unknown>>): string | undefined {
  const { n, e } = jwk
  if (typeof n !== 'string' || typeof e !== 'string' || n.length > 2048 || e.length > 16) {
    return 'an RSA key is malformed'
  }
  const modulus = fromBase64Url(n)
  const exponent = fromBase64Url(e)
  if (modulus === undefined || exponent === undefined || exponent.length === 0) {
    return 'an RSA key is malformed'
  }
  // 65537 and the like: an even or tiny exponent makes no signature scheme.
  const last = exponent.at(-1) ?? 0
  if (last % 2 === 0 || (exponent.length === 1 && last < 3))
    return 'an RSA key has an unusable exponent'
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
  if (modulus[0] === 0 || bits < rsaBits.least) return 'an RSA key is shorter than 2048 bits'
  return bits > rsaBits.most ? 'an RSA key is longer than 4096 bits' : undefined
}

function hasBytes(value: unknown, length: number): boolean {
  return typeof value === 'string' && fromBase64Url(value)?.length === length
}

/** What is kept of a registered key: nothing a stranger adds is stored or handed on. */
const textMembers = ['kty', 'crv', 'x', 'y', 'n', 'e', 'use', 'alg', 'kid'] as const
const listMembers = ['key_ops', 'x5c'] as const

function problemWithMembers(jwk: Readonly<Record<string, unknown>>): string | undefined {
  const isText = (value: unknown): boolean => typeof value === 'string' && value.isWellFormed()
  const text = textMembers.find((name) => jwk[name] !== undefined && !isText(jwk[name]))
  if (text !== undefined) return `a ${text} is not a text`
  const list = listMembers.find((name) => {
    const value = jwk[name]
    return value !== undefined && !(Array.isArray(value) && value.every(isText))
  })
  return list === undefined ? undefined : `${list} is not a list of texts`
}

function knownMembers(jwk: Readonly<Record<string, unknown>>): JsonWebKey {
  const names = [...textMembers, ...listMembers].filter((name) => jwk[name] !== undefined)
  // Shape and types were checked before.
  return Object.fromEntries(names.map((name) => [name, jwk[name]])) as unknown as JsonWebKey
}

/**
 * Checks a JWK Set of public keys and takes the members that are known. Errors:
 * `invalid_client_metadata`.
 */
export function checkPublicJwks(value: unknown): Result<JsonWebKeySet> {
  const keys = isRecord(value) ? value['keys'] : undefined
  if (!Array.isArray(keys) || keys.length === 0) {
    return refuse('invalid_client_metadata', 'jwks must hold a non-empty list of keys')
  }
  if (keys.length > mostKeys) {
    return refuse('invalid_client_metadata', `jwks holds more than ${mostKeys} keys`)
  }
  for (const key of keys) {
    const problem = problemWithJwk(key) ?? problemWithMembers(key)
    if (problem !== undefined) return refuse('invalid_client_metadata', `jwks: ${problem}`)
  }
  return accept({ keys: keys.map(knownMembers) })
}
