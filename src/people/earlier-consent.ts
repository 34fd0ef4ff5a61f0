import type { Call } from '../call.ts'

/** What a person agreed to. */
export type EarlierConsent = {
  readonly scope: readonly string[]
  readonly claims: readonly string[]
}

/** What this person last allowed this client, as their account keeps it; undefined: nothing. */
export async function findEarlierConsent(
  call: Call,
  accountId: string,
  clientId: string,
): Promise<EarlierConsent | undefined> {
  const { storage, stubs, issuer } = call
  const account = stubs.account(accountId)
  if (account === undefined) return undefined
  const grants = await storage.object('Account.listGrants', () => account.listGrants(issuer.id))
  const [latest] = grants
    .filter((grant) => grant.clientId === clientId && grant.status === 'authorized')
    .sort((a, b) => b.createdAt - a.createdAt)
  // An older entry may not say what it was for; then nothing can be called new.
  if (latest?.scope === undefined) return undefined
  return { scope: latest.scope, claims: latest.claims ?? [] }
}
