import type { Call } from '../call.ts'
import { fail } from '../errors.ts'
import { json } from '../endpoints/respond.ts'
import { stateOf } from '../objects/ring.ts'
import type { Ring } from '../objects/ring.ts'
import { askRing } from '../tokens/keys.ts'
import type { Operation } from './operation.ts'

const iso = (time: number) => new Date(time).toISOString()

const describe = (ring: Ring, now: number) => ({
  keys: ring.keys.map((key) => ({
    kid: key.kid,
    alg: key.alg,
    use: key.use,
    state: stateOf(ring, key, now),
    published_at: iso(key.publishedAt),
    active_from: iso(key.activeFrom),
    ...(key.removeAt === undefined ? {} : { remove_at: iso(key.removeAt) }),
    secret_id: key.sealed.split('.')[0],
  })),
})

/** The keys as they now are. This isolate goes on with them: the copy in KV may be read late. */
const list = async (call: Call): Promise<Response> => json(describe(await askRing(call), call.now))

async function rotate(call: Call): Promise<Response> {
  const { storage, stubs, issuer } = call
  await storage.object('KeyRing.rotate', () => stubs.keyRing().rotate(issuer.id))
  return list(call)
}

async function revoke(call: Call, kid: string): Promise<Response> {
  const { storage, stubs, issuer } = call
  const known = await storage.object('KeyRing.revoke', () => stubs.keyRing().revoke(issuer.id, kid))
  if (!known) return fail('not_found', 'There is no such key')
  return list(call)
}

async function rewrap(call: Call): Promise<Response> {
  const { storage, stubs, issuer } = call
  const outcome = await storage.object('KeyRing.rewrap', () => stubs.keyRing().rewrap(issuer.id))
  await askRing(call)
  return json(outcome)
}

export const keyOperations: readonly Operation[] = [
  { method: 'GET', path: ['keys'], run: list },
  { method: 'POST', path: ['keys', 'rotate'], run: rotate },
  { method: 'POST', path: ['keys', 'rewrap'], run: rewrap },
  { method: 'POST', path: ['keys', ':id', 'revoke'], run: revoke },
]
