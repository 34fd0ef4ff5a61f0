import type { Verifier } from 'http-message-sig'
import { remember } from '../bounded.ts'
import type { PublicJwk } from '../clients/jwks.ts'
import { tuple } from '../encoding.ts'
import { chooseVerifier } from '../http-signatures/keys.ts'
import type { Visit } from './visit.ts'

type Remembered = { readonly keys: readonly PublicJwk[]; readonly at: number }

const remembered = new Map<string, Remembered>()
const mostRemembered = 1_000

/** Milliseconds: a key the client dropped, or that of a disabled client, is gone here within a minute. */
const keptFor = 60_000
/** An unknown key id asks the issuer again at most this often for one client. */
const askAgainAfter = 5_000

/**
 * The key with which a client signed a message, asked from the issuer and remembered for a minute.
 * Without `keyId`: the one key the client has for this, if it has no other.
 */
export async function clientKey(
  { settings, storage, now }: Pick<Visit, 'settings' | 'storage' | 'now'>,
  clientId: string,
  keyId: string | undefined,
): Promise<Verifier | undefined> {
  const name = tuple(settings.issuer, clientId)
  const known = remembered.get(name)
  const age = known === undefined ? Infinity : Math.abs(now - known.at)
  const hit =
    known === undefined || age >= keptFor ? undefined : await chooseVerifier(known.keys, keyId)
  if (hit !== undefined || age < askAgainAfter) return hit
  const ask = async () => ({
    value: await settings.introspection.clientKeys(clientId, keyId),
    rows: 0,
  })
  const { keys } = await storage.object('Introspection.clientKeys', ask)
  remember(remembered, mostRemembered, name, { keys, at: now })
  return chooseVerifier(keys, keyId)
}
