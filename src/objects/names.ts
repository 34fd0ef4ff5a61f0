import { tuple } from '../encoding.ts'
import type { RingName } from './ring-name.ts'

/** The default signing ring has the name it had when it was the only one. */
function ringTuple(issuer: string, name: RingName): string {
  return name === 'signing' ? tuple(issuer, 'key-ring') : tuple(issuer, 'key-ring', name)
}

/** Names of objects and keys of KV copies: tuples that begin with the issuer id. */
export const objectNames = {
  client: (issuer: string, clientId: string) => tuple(issuer, 'client', clientId),
  clientShard: (issuer: string, clientId: string, shards: number, shard: number) =>
    tuple(issuer, 'client', clientId, String(shards), String(shard)),
  operator: (issuer: string, operatorId: string) => tuple(issuer, 'operator', operatorId),
  directory: (issuer: string) => tuple(issuer, 'directory'),
  keyRing: ringTuple,
  throttle: (issuer: string, bucket: number) => tuple(issuer, 'throttle', String(bucket)),
  replayGuard: (scope: string, role: string, hint: string, n: number) =>
    tuple(scope, role, hint, String(n)),
} as const

export const copyKeys = {
  client: (issuer: string, clientId: string) => tuple(issuer, 'client', clientId),
  ring: ringTuple,
} as const
