import type { Issuer } from '../types.ts'

/** What a key is for: one key never does two of these. */
export type Purpose = 'signing' | 'evidence' | 'decryption'
export const purposes = ['signing', 'evidence', 'decryption'] as const satisfies readonly Purpose[]

export const signingAlgorithms = ['ES256', 'PS256', 'Ed25519'] as const
export type SigningAlgorithm = (typeof signingAlgorithms)[number]

/** How clients may encrypt request objects for this server (RFC 7518 4.3, 4.6). */
export const decryptionAlgorithms = ['ECDH-ES', 'RSA-OAEP-256'] as const
export type DecryptionAlgorithm = (typeof decryptionAlgorithms)[number]

export type KeyAlgorithm = SigningAlgorithm | DecryptionAlgorithm

/** Names a ring of an issuer; part of its object's name. `signing` is the default signing ring. */
export type RingName =
  'signing' | `signing:${SigningAlgorithm}` | 'evidence' | `decryption:${DecryptionAlgorithm}`

/** The algorithm of the evidence key. */
export const evidenceAlgorithm = 'ES256'

export const purposeOf = (name: RingName): Purpose => name.split(':')[0] as Purpose

/** With what the keys of a ring work now; the default ring follows the settings. */
export function algorithmOf(issuer: Issuer, name: RingName): KeyAlgorithm {
  if (name === 'signing') return issuer.signingAlgorithm
  return name === 'evidence' ? evidenceAlgorithm : (name.split(':')[1] as KeyAlgorithm)
}

/** The ring that signs with an algorithm. Undefined: the issuer does not. */
export function signingRing(issuer: Issuer, alg: string): RingName | undefined {
  if (alg === issuer.signingAlgorithm) return 'signing'
  const further = issuer.furtherSigningAlgorithms.find((one) => one === alg)
  return further === undefined ? undefined : `signing:${further}`
}

/** What this issuer signs with: its own algorithm first. */
export const issuerAlgorithms = (issuer: Issuer): readonly SigningAlgorithm[] => [
  issuer.signingAlgorithm,
  ...issuer.furtherSigningAlgorithms,
]

/** Rings whose keys verify tokens of this issuer; the default one first. */
export const signingRings = (issuer: Issuer): readonly RingName[] => [
  'signing',
  ...issuer.furtherSigningAlgorithms.map((alg) => `signing:${alg}` as const),
]

export const decryptionRings = (issuer: Issuer): readonly RingName[] =>
  issuer.decryptionAlgorithms.map((alg) => `decryption:${alg}` as const)

/** All rings the settings ask for, of one purpose or of all. */
export function ringsOf(issuer: Issuer, purpose?: Purpose): readonly RingName[] {
  const all: readonly RingName[] = [...signingRings(issuer), 'evidence', ...decryptionRings(issuer)]
  return purpose === undefined ? all : all.filter((name) => purposeOf(name) === purpose)
}
