import type { Call } from '../call.ts'
import type { GrantSummary } from '../objects/grant.ts'
import type { ClientRecord } from '../types.ts'

/** A live, claimed grant of this client, by its id; undefined for any other (Grant Management 4.1). */
export async function managedGrant(
  { storage, stubs, issuer }: Call,
  grantId: string,
  { clientId, generation }: Pick<ClientRecord, 'clientId' | 'generation'>,
): Promise<GrantSummary | undefined> {
  const stub = stubs.grant(grantId)
  if (stub === undefined) return undefined
  const presenter = { issuer: issuer.id, clientId, generation }
  const found = await storage.object('Grant.managed', () => stub.managed(presenter))
  return typeof found === 'string' ? undefined : found
}
