import { randomText, utf8 } from '../encoding.ts'
import { seal } from '../secrets.ts'
import type { SecretKeys } from '../secrets.ts'
import { sealedFor } from './ring.ts'
import type { RingKey } from './ring.ts'
import type { KeyAlgorithm } from './ring-name.ts'

/** A key without times. */
export type MadeKey = Pick<RingKey, 'kid' | 'alg' | 'use' | 'publicJwk' | 'sealed'>

/** Makes a key pair; its private half leaves this function sealed. */
export async function makeKey(
  alg: KeyAlgorithm,
  issuerId: string,
  secrets: SecretKeys,
): Promise<MadeKey> {
  const { parameters, usages, use } = generation[alg]
  const pair = (await crypto.subtle.generateKey(parameters, true, [...usages])) as CryptoKeyPair
  const publicJwk = (await crypto.subtle.exportKey('jwk', pair.publicKey)) as JsonWebKey
  const privateJwk = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JsonWebKey
  const named = { kid: randomText(12), alg, use }
  const plain = utf8(JSON.stringify(bareJwk(privateJwk)))
  const sealed = await seal(secrets, plain, sealedFor(issuerId, named))
  return { ...named, publicJwk: bareJwk(publicJwk), sealed }
}

const rsa = {
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
} as const
const signs = { usages: ['sign', 'verify'], use: 'sig' } as const

const generation = {
  ES256: { parameters: { name: 'ECDSA', namedCurve: 'P-256' }, ...signs },
  PS256: { parameters: { name: 'RSA-PSS', ...rsa }, ...signs },
  Ed25519: { parameters: { name: 'Ed25519' }, ...signs },
  'ECDH-ES': {
    parameters: { name: 'ECDH', namedCurve: 'P-256' },
    usages: ['deriveBits'],
    use: 'enc',
  },
  'RSA-OAEP-256': {
    parameters: { name: 'RSA-OAEP', ...rsa },
    usages: ['encrypt', 'decrypt'],
    use: 'enc',
  },
} as const satisfies Record<KeyAlgorithm, unknown>

/** Without `ext`, `key_ops` and `alg`, which platforms add in their own ways. */
function bareJwk(jwk: JsonWebKey): JsonWebKey {
  const { ext: _ext, key_ops: _ops, alg: _alg, ...members } = jwk
  return members
}
