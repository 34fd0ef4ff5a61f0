import type { Call } from '../call.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { JsonWebKeySet } from '../types.ts'
import { encryptables, encryptionKey, encryptionOf } from './encryption.ts'
import { checkPublicJwks } from './jwks.ts'
import type { ClientMetadata } from './metadata.ts'
import { fetchJson } from './outbound.ts'
import { checkSector } from './sector.ts'

/**
 * What only the client's own addresses can say about a registration, asked before it is stored: whether
 * the sector names its redirect URIs, and whether there is a key for what it wants encrypted. Errors:
 * `invalid_client_metadata`.
 */
export async function checkAddresses(call: Call, metadata: ClientMetadata): Promise<Result<true>> {
  const sector = await checkSector(call, metadata)
  return sector.ok ? checkEncryptionKeys(call, metadata) : sector
}

async function checkEncryptionKeys(call: Call, metadata: ClientMetadata): Promise<Result<true>> {
  const wanted = encryptables.flatMap((what) => {
    const how = encryptionOf(metadata, what)
    return how === undefined ? [] : [{ what, how }]
  })
  if (wanted.length === 0) return accept(true)
  const { encryptJwt } = await import('../tokens/jwe.ts')
  const jwks = await publishedKeys(call, metadata)
  for (const { what, how } of wanted) {
    const jwk = encryptionKey(jwks, how.alg)
    const usable =
      jwk !== undefined &&
      (await encryptJwt('', { jwk, ...how }).then(
        () => true,
        () => false,
      ))
    if (!usable) {
      const description = `no usable key with use enc for ${what}_encrypted_response_alg`
      return refuse('invalid_client_metadata', description)
    }
  }
  return accept(true)
}

/** Asked anew, past what this isolate remembers: an operator who mended the keys tries again at once. */
async function publishedKeys(
  { issuer, runtime, log }: Call,
  { jwks, jwks_uri: uri }: ClientMetadata,
): Promise<JsonWebKeySet | undefined> {
  if (uri === undefined) return jwks
  try {
    const caller = { issuer, allowed: runtime.outboundAllowed, fetch: runtime.fetch }
    const checked = checkPublicJwks(await fetchJson(uri, caller))
    return checked.ok ? checked.value : undefined
  } catch (error) {
    log('client.jwks_failed', { reason: error instanceof Error ? error.message : 'unknown' })
    return undefined
  }
}
