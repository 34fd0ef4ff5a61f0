import type { Env } from '../config.ts'
import type { LocationHint } from '../proof/location.ts'
import type { Issuer } from '../types.ts'
import type { Grant } from './grant.ts'
import { objectNames } from './names.ts'
import type { PushedRequest } from './pushed-request.ts'
import type { RingName } from './ring-name.ts'

/**
 * An object as its callers see it: each method, answered later. The platform's own type works out anew how
 * each value could cross, and gives up on JSON, which nests without end.
 */
export type Remote<T> = { readonly id: DurableObjectId } & {
  readonly [M in Exclude<keyof T, keyof DurableObject>]: T[M] extends (
    ...given: infer Given
  ) => infer Answer
    ? (...given: Given) => Promise<Awaited<Answer>>
    : never
}

/** The one place where names and ids become objects. */
export function makeStubs(env: Env, issuer: Issuer) {
  const within = <T extends Rpc.DurableObjectBranded>(
    namespace: DurableObjectNamespace<T>,
  ): DurableObjectNamespace<T> =>
    issuer.jurisdiction === undefined ? namespace : namespace.jurisdiction(issuer.jurisdiction)

  /** `idFromString` refuses ids this namespace never made. */
  const byId = <T extends Rpc.DurableObjectBranded>(
    namespace: DurableObjectNamespace<T>,
    objectId: string,
    hint?: DurableObjectLocationHint,
  ): DurableObjectStub<T> | undefined => {
    try {
      const id = within(namespace).idFromString(objectId)
      // One object has one name: whatever is kept by that name is found by it.
      if (id.toString() !== objectId) return undefined
      return within(namespace).get(id, hint === undefined ? {} : { locationHint: hint })
    } catch {
      return undefined
    }
  }

  return {
    newPushedRequestId: () => within(env.PUSHED_REQUEST).newUniqueId().toString(),
    newGrantId: () => within(env.GRANT).newUniqueId().toString(),
    newAccountId: () => within(env.ACCOUNT).newUniqueId().toString(),
    pushedRequest: (objectId: string, hint?: LocationHint): Remote<PushedRequest> | undefined =>
      byId(env.PUSHED_REQUEST, objectId, hint) as unknown as Remote<PushedRequest> | undefined,
    grant: (objectId: string, hint?: DurableObjectLocationHint): Remote<Grant> | undefined =>
      byId(env.GRANT, objectId, hint) as unknown as Remote<Grant> | undefined,
    account: (objectId: string) => byId(env.ACCOUNT, objectId),
    client: (clientId: string) =>
      within(env.CLIENT).getByName(objectNames.client(issuer.id, clientId)),
    clientShard: (clientId: string, shards: number, shard: number) =>
      within(env.CLIENT).getByName(objectNames.clientShard(issuer.id, clientId, shards, shard)),
    operator: (operatorId: string) =>
      within(env.CLIENT).getByName(objectNames.operator(issuer.id, operatorId)),
    directory: () => within(env.DIRECTORY).getByName(objectNames.directory(issuer.id)),
    keyRing: (name: RingName = 'signing') =>
      within(env.KEY_RING).getByName(objectNames.keyRing(issuer.id, name)),
    throttle: (bucket: number) =>
      within(env.THROTTLE).getByName(objectNames.throttle(issuer.id, bucket)),
    replayGuard: (hint: LocationHint, n: number) =>
      within(env.REPLAY_GUARD).getByName(
        objectNames.replayGuard(issuer.id, 'authorization-server', hint, n),
        { locationHint: hint },
      ),
  }
}

export type Stubs = ReturnType<typeof makeStubs>
