import type { Call } from '../call.ts'
import { encryptionKey, encryptionOf } from '../clients/encryption.ts'
import type { Encryptable } from '../clients/encryption.ts'
import { clientJwks } from '../clients/keys.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { ClientRecord } from '../types.ts'
import { encryptJwt } from './jwe.ts'

/**
 * Encrypts a signed answer as its client registered, for the key it publishes now. A key that is gone
 * is an error: what was to be encrypted never leaves otherwise. Errors: `invalid_request`.
 */
export async function encryptFor(
  call: Call,
  order: { readonly client: ClientRecord; readonly what: Encryptable; readonly jwt: string },
): Promise<Result<string>> {
  const { client, what, jwt } = order
  const how = encryptionOf(client.metadata, what)
  if (how === undefined) throw new Error('nothing of this client is encrypted')
  const known = encryptionKey(await clientJwks(call, client), how.alg)
  const jwk = known ?? encryptionKey(await clientJwks(call, client, { renew: true }), how.alg)
  const description = `The client has no key that its ${what} could be encrypted for`
  if (jwk === undefined) return refuse('invalid_request', description, 'no key with use enc fits')
  try {
    return accept(await encryptJwt(jwt, { jwk, ...how }))
  } catch {
    return refuse('invalid_request', description, 'the key cannot be used')
  }
}
