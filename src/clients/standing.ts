import type { Call } from '../call.ts'
import { accept, refuse, refuseAs } from '../errors.ts'
import type { Result } from '../errors.ts'
import { fromBase64Url } from '../encoding.ts'
import type { AssertionUse, Client, ClientStanding } from '../objects/client.ts'
import type { Remote } from '../objects/stubs.ts'
import type { Reply } from '../observe/storage.ts'
import type { AuthenticatedClient } from './authenticate.ts'

export type EnabledStanding = Extract<ClientStanding, { readonly generation: string }>

/**
 * The client call: takes the assertion's `jti` once, or just asks, and learns the client's standing.
 * Runs beside the other one-time calls; never retried.
 */
export async function callClient(call: Call, client: AuthenticatedClient): Promise<AssertionUse> {
  const { record, assertion } = client
  const { storage, stubs } = call
  const id = record.clientId
  if (assertion === undefined) return { standing: await clientStanding(call, id), use: 'fresh' }
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

/**
 * The standing of a client whose id is proven: it is registered, or was. Nothing is used up, so any shard
 * may answer: each is told of a change before the operator is answered.
 */
export function clientStanding(call: Call, clientId: string): Promise<ClientStanding> {
  const [shards = 1] = call.issuer.assertionShards
  const shard = shards === 1 ? 0 : spread(crypto.getRandomValues(new Uint8Array(4)), shards)
  return ask(call, clientId, {
    shards,
    shard,
    name: 'Client.check',
    put: (client) => client.check(),
    isAnswer: ({ status }) => status !== 'unknown',
  })
}

type ShardUse = { readonly shards: number; readonly jti: string; readonly validUntil: number }

const useAt = (
  call: Call,
  clientId: string,
  { shards, jti, validUntil }: ShardUse,
): Promise<AssertionUse> =>
  ask(call, clientId, {
    shards,
    shard: spread(fromBase64Url(jti), shards),
    name: 'Client.use',
    put: (client) => client.use(jti, validUntil),
    isAnswer: ({ standing }) => standing.status !== 'unknown',
  })

/** Evenly, whatever the number of shards: four bytes leave no remainder that shows. */
const spread = (bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4), shards: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) % shards

type Question<Answer> = {
  readonly shards: number
  readonly shard: number
  readonly name: string
  readonly put: (client: Remote<Client>) => Promise<Reply<Answer>>
  readonly isAnswer: (answer: Answer) => boolean
}

/** Asks the client's own object, or the shard that stands in for it. */
async function ask<Answer>(
  { storage, stubs }: Call,
  clientId: string,
  { shards, shard, name, put, isAnswer }: Question<Answer>,
): Promise<Answer> {
  const own = stubs.client(clientId) as unknown as Remote<Client>
  if (shards === 1) return storage.object(name, () => put(own))
  const stub = stubs.clientShard(clientId, shards, shard) as unknown as Remote<Client>
  const answer = await storage.object(name, () => put(stub))
  if (isAnswer(answer)) return answer
  // A shard without the client's standing took nothing; the client's object opens it.
  const opened = await storage.object('Client.openShards', () => own.openShards(shards, shard))
  return opened ? storage.object(name, () => put(stub)) : answer
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
