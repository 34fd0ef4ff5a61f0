import { runInDurableObject } from 'cloudflare:test'
import { parseJson } from '../../../src/encoding.ts'
import { activeKey, sealedFor, ringSecrets, stateOf } from '../../../src/objects/ring.ts'
import type { KeyRing } from '../../../src/objects/key-ring.ts'
import type { Ring, RingKey } from '../../../src/objects/ring.ts'
import { parseMasterSecret, unseal } from '../../../src/secrets.ts'
import { importKey, signJwt, verifySignature } from '../../../src/tokens/jwt.ts'
import { publicKeys } from '../../../src/tokens/keys.ts'
import { env } from './objects.ts'

/** A ring of the issuer `bank`; each test may have its own, since only the issuer is in the seal. */
export const ringObject = (name: string) => env.KEY_RING.getByName(name)

/** The ring, with a usable key. */
export const ringOf = async (name: string): Promise<Ring> =>
  (await ringObject(name).ring('bank')).value.ring

export const keysIn = (ring: Ring, state: 'next' | 'active' | 'retiring'): readonly RingKey[] =>
  ring.keys.filter((key) => stateOf(ring, key, Date.now()) === state)

/** Lets the object believe that the deployment has this master secret, until it is evicted. */
export const giveSecret = (stub: DurableObjectStub<KeyRing>, secret: string): Promise<void> =>
  runInDurableObject(stub, (object) => {
    Object.assign(object, { env: { ...env, MASTER_SECRET: secret } })
  })

/** The private JWK of a key, as JSON text; undefined when the master secret does not open it. */
export async function openKey(
  key: RingKey,
  masterSecret = env.MASTER_SECRET,
): Promise<string | undefined> {
  const secret = parseMasterSecret(masterSecret)
  if (typeof secret === 'string') throw new Error(secret)
  const plain = await unseal(
    ringSecrets(secret, 'bank', 'signing'),
    key.sealed,
    sealedFor('bank', key),
  )
  return plain === undefined ? undefined : new TextDecoder().decode(plain)
}

/** Signs with the key that signs now. */
export async function signWith(
  ring: Ring,
  secret?: string,
): Promise<{ readonly kid: string; readonly token: string }> {
  const key = activeKey(ring, 'ES256', Date.now())
  const opened = key && (await openKey(key, secret))
  if (key === undefined || opened === undefined) throw new Error('no key signs')
  const { kid } = key
  const alg = 'ES256'
  const privateKey = await importKey(parseJson(opened) as JsonWebKey, alg)
  return {
    kid,
    token: await signJwt(privateKey, { alg, typ: 'at+jwt', kid }, { made: Date.now() }),
  }
}

/** Whether a stranger who has nothing but the published keys can verify the signature. */
export async function verifies(
  ring: Ring,
  signed: { readonly kid: string; readonly token: string },
): Promise<boolean> {
  const published = publicKeys(ring, Date.now()).keys as readonly (JsonWebKey & {
    readonly kid: string
  })[]
  const jwk = published.find(({ kid }) => kid === signed.kid)
  if (jwk === undefined) return false
  return verifySignature(signed.token, await importKey(jwk, 'ES256'), 'ES256')
}
