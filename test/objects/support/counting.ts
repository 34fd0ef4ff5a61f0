import { listDurableObjectIds } from 'cloudflare:test'
import { concat, fromHex, randomBytes, toBase64Url, toHex } from '../../../src/encoding.ts'
import type { Client } from '../../../src/objects/client.ts'
import { env, stubsOf } from './objects.ts'

const namespaces = {
  PUSHED_REQUEST: env.PUSHED_REQUEST,
  GRANT: env.GRANT,
  REPLAY_GUARD: env.REPLAY_GUARD,
  CLIENT: env.CLIENT,
  DIRECTORY: env.DIRECTORY,
  KEY_RING: env.KEY_RING,
  ACCOUNT: env.ACCOUNT,
  THROTTLE: env.THROTTLE,
}

/** How many objects each namespace holds; one that was merely touched counts. */
export async function countObjects(): Promise<Readonly<Record<string, number>>> {
  const counts = Object.entries(namespaces).map(async ([name, namespace]) => {
    const ids = await listDurableObjectIds(namespace as DurableObjectNamespace<Client>)
    return [name, ids.length] as const
  })
  return Object.fromEntries(await Promise.all(counts))
}

/** A handle of this form with an id that no namespace made. */
export const guess = (kind: number, objectId: string = toHex(randomBytes(32))): string =>
  toBase64Url(concat(Uint8Array.of(kind), fromHex(objectId), randomBytes(32)))

/** Takes the values in turn. */
export const some = <T>(values: readonly T[], index: number): T =>
  values[index % values.length] as T

/** Ids that are real, of objects that do not know what is asked. */
export const realIds = (clientId: string): readonly string[] => {
  const stubs = stubsOf('bank')
  const client = stubs.client(clientId).id.toString()
  return [stubs.keyRing().id.toString(), stubs.directory().id.toString(), client]
}
