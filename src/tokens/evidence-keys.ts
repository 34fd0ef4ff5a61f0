import type { Call } from '../call.ts'
import type { EvidenceKey, HeadStatement } from '../objects/attestation.ts'
import { evidenceAlgorithm } from '../objects/ring-name.ts'

/**
 * Has the evidence key sign how far a grant's chain had come: a compact JWS, made inside the key's
 * object. Throws when the statement is not one, or is not about now.
 */
export async function attest(call: Call, statement: HeadStatement): Promise<string> {
  const answer = await call.storage.object('KeyRing.attest', () =>
    call.stubs.keyRing('evidence').attest(call.issuer.id, statement),
  )
  if ('refused' in answer) throw new Error(answer.refused)
  return answer.jws
}

/** The evidence keys of all times, public halves only, the oldest first. */
export async function evidenceKeys(call: Call): Promise<readonly EvidenceKey[]> {
  return call.storage.object('KeyRing.history', () =>
    call.stubs.keyRing('evidence').history(call.issuer.id),
  )
}

/** The same as a JWK Set: `from`, `until` and `revoked` are milliseconds since the epoch. */
export function evidenceJwks(keys: readonly EvidenceKey[]) {
  return {
    keys: keys.map(({ jwk, ...about }) => ({
      ...jwk,
      alg: evidenceAlgorithm,
      use: 'sig',
      ...about,
    })),
  }
}
