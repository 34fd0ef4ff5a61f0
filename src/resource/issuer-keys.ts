import type { Algorithm } from '../profiles/profile.ts'
import type { Storage } from '../observe/storage.ts'
import { importKey } from '../tokens/jwt.ts'
import type { ResourceSettings } from './settings.ts'

type Known = { readonly key: CryptoKey; readonly alg: Algorithm }
type Remembered = { readonly keys: ReadonlyMap<string, Known>; readonly at: number }

const remembered = new Map<string, Remembered>()

/** Milliseconds: a key the issuer dropped is gone here within a minute. */
const keptFor = 60_000
/** An unknown kid asks the issuer again at most this often. */
const askAgainAfter = 5_000

/** The issuer's key for a `kid`, asked from the issuer and remembered for a minute. */
export async function issuerKeys(
  asker: { readonly settings: ResourceSettings; readonly storage: Storage; readonly now: number },
  kid: unknown,
): Promise<Known | undefined> {
  const { settings, storage, now } = asker
  if (typeof kid !== 'string') return undefined
  const known = remembered.get(settings.issuer)
  const age = known === undefined ? Infinity : Math.abs(now - known.at)
  const hit = known?.keys.get(kid)
  if (hit !== undefined && age < keptFor) return hit
  if (age < askAgainAfter) return undefined
  const ask = async () => ({ value: await settings.introspection.keys(), rows: 0 })
  const { keys } = await storage.object('Introspection.keys', ask)
  const imported = await Promise.all(
    keys.map(async (jwk) => {
      const alg = settings.profile.algorithms.find((name) => name === jwk.alg)
      const id = (jwk as { readonly kid?: string }).kid
      if (alg === undefined || id === undefined) return []
      return [[id, { key: await importKey(jwk, alg), alg }] as const]
    }),
  )
  const fresh = new Map(imported.flat())
  remembered.set(settings.issuer, { keys: fresh, at: now })
  return fresh.get(kid)
}
