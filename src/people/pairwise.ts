import type { Call } from '../call.ts'
import { sectorOf } from '../clients/sector.ts'
import { fail } from '../errors.ts'
import type { ClientRecord } from '../types.ts'
import type { Person } from './session.ts'

/**
 * The subject by which a client knows a person (OIDC Core 8): the same for all clients, or one for its
 * sector. Throws `ProtocolError` when the account is gone.
 */
export async function clientSubject(
  call: Call,
  client: Pick<ClientRecord, 'metadata'>,
  person: Pick<Person, 'accountId' | 'sub'>,
): Promise<string> {
  const sector = sectorOf(client.metadata)
  if (sector === undefined) return person.sub
  const { storage, stubs, issuer } = call
  const account = stubs.account(person.accountId)
  const subject =
    account &&
    (await storage.object('Account.pairwiseSubject', () =>
      account.pairwiseSubject(issuer.id, sector),
    ))
  return subject ?? fail('access_denied', 'Please sign in again', 'the account is gone')
}
