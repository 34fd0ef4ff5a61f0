import type { Call } from '../call.ts'
import type { JsonWebKeySet } from '../types.ts'
import { findClient, findClientAsOf } from './find.ts'
import { clientJwks } from './keys.ts'
import { clientStanding } from './standing.ts'

const none: JsonWebKeySet = { keys: [] }

/**
 * The public keys of an enabled client, for those who check what it signs elsewhere. A `keyId` that its
 * `jwks_uri` did not have is looked for there again. Nobody's and a disabled client's: none.
 */
export async function publicKeysOf(
  call: Call,
  clientId: string,
  keyId: string | undefined,
): Promise<JsonWebKeySet> {
  // No object is named by an id that nobody registered.
  if ((await findClient(call, clientId)) === undefined) return none
  const standing = await clientStanding(call, clientId)
  if (standing.status !== 'enabled') return none
  const client = await findClientAsOf(call, clientId, standing)
  if (client === undefined) return none
  const known = await clientJwks(call, client)
  const missing = keyId !== undefined && known?.keys.every((key) => kidOf(key) !== keyId) === true
  if (!missing || client.metadata.jwks_uri === undefined) return known ?? none
  return (await clientJwks(call, client, { renew: true })) ?? none
}

const kidOf = (key: JsonWebKey): string | undefined => (key as { readonly kid?: string }).kid
