import type { Call } from '../call.ts'
import { fromBase64Url, isRecord, parseJson } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { ClientRecord } from '../types.ts'

/** A compact JWE has five parts, a JWS three (RFC 7516 9). */
export const isEncrypted = (text: string): boolean => text.split('.', 6).length === 5

/**
 * Takes the signed request object out of an encrypted one (RFC 9101 6.1: signed, then encrypted). Only
 * few clients encrypt: the code is not evaluated before the first of them comes. Errors:
 * `invalid_request_object`, always in the same words.
 */
export async function decryptRequest(
  call: Call,
  client: ClientRecord,
  jwe: string,
): Promise<Result<string>> {
  const bad = (detail: string) =>
    refuse('invalid_request_object', 'The request object cannot be decrypted', detail)
  const alg = call.issuer.decryptionAlgorithms.find((known) => known === algorithmOf(jwe))
  const { request_object_encryption_alg: registered } = client.metadata
  if (alg === undefined) return bad('its alg is not one of this issuer')
  if (registered !== undefined && registered !== alg)
    return bad('its alg is not the registered one')
  const { decrypt } = await import('../tokens/decrypt.ts')
  const jws = await decrypt(call, jwe)
  return jws === undefined ? bad('no key of this issuer opens it') : accept(jws)
}

function algorithmOf(jwe: string): unknown {
  const bytes = fromBase64Url(jwe.split('.', 1)[0] ?? '')
  const header = bytes && parseJson(new TextDecoder().decode(bytes))
  return isRecord(header) ? header['alg'] : undefined
}
