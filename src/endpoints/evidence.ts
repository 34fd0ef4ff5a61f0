import type { Call } from '../call.ts'
import { evidenceJwks, evidenceKeys } from '../tokens/evidence-keys.ts'
import { publicJson } from './metadata.ts'

/**
 * The keys that sign heads of evidence, with those of the past: what they signed can be verified for
 * good. They verify no token, so they are not in the JWK Set of the issuer.
 */
export async function evidenceKeySet(call: Call): Promise<Response> {
  return publicJson(evidenceJwks(await evidenceKeys(call)))
}
