import type { Call } from '../call.ts'
import { fail } from '../errors.ts'
import { json } from '../endpoints/respond.ts'
import { nameOf } from '../objects/ring-changes.ts'
import { stateOf } from '../objects/ring.ts'
import type { Ring } from '../objects/ring.ts'
import { purposeOf, purposes, ringsOf } from '../objects/ring-name.ts'
import type { Purpose, RingName } from '../objects/ring-name.ts'
import { askRing } from '../tokens/keys.ts'
import type { Operation } from './operation.ts'

const iso = (time: number) => new Date(time).toISOString()

const describe = (ring: Ring, now: number) =>
  ring.keys.map((key) => ({
    kid: key.kid,
    purpose: purposeOf(nameOf(ring)),
    alg: key.alg,
    use: key.use,
    state: stateOf(ring, key, now),
    published_at: iso(key.publishedAt),
    active_from: iso(key.activeFrom),
    ...(key.removeAt === undefined ? {} : { remove_at: iso(key.removeAt) }),
    secret_id: key.sealed.split('.')[0],
  }))

/** The keys as they now are. This isolate goes on with them: the copy in KV may be read late. */
async function list(call: Call): Promise<Response> {
  return json(await listed(call, ringsOf(call.issuer, purposeAskedFor(call))))
}

async function listed(call: Call, names: readonly RingName[]) {
  const rings = await Promise.all(names.map((name) => askRing(call, name)))
  // What was done in this request is seen, too.
  return { keys: rings.flatMap((ring) => describe(ring, call.runtime.now())) }
}

/** `?kid=`: the ring of this key; `?purpose=`: all rings of it. Without either: those that sign tokens. */
async function rotate(call: Call): Promise<Response> {
  const { storage, stubs, issuer } = call
  const kid = new URL(call.request.url).searchParams.get('kid')
  const names =
    kid === null ? ringsOf(issuer, purposeAskedFor(call) ?? 'signing') : [await ringWith(call, kid)]
  const begin = (name: RingName) =>
    storage.object('KeyRing.rotate', () => stubs.keyRing(name).rotate(issuer.id, name))
  await Promise.all(names.map(begin))
  return json(await listed(call, ringsOf(issuer)))
}

async function revoke(call: Call, kid: string): Promise<Response> {
  const { storage, stubs, issuer } = call
  const drop = (name: RingName) =>
    storage.object('KeyRing.revoke', () => stubs.keyRing(name).revoke(issuer.id, kid, name))
  const known = await Promise.all(ringsOf(issuer).map(drop))
  if (!known.includes(true)) return fail('not_found', 'There is no such key')
  return json(await listed(call, ringsOf(issuer)))
}

async function rewrap(call: Call): Promise<Response> {
  const { storage, stubs, issuer } = call
  const names = ringsOf(issuer, purposeAskedFor(call))
  const again = (name: RingName) =>
    storage.object('KeyRing.rewrap', () => stubs.keyRing(name).rewrap(issuer.id, name))
  const outcomes = await Promise.all(names.map(again))
  await listed(call, names)
  const sum = (member: 'rewrapped' | 'lost') =>
    outcomes.reduce((total, outcome) => total + outcome[member], 0)
  return json({ rewrapped: sum('rewrapped'), lost: sum('lost') })
}

/** Undefined: of every purpose. Throws `ProtocolError`. */
function purposeAskedFor(call: Call): Purpose | undefined {
  const asked = new URL(call.request.url).searchParams.get('purpose')
  if (asked === null) return undefined
  const known = purposes.find((purpose) => purpose === asked)
  return known ?? fail('invalid_request', `purpose must be one of ${purposes.join(', ')}`)
}

/** The ring that has a key. Throws `ProtocolError`. */
async function ringWith(call: Call, kid: string): Promise<RingName> {
  const rings = await Promise.all(ringsOf(call.issuer).map((name) => askRing(call, name)))
  const ring = rings.find(({ keys }) => keys.some((key) => key.kid === kid))
  return ring === undefined ? fail('not_found', 'There is no such key') : nameOf(ring)
}

export const keyOperations: readonly Operation[] = [
  { method: 'GET', path: ['keys'], run: list },
  { method: 'POST', path: ['keys', 'rotate'], run: rotate },
  { method: 'POST', path: ['keys', 'rewrap'], run: rewrap },
  { method: 'POST', path: ['keys', ':id', 'revoke'], run: revoke },
]
