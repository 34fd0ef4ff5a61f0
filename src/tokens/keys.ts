import { remember } from '../bounded.ts'
import type { Call } from '../call.ts'
import { parseJson } from '../encoding.ts'
import {
  activeKey,
  hasLeft,
  jwksLifetime,
  lendsKeys,
  readRing,
  sealedFor,
} from '../objects/ring.ts'
import type { Ring, RingKey } from '../objects/ring.ts'
import { algorithmOf, decryptionRings, signingRing, signingRings } from '../objects/ring-name.ts'
import type { RingName, SigningAlgorithm } from '../objects/ring-name.ts'
import { copyKeys } from '../objects/names.ts'
import { provision } from '../provision.ts'
import { unseal } from '../secrets.ts'
import type { Issuer } from '../types.ts'
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

const rememberedAs = (call: Call, name: RingName): string => `${call.issuer.id} ${name}`

/** A key revoked by the operator is gone everywhere within a minute. */
export async function loadRing(call: Call, name: RingName = 'signing'): Promise<Ring> {
  const here = rememberedAs(call, name)
  const known = remembered.get(here)
  const age = known === undefined ? Infinity : call.now - known.at
  if (known !== undefined && age >= 0 && age < renewAfter) return known.ring
  if (known !== undefined && age >= 0 && age < uselessAfter) {
    call.waitUntil(askRing(call, name).catch(() => undefined))
    return known.ring
  }
  if (known === undefined && lendsKeys(name)) {
    const copy = readRing(
      await call.storage.readKv(call.env.COPIES, copyKeys.ring(call.issuer.id, name), copyTtl),
    )
    const meanwhile = remembered.get(here)
    if (meanwhile !== undefined) return meanwhile.ring
    const alg = algorithmOf(call.issuer, name)
    if (copy !== undefined && activeKey(copy, alg, call.now) !== undefined) {
      remembered.set(here, { ring: copy, at: call.now - renewAfter, confirmed: false })
      return copy
    }
  }
  return askRing(call, name)
}

/** Asks the ring itself, past every copy: also after the operator changed the keys. */
export async function askRing(call: Call, name: RingName = 'signing'): Promise<Ring> {
  const { ring, fresh } = await call.storage.object('KeyRing.ring', () =>
    call.stubs.keyRing(name).ring(call.issuer.id, name),
  )
  if (fresh && name === 'signing') await provision(call)
  remembered.set(rememberedAs(call, name), { ring, at: call.now, confirmed: true })
  return ring
}

export type SigningKey = {
  readonly key: CryptoKey
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly publicJwk: JsonWebKey
}

/**
 * The key that signs now: with the issuer's own algorithm, or with another one it is configured for.
 *
 * @example const { key, kid, alg } = await signingKey(call, 'PS256')
 */
export async function signingKey(
  call: Call,
  alg: SigningAlgorithm = call.issuer.signingAlgorithm,
): Promise<SigningKey> {
  const name = signingRing(call.issuer, alg)
  if (name === undefined) throw new Error(`this issuer does not sign with ${alg}`)
  const key = await usableKey(call, name)
  return { ...key, alg }
}

/**
 * With what is signed for a client that registered an algorithm, or none. What the issuer does not sign
 * with any more is no choice: its own algorithm stands in for it.
 */
export const algorithmFor = (issuer: Issuer, registered: string | undefined): SigningAlgorithm =>
  issuer.furtherSigningAlgorithms.find((alg) => alg === registered) ?? issuer.signingAlgorithm

async function usableKey(call: Call, name: RingName) {
  const first = await openActive(call, name, await loadRing(call, name))
  if (first !== undefined) return first
  // The copy may be older than a change of the master secret: the ring itself makes a new key.
  const second = await openActive(call, name, await askRing(call, name))
  if (second === undefined) throw new Error('no signing key can be opened')
  return second
}

