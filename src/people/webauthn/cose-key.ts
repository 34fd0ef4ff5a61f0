import { concat, toBase64Url } from '../../encoding.ts'
import { Tag, readDer } from '../../proof/der.ts'
import { readCbor } from './cbor.ts'
import type { CborValue } from './cbor.ts'

/** COSE algorithm identifiers (RFC 9053, RFC 8812), the most wanted first. */
export const coseAlgorithms = { ES256: -7, EdDSA: -8, RS256: -257 } as const

/** Checks signatures of one passkey. */
export type PasskeyVerifier = (
  signature: Uint8Array<ArrayBuffer>,
  data: Uint8Array<ArrayBuffer>,
) => Promise<boolean>

type Parameters = ReadonlyMap<number | string, CborValue>

/** Labels of COSE_Key and of its kinds (RFC 9052 7.1, RFC 9053 7, RFC 8230 4). */
const label = { kty: 1, alg: 3, crv: -1, x: -2, y: -3, n: -1, e: -2 } as const

/**
 * The verifier of a COSE_Key: ES256 on P-256, Ed25519, or RS256 with at least 2048 bits. The key, not
 * the signature, says which. Undefined for every other key.
 */
export async function readCoseKey(bytes: Uint8Array): Promise<PasskeyVerifier | undefined> {
  const read = readCbor(bytes)
  if (read?.end !== bytes.length || !(read.value instanceof Map)) return undefined
  const key = read.value as Parameters
  try {
    switch (key.get(label.alg)) {
      case coseAlgorithms.ES256:
        return await readEs256(key)
      case coseAlgorithms.EdDSA:
        return await readEd25519(key)
      case coseAlgorithms.RS256:
        return await readRs256(key)
      default:
        return undefined
    }
  } catch {
    // WebCrypto throws for points that are not on the curve.
    return undefined
  }
}

async function readEs256(key: Parameters): Promise<PasskeyVerifier | undefined> {
  const [x, y] = [bytesOf(key, label.x, 32), bytesOf(key, label.y, 32)]
  if (key.get(label.kty) !== 2 || key.get(label.crv) !== 1 || !x || !y) return undefined
  const jwk = { kty: 'EC', crv: 'P-256', x: toBase64Url(x), y: toBase64Url(y) }
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify'])
  return async (signature, data) => {
    const plain = readEcdsaSignature(signature)
    return plain !== undefined && crypto.subtle.verify(algorithm, imported, plain, data)
  }
}

async function readEd25519(key: Parameters): Promise<PasskeyVerifier | undefined> {
  const x = bytesOf(key, label.x, 32)
  if (key.get(label.kty) !== 1 || key.get(label.crv) !== 6 || !x) return undefined
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(x) }
  const algorithm = { name: 'Ed25519' }
  const imported = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify'])
  return (signature, data) => crypto.subtle.verify(algorithm, imported, signature, data)
}

/** 2048 to 4096 bits, and the one exponent in use. */
async function readRs256(key: Parameters): Promise<PasskeyVerifier | undefined> {
  const [n, e] = [bytesOf(key, label.n), bytesOf(key, label.e)]
  if (key.get(label.kty) !== 3 || !n || !e || toBase64Url(e) !== 'AQAB') return undefined
  if (n.length < 256 || n.length > 512 || n[0] === 0) return undefined
  const jwk = { kty: 'RSA', n: toBase64Url(n), e: toBase64Url(e) }
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify'])
  return (signature, data) => crypto.subtle.verify(algorithm, imported, signature, data)
}

function bytesOf(
  key: Parameters,
  name: number,
  length?: number,
): Uint8Array<ArrayBuffer> | undefined {
  const value = key.get(name)
  if (!(value instanceof Uint8Array)) return undefined
  return length === undefined || value.length === length ? value : undefined
}

/** The two numbers of an ECDSA signature (RFC 3279 2.2.3), side by side as WebCrypto takes them. */
function readEcdsaSignature(signature: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const value = readDer(signature)
  if (value?.tag !== Tag.sequence || value.children.length !== 2) return undefined
  const halves = value.children.map(({ tag, content }) => {
    const unsigned = content[0] === 0 ? content.subarray(1) : content
    // A set first bit is a negative number.
    const negative = (content[0] ?? 0x80) >= 0x80
    if (tag !== Tag.integer || negative || unsigned.length > 32) return undefined
    return concat(new Uint8Array(32 - unsigned.length), unsigned)
  })
  const [r, s] = halves
  return r === undefined || s === undefined ? undefined : concat(r, s)
}
