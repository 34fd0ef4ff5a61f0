import type { Call } from '../call.ts'
import { fail } from '../errors.ts'
import { json } from '../endpoints/respond.ts'
import type { GrantEntry } from '../objects/account.ts'
import { findPerson } from './users.ts'
import type { Operation } from './operation.ts'

const iso = (time: number | undefined) =>
  time === undefined ? undefined : new Date(time).toISOString()

async function list(call: Call, username: string): Promise<Response> {
  const person = await findPerson(call, username)
  if (person === undefined) return fail('not_found', 'There is no such person')
  const entries = await call.storage.object('Account.listGrants', () =>
    person.account.listGrants(call.issuer.id),
  )
  const grants = await Promise.all(entries.map((entry) => describe(call, entry)))
  return json({ grants: grants.filter((grant) => grant !== undefined) })
}

async function describe(call: Call, entry: GrantEntry) {
  const stub = call.stubs.grant(entry.grantId)
  const grant =
    stub && (await call.storage.object('Grant.summary', () => stub.summary(call.issuer.id)))
  // Promised but never authorised: there is no such grant.
  if (grant === undefined || grant.status === 'unknown') return undefined
  return {
    grant_id: entry.grantId,
    client_id: entry.clientId,
    // Long after its end only the account knows what a grant was for.
    scope: (grant.consent?.scope ?? entry.scope ?? []).join(' '),
    resource: grant.consent?.resources ?? [],
    status: grant.status,
    created_at: iso(grant.createdAt),
    expires_at: iso(grant.expiresAt),
    last_used_at: iso(grant.lastUsedAt),
  }
}

async function revoke(call: Call, grantId: string): Promise<Response> {
  const stub = call.stubs.grant(grantId)
  const unknown = () => fail('not_found', 'There is no such grant')
  if (stub === undefined) return unknown()
  const outcome = await call.storage.object('Grant.revoke', () =>
    stub.revoke(call.issuer.id, { forbid: false, by: 'operator' }),
  )
  return outcome === 'unknown' ? unknown() : json({ grant_id: grantId, status: 'revoked' })
}

export const grantOperations: readonly Operation[] = [
  { method: 'GET', path: ['users', ':id', 'grants'], run: list },
  { method: 'POST', path: ['grants', ':id', 'revoke'], run: revoke },
]
