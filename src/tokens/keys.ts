import { remember } from '../bounded.ts'
import type { Call } from '../call.ts'
import { parseJson } from '../encoding.ts'
import { activeKey, readRing, sealedFor } from '../objects/ring.ts'
import type { Ring, RingKey } from '../objects/ring.ts'
import { copyKeys } from '../objects/names.ts'
import { provision } from '../provision.ts'
import { unseal } from '../secrets.ts'
import { importKey } from './jwt.ts'

/** A ring as an isolate remembers it. `at`: when it was known to be true, in milliseconds. */
type Remembered = {
  readonly ring: Ring
  readonly at: number
  /** The ring itself said so; a copy may be older than a revocation. */
  readonly confirmed: boolean
}

const remembered = new Map<string, Remembered>()
const imported = new Map<string, CryptoKey>()
const mostImported = 256

/** Younger than this a ring is used as it is; then it is renewed beside the request; then before it. */
const renewAfter = 30_000
const uselessAfter = 60_000
/** Seconds KV may answer from its cache. */
const copyTtl = 30

/** A key revoked by the operator is gone everywhere within a minute. */
export async function loadRing(call: Call): Promise<Ring> {
  const known = remembered.get(call.issuer.id)
  const age = known === undefined ? Infinity : call.now - known.at
  if (known !== undefined && age >= 0 && age < renewAfter) return known.ring
  if (known !== undefined && age >= 0 && age < uselessAfter) {
    call.waitUntil(askRing(call).catch(() => undefined))
    return known.ring
  }
  if (known === undefined) {
    const copy = readRing(
      await call.storage.readKv(call.env.COPIES, copyKeys.ring(call.issuer.id), copyTtl),
    )
    const meanwhile = remembered.get(call.issuer.id)
    if (meanwhile !== undefined) return meanwhile.ring
    if (
      copy !== undefined &&
      activeKey(copy, call.issuer.signingAlgorithm, call.now) !== undefined
    ) {
      remembered.set(call.issuer.id, { ring: copy, at: call.now - renewAfter, confirmed: false })
      return copy
    }
  }
  return askRing(call)
}

/** Asks the ring itself, past every copy: also after the operator changed the keys. */
export async function askRing(call: Call): Promise<Ring> {
  const { ring, fresh } = await call.storage.object('KeyRing.ring', () =>
    call.stubs.keyRing().ring(call.issuer.id),
  )
  if (fresh) await provision(call)
  remembered.set(call.issuer.id, { ring, at: call.now, confirmed: true })
  return ring
}

export type SigningKey = {
  readonly key: CryptoKey
  readonly kid: string
  readonly alg: RingKey['alg']
}

/** The key that signs now. */
export async function signingKey(call: Call): Promise<SigningKey> {
  const first = await openActive(call, await loadRing(call))
  if (first !== undefined) return first
  // The copy may be older than a change of the master secret: the ring itself makes a new key.
  const second = await openActive(call, await askRing(call))
  if (second === undefined) throw new Error('no signing key can be opened')
  return second
}

async function openActive(call: Call, ring: Ring): Promise<SigningKey | undefined> {
  const { issuer, secrets } = call
  const active = activeKey(ring, issuer.signingAlgorithm, call.now)
  if (active === undefined) return undefined
  const { kid, alg } = active
  const name = `${issuer.id} ${kid} private`
  const known = imported.get(name)
  if (known !== undefined) return { key: known, kid, alg }
  const plain = await unseal(secrets.signing, active.sealed, sealedFor(issuer.id, active))
  const jwk = plain === undefined ? undefined : parseJson(new TextDecoder().decode(plain))
  if (jwk === undefined) return undefined
  return { key: await importOnce(name, jwk as JsonWebKey, alg), kid, alg }
}

/** For verifying, a copy is not believed: it may still hold a key that was revoked. */
export async function confirmedRing(call: Call): Promise<Ring> {
  const ring = await loadRing(call)
  return remembered.get(call.issuer.id)?.confirmed === true ? ring : askRing(call)
}

/** The public key of an issued token; undefined when no published key has this `kid`. */
export async function verificationKey(
  call: Call,
  kid: unknown,
): Promise<{ readonly key: CryptoKey; readonly alg: RingKey['alg'] } | undefined> {
  const ring = await confirmedRing(call)
  const entry = ring.keys.find((key) => key.kid === kid && !hasLeft(key, call.now))
  if (entry === undefined) return undefined
  const name = `${call.issuer.id} ${entry.kid} public`
  const key = imported.get(name) ?? (await importOnce(name, entry.publicJwk, entry.alg))
  return { key, alg: entry.alg }
}

async function importOnce(name: string, jwk: JsonWebKey, alg: RingKey['alg']): Promise<CryptoKey> {
  const key = await importKey(jwk, alg)
  remember(imported, mostImported, name, key)
  return key
}

/** Past its time, whether or not the sweep has come. */
const hasLeft = (key: RingKey, now: number): boolean => (key.removeAt ?? Infinity) <= now

/** The public JWK Set: next, active and retiring keys (RFC 7517). */
export function publicKeys(ring: Ring, now: number): { readonly keys: readonly JsonWebKey[] } {
  return {
    keys: ring.keys
      .filter((key) => !hasLeft(key, now))
      .map(({ kid, alg, use, publicJwk }) => ({ ...publicJwk, kid, alg, use })),
  }
}
