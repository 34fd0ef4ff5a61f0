import { remember } from '../bounded.ts'
import type { Call } from '../call.ts'
import type { Algorithm } from '../profiles/profile.ts'
import { importKey } from '../tokens/jwt.ts'
import type { ClientRecord, JsonWebKeySet } from '../types.ts'
import { checkPublicJwks, mayVerify } from './jwks.ts'
import type { PublicJwk } from './jwks.ts'
import { fetchJson } from './outbound.ts'

/** A remote key set as this isolate remembers it. Times in milliseconds. */
type RemoteSet = {
  readonly jwks: JsonWebKeySet | undefined
  /** When it was last known to be true. */
  readonly knownAt: number
  /** When it was last asked for, with or without an answer. */
  readonly askedAt: number
  readonly asking: boolean
}

/** By issuer, client and address. */
const remote = new Map<string, RemoteSet>()
const mostRemote = 500
/** Milliseconds: how long a set is used, how long when its host is down, and how soon it is asked again. */
const usedFor = 300_000
const usedWithoutAnswer = 600_000
const askAgainAfter = 60_000
/** Longer than any outbound call may take. */
const mostWaiting = 3_500

const imported = new WeakMap<JsonWebKey, Map<Algorithm, CryptoKey>>()

/** Where a client's key came from. `fetchedAt`: milliseconds. */
export type KeySource = 'registered' | { readonly jwks_uri: string; readonly fetchedAt: number }

type KeySet = { readonly jwks: JsonWebKeySet; readonly source: KeySource }

/** The client's key set, from its registration or its `jwks_uri`. Undefined: it could not be had. */
export async function clientJwks(
  call: Call,
  client: ClientRecord,
  options: { readonly renew: boolean } = { renew: false },
): Promise<JsonWebKeySet | undefined> {
  return (await keySetOf(call, client, options))?.jwks
}

async function keySetOf(
  call: Call,
  client: ClientRecord,
  options: { readonly renew: boolean } = { renew: false },
): Promise<KeySet | undefined> {
  const { jwks, jwks_uri: uri } = client.metadata
  if (uri === undefined) return jwks && { jwks, source: 'registered' }
  const name = `${call.issuer.id} ${client.clientId} ${uri}`
  const known = remote.get(name)
  const age = (at: number | undefined) => (at === undefined ? Infinity : Math.abs(call.now - at))
  const usable = (set: RemoteSet | undefined, most: number): KeySet | undefined =>
    set?.jwks !== undefined && age(set.knownAt) < most
      ? { jwks: set.jwks, source: { jwks_uri: uri, fetchedAt: set.knownAt } }
      : undefined
  const fresh = usable(known, usedFor)
  if (fresh !== undefined && !options.renew) return fresh
  // One who asks may be cancelled: then nobody waits for it any longer.
  if (known?.asking === true && age(known.askedAt) < mostWaiting) {
    return usable(await answerOf(name), usedWithoutAnswer)
  }
  // Asked at most once a minute per client, after failures and for unknown kids alike.
  const answered = known?.asking === false
  if (answered && age(known.askedAt) < askAgainAfter) return usable(known, usedWithoutAnswer)
  const asking = { jwks: known?.jwks, knownAt: known?.knownAt ?? -Infinity, askedAt: call.now }
  remember(remote, mostRemote, name, { ...asking, asking: true })
  const fetching = fetchJwks(call, uri)
  // The answer is for others too, should this caller hang up.
  call.waitUntil(fetching)
  const fetched = await fetching
  const set =
    fetched === undefined
      ? { ...asking, asking: false }
      : { jwks: fetched, knownAt: call.now, askedAt: call.now, asking: false }
  remember(remote, mostRemote, name, set)
  return usable(set, usedWithoutAnswer)
}

/** Another request of this isolate is asking: waits for its answer, since promises cannot be shared. */
async function answerOf(name: string): Promise<RemoteSet | undefined> {
  for (let waited = 0; waited < mostWaiting; waited += 50) {
    const set = remote.get(name)
    if (set?.asking !== true) return set
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return undefined
}

async function fetchJwks(call: Call, uri: string): Promise<JsonWebKeySet | undefined> {
  const { issuer, runtime, log } = call
  try {
    const document = await fetchJson(uri, {
      issuer,
      allowed: runtime.outboundAllowed,
      fetch: runtime.fetch,
    })
    const checked = checkPublicJwks(document)
    if (checked.ok) return checked.value
    log('client.jwks_refused', { reason: checked.refusal.description })
  } catch (error) {
    log('client.jwks_failed', { reason: error instanceof Error ? error.message : 'unknown' })
  }
  return undefined
}

/** A key that may verify a signature of a client, and which of its published keys it is. */
export type ClientKey = {
  readonly key: CryptoKey
  readonly jwk: PublicJwk
  readonly source: KeySource
}

/**
 * Keys that may verify a signature of this client: chosen by kid, type, use and alg; where kids
 * repeat, all that fit (FAPI2 SP 5.4.3).
 */
export async function verificationKeys(
  call: Call,
  client: ClientRecord,
  wanted: { readonly kid: unknown; readonly alg: Algorithm },
): Promise<readonly ClientKey[]> {
  const first = candidates(await keySetOf(call, client), wanted)
  const found =
    first.length > 0 || client.metadata.jwks_uri === undefined
      ? first
      : candidates(await keySetOf(call, client, { renew: true }), wanted)
  const keys = await Promise.all(
    found.map(async ({ jwk, source }) => {
      const key = await importOnce(jwk, wanted.alg)
      return key === undefined ? [] : [{ key, jwk, source }]
    }),
  )
  return keys.flat()
}

function candidates(
  set: KeySet | undefined,
  wanted: { readonly kid: unknown; readonly alg: Algorithm },
): readonly Omit<ClientKey, 'key'>[] {
  if (set === undefined) return []
  const fitting = (set.jwks.keys as readonly PublicJwk[]).filter(
    (jwk) => mayVerify(jwk, wanted.alg) && (wanted.kid === undefined || jwk.kid === wanted.kid),
  )
  return fitting.map((jwk) => ({ jwk, source: set.source }))
}

async function importOnce(jwk: PublicJwk, alg: Algorithm): Promise<CryptoKey | undefined> {
  const known = imported.get(jwk)?.get(alg)
  if (known !== undefined) return known
  try {
    const { kty, crv, x, y, n, e } = jwk
    const bare = kty === 'RSA' ? { kty, n, e } : { kty, crv, x, y }
    const members = Object.entries(bare).filter(([, value]) => value !== undefined)
    const key = await importKey(Object.fromEntries(members) as unknown as JsonWebKey, alg)
    const byAlg = imported.get(jwk) ?? new Map<Algorithm, CryptoKey>()
    imported.set(jwk, byAlg.set(alg, key))
    return key
  } catch {
    return undefined
  }
}
