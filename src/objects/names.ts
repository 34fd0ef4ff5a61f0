import { tuple } from '../encoding.ts'

/** Names of objects and keys of KV copies: tuples that begin with the issuer id. */
export const objectNames = {
  client: (issuer: string, clientId: string) => tuple(issuer, 'client', clientId),
  clientShard: (issuer: string, clientId: string, shards: number, shard: number) =>
    tuple(issuer, 'client', clientId, String(shards), String(shard)),
  operator: (issuer: string, operatorId: string) => tuple(issuer, 'operator', operatorId),
  directory: (issuer: string) => tuple(issuer, 'directory'),
  keyRing: (issuer: string) => tuple(issuer, 'key-ring'),
  throttle: (issuer: string, bucket: number) => tuple(issuer, 'throttle', String(bucket)),
  replayGuard: (scope: string, role: string, hint: string, n: number) =>
    tuple(scope, role, hint, String(n)),
} as const

export const copyKeys = {
  client: (issuer: string, clientId: string) => tuple(issuer, 'client', clientId),
  ring: (issuer: string) => tuple(issuer, 'key-ring'),
} as const
