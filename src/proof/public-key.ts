import { readDer, Tag } from './der.ts'
import type { DerValue } from './der.ts'
import { toBase64Url } from '../encoding.ts'

/** The members that make a public key (RFC 7638 3.2), from a SubjectPublicKeyInfo. */
export type PublicKeyMembers = Readonly<Record<string, string>>

const curves: Readonly<Record<string, { readonly crv: string; readonly size: number }>> = {
  '1.2.840.10045.3.1.7': { crv: 'P-256', size: 32 },
  '1.3.132.0.34': { crv: 'P-384', size: 48 },
  '1.3.132.0.35': { crv: 'P-521', size: 66 },
}

/**
 * Writes a SubjectPublicKeyInfo as the members of a JWK. Each key has one such form (RFC 7518 6.2,
 * 6.3: fixed width coordinates, numbers without leading zeros), so members compare as texts.
 */
export function publicKeyMembers(spki: Uint8Array): PublicKeyMembers | undefined {
  const info = readDer(spki)
  const [algorithm, bits] = info?.tag === Tag.sequence ? info.children : []
  // All keys below are whole octets.
  if (algorithm?.tag !== Tag.sequence || bits?.tag !== Tag.bitString || bits.content[0] !== 0)
    return undefined
  const key = bits.content.subarray(1)
  const [type, parameters] = algorithm.children
  switch (type?.oid) {
    case '1.2.840.10045.2.1':
      return ellipticCurve(key, parameters?.oid)
    case '1.2.840.113549.1.1.1':
    case '1.2.840.113549.1.1.10': // RSASSA-PSS (RFC 4055 1.2): the same key, with fewer uses.
      return rsa(readDer(key))
    case '1.3.101.112':
      return key.length === 32 ? { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(key) } : undefined
    default:
      return undefined
  }
}

/** RFC 5480 2.2: the uncompressed form, the only one that RFC 5480 demands. */
function ellipticCurve(point: Uint8Array, oid: string | undefined): PublicKeyMembers | undefined {
  const curve = oid !== undefined && Object.hasOwn(curves, oid) ? curves[oid] : undefined
  if (!curve || point[0] !== 0x04 || point.length !== 1 + 2 * curve.size) return undefined
  const x = toBase64Url(point.subarray(1, 1 + curve.size))
  const y = toBase64Url(point.subarray(1 + curve.size))
  return { kty: 'EC', crv: curve.crv, x, y }
}

/** RFC 8017 A.1.1. */
function rsa(key: DerValue | undefined): PublicKeyMembers | undefined {
  const [modulus, exponent] = key?.tag === Tag.sequence ? key.children : []
  const n = modulus && unsigned(modulus)
  const e = exponent && unsigned(exponent)
  return n && e && key?.children.length === 2 ? { kty: 'RSA', n, e } : undefined
}

function unsigned(value: DerValue): string | undefined {
  const [first = 0x80] = value.content
  if (value.tag !== Tag.integer || first >= 0x80) return undefined
  return toBase64Url(first === 0 ? value.content.subarray(1) : value.content)
}
