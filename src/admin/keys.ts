import type { Call } from '../call.ts'
import { fail } from '../errors.ts'
import { json } from '../endpoints/respond.ts'
import { stateOf } from '../objects/ring.ts'
import type { Ring } from '../objects/ring.ts'
import { forgetRing } from '../tokens/keys.ts'
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

async function list(call: Call): Promise<Response> {
  const { storage, stubs, issuer } = call
  const { ring } = await storage.object('KeyRing.ring', () => stubs.keyRing().ring(issuer.id))
  return json(describe(ring, call.now))
}

async function rotate(call: Call): Promise<Response> {
  const { storage, stubs, issuer } = call
  const ring = await storage.object('KeyRing.rotate', () => stubs.keyRing().rotate(issuer.id))
  forgetRing(issuer.id)
  return json(describe(ring, call.now))
}

async function revoke(call: Call, kid: string): Promise<Response> {
  const { storage, stubs, issuer } = call
  const known = await storage.object('KeyRing.revoke', () => stubs.keyRing().revoke(issuer.id, kid))
  if (!known) return fail('not_found', 'There is no such key')
  forgetRing(issuer.id)
  return list(call)
}

async function rewrap(call: Call): Promise<Response> {
  const { storage, stubs, issuer } = call
  const outcome = await storage.object('KeyRing.rewrap', () => stubs.keyRing().rewrap(issuer.id))
  forgetRing(issuer.id)
  return json(outcome)
}

export const keyOperations: readonly Operation[] = [
  { method: 'GET', path: ['keys'], run: list },
  { method: 'POST', path: ['keys', 'rotate'], run: rotate },
  { method: 'POST', path: ['keys', 'rewrap'], run: rewrap },
  { method: 'POST', path: ['keys', ':id', 'revoke'], run: revoke },
]