async function openActive(call: Call, name: RingName, ring: Ring) {
  const { issuer, secrets } = call
  const active = activeKey(ring, algorithmOf(issuer, name), call.now)
  if (active === undefined) return undefined
  const { kid, publicJwk } = active
  const known = `${issuer.id} ${kid} private`
  const there = imported.get(known)
  if (there !== undefined) return { key: there, kid, publicJwk }
  const plain = await unseal(secrets.signing, active.sealed, sealedFor(issuer.id, active))
  const jwk = plain === undefined ? undefined : parseJson(new TextDecoder().decode(plain))
  if (jwk === undefined) return undefined
  return { key: await importOnce(known, jwk as JsonWebKey, active.alg), kid, publicJwk }
}

/** For verifying, a copy is not believed: it may still hold a key that was revoked. */
async function confirmedRing(call: Call, name: RingName): Promise<Ring> {
  const ring = await loadRing(call, name)
  return remembered.get(rememberedAs(call, name))?.confirmed === true ? ring : askRing(call, name)
}

/**
 * The public key of something this issuer signed; undefined when no published signing key has this
 * `kid`. Tokens are signed by the default ring: others are asked only when it does not know the `kid`.
 */
export async function verificationKey(
  call: Call,
  kid: unknown,
): Promise<{ readonly key: CryptoKey; readonly alg: SigningAlgorithm } | undefined> {
  const [first, ...others] = signingRings(call.issuer)
  const found = first && find(await confirmedRing(call, first), kid, call.now)
  const entry = found ?? (await findIn(call, others, kid))
  if (entry === undefined) return undefined
  const name = `${call.issuer.id} ${entry.kid} public`
  const key = imported.get(name) ?? (await importOnce(name, entry.publicJwk, entry.alg))
  return { key, alg: entry.alg as SigningAlgorithm }
}

const find = (ring: Ring, kid: unknown, now: number): RingKey | undefined =>
  ring.keys.find((key) => key.use === 'sig' && key.kid === kid && !hasLeft(key, now))

async function findIn(call: Call, names: readonly RingName[], kid: unknown) {
  if (typeof kid !== 'string') return undefined
  const rings = await Promise.all(names.map((name) => confirmedRing(call, name)))
  return rings.map((ring) => find(ring, kid, call.now)).find((key) => key !== undefined)
}

async function importOnce(name: string, jwk: JsonWebKey, alg: RingKey['alg']): Promise<CryptoKey> {
  const key = await importKey(jwk, alg as SigningAlgorithm)
  remember(imported, mostImported, name, key)
  return key
}

type PublicKeys = { readonly keys: readonly JsonWebKey[] }

/** All that this issuer publishes: what it signs with, and what clients encrypt for (RFC 7517 5). */
export async function publishedKeys(call: Call): Promise<PublicKeys> {
  const names = [...signingRings(call.issuer), ...decryptionRings(call.issuer)]
  return together(await Promise.all(names.map((name) => loadRing(call, name))), call.now)
}

/** What verifies tokens of this issuer, as the rings themselves know it. */
export async function confirmedSigningKeys(call: Call): Promise<PublicKeys> {
  const names = signingRings(call.issuer)
  return together(await Promise.all(names.map((name) => confirmedRing(call, name))), call.now)
}

const together = (rings: readonly Ring[], now: number): PublicKeys => ({
  keys: rings.flatMap((ring) => publicKeys(ring, now).keys),
})

/**
 * The public JWK Set of one ring: next, active and retiring keys (RFC 7517). Whoever encrypts may have
 * remembered a key: it is announced for less long than it opens.
 */
export function publicKeys(ring: Ring, now: number): PublicKeys {
  const ahead = (key: RingKey): number => (key.use === 'enc' ? 2 * jwksLifetime * 1000 : 0)
  return {
    keys: ring.keys
      .filter((key) => !hasLeft(key, now + ahead(key)))
      .map(({ kid, alg, use, publicJwk }) => ({ ...publicJwk, kid, alg, use })),
  }
}
