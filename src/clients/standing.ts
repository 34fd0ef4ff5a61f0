import type { Call } from '../call.ts'
import { accept, refuse, refuseAs } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { AssertionUse, ClientStanding } from '../objects/client.ts'
import type { AuthenticatedClient } from './authenticate.ts'
import { fromBase64Url } from '../encoding.ts'

export type EnabledStanding = Extract<ClientStanding, { readonly generation: string }>

/**
 * The client call: takes the assertion's `jti` once, or just asks, and learns the client's standing.
 * Runs beside the other one-time calls; never retried.
 */
export async function callClient(call: Call, client: AuthenticatedClient): Promise<AssertionUse> {
  const { record, assertion } = client
  const { storage, stubs } = call
  const id = record.clientId
  if (assertion === undefined) {
    const standing = await storage.object('Client.check', () => stubs.client(id).check())
    return { standing, use: 'fresh' }
  }
  const { jti, validUntil } = assertion
  if (record.operator) {
    return storage.object('Client.useAsOperator', () =>
      stubs.operator(id).useAsOperator(jti, validUntil),
    )
  }
  const [current = 1, ...previous] = call.issuer.assertionShards
  // While the number of shards changes, the names of both numbers are asked (design section 4).
  const [answer, ...others] = await Promise.all(
    [current, ...previous].map((shards) => useAt(call, id, { shards, jti, validUntil })),
  )
  if (answer === undefined) throw new Error('no shard was asked')
  const replayed = others.find((other) => other.use !== 'fresh')
  return replayed === undefined ? answer : { standing: answer.standing, use: replayed.use }
}

type ShardUse = { readonly shards: number; readonly jti: string; readonly validUntil: number }

async function useAt(call: Call, clientId: string, use: ShardUse): Promise<AssertionUse> {
  const { storage, stubs } = call
  if (use.shards === 1) {
    return storage.object('Client.use', () => stubs.client(clientId).use(use.jti, use.validUntil))
  }
  const shard = (fromBase64Url(use.jti)?.[0] ?? 0) % use.shards
  const stub = stubs.clientShard(clientId, use.shards, shard)
  const answer = await storage.object('Client.use', () => stub.use(use.jti, use.validUntil))
  if (answer.standing.status !== 'unknown') return answer
  // A shard without the client's standing took nothing; the client's object opens it.
  const opened = await storage.object('Client.openShards', () =>
    stubs.client(clientId).openShards(use.shards, shard),
  )
  return opened ? storage.object('Client.use', () => stub.use(use.jti, use.validUntil)) : answer
}

/** Judges the answer. Errors: `invalid_client`, always in the same words. */
export function judgeStanding(answer: AssertionUse): Result<EnabledStanding> {
  const bad = (detail: string) => refuse('invalid_client', 'Client authentication failed', detail)
  const { standing, use } = answer
  if (standing.status === 'unknown') return bad('the client does not exist')
  if (standing.status === 'disabled') return bad('the client is disabled')
  if (use === 'used') {
    const words = ['Client authentication failed', 'the assertion was used before'] as const
    return refuseAs('assertion.replayed', 'invalid_client', ...words)
  }
  return use === 'late' ? bad('the assertion has expired') : accept(standing)
}
