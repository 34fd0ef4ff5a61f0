import type { Call } from '../call.ts'
import { parseJson } from '../encoding.ts'
import { hasLeft, sealedFor } from '../objects/ring.ts'
import type { Ring } from '../objects/ring.ts'
import { decryptionRings } from '../objects/ring-name.ts'
import type { DecryptionAlgorithm, RingName } from '../objects/ring-name.ts'
import { unseal } from '../secrets.ts'
import { askRing, loadRing } from './keys.ts'
import { decryptJwt } from './jwe.ts'

/** A private key that request objects may be encrypted for. */
export type DecryptionKey = {
  readonly kid: string
  readonly alg: DecryptionAlgorithm
  readonly jwk: JsonWebKey
}

/**
 * The private keys of all that is published for encryption, retiring ones included: a client may have
 * chosen any of them. The rings of all algorithms are loaded side by side.
 */
export async function decryptionKeys(
  call: Call,
  load: (call: Call, name: RingName) => Promise<Ring> = loadRing,
): Promise<readonly DecryptionKey[]> {
  const rings = await Promise.all(decryptionRings(call.issuer).map((name) => load(call, name)))
  const keys = await Promise.all(rings.map((ring) => open(call, ring)))
  return keys.flat()
}

async function open(call: Call, ring: Ring): Promise<readonly DecryptionKey[]> {
  const { issuer, secrets, now } = call
  const opened = ring.keys
    .filter((key) => key.use === 'enc' && !hasLeft(key, now))
    .map(async (key) => {
      const plain = await unseal(secrets.decryption, key.sealed, sealedFor(issuer.id, key))
      if (plain === undefined) return []
      const jwk = parseJson(new TextDecoder().decode(plain)) as JsonWebKey
      return [{ kid: key.kid, alg: key.alg as DecryptionAlgorithm, jwk }]
    })
  return (await Promise.all(opened)).flat()
}

/**
 * Opens a JWE that a client encrypted for this issuer (RFC 9101 6.1): the JWT inside. Undefined when it
 * cannot be opened, whatever the cause: the caller says nothing more.
 */
export async function decrypt(call: Call, jwe: string): Promise<string | undefined> {
  const known = await decryptJwt(jwe, await decryptionKeys(call))
  if (known !== 'no-key') return known
  // A key may have been made since this isolate looked.
  const opened = await decryptJwt(jwe, await decryptionKeys(call, askRing))
  return opened === 'no-key' ? undefined : opened
}
