import type { Env } from '../config.ts'
import type { LocationHint } from '../proof/location.ts'
import type { Issuer } from '../types.ts'
import { objectNames } from './names.ts'
import type { RingName } from './ring-name.ts'

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
      return within(namespace).get(id, hint === undefined ? {} : { locationHint: hint })
    } catch {
      return undefined
    }
  }

  return {
    newPushedRequestId: () => within(env.PUSHED_REQUEST).newUniqueId().toString(),
    newGrantId: () => within(env.GRANT).newUniqueId().toString(),
    newAccountId: () => within(env.ACCOUNT).newUniqueId().toString(),
    pushedRequest: (objectId: string, hint?: LocationHint) =>
      byId(env.PUSHED_REQUEST, objectId, hint),
    grant: (objectId: string, hint?: DurableObjectLocationHint) => byId(env.GRANT, objectId, hint),
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
