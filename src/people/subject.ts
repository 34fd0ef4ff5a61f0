import type { Call } from '../call.ts'
import { sectorOf } from '../clients/sector.ts'
import { fail } from '../errors.ts'
import type { AuthorizationRequest, ClientRecord } from '../types.ts'
import type { Person } from './session.ts'

/**
 * The subject identifier by which a client knows a person (OIDC Core 8): the same for all clients, or
 * one for its sector. Throws `ProtocolError` when the account is gone.
 */
export async function subjectFor(
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

/**
 * Whether a request may be answered about this person: a client may name who it means, by an id_token
 * (OIDC Core 3.1.2.1) and by values of `sub` in `claims` (5.5.1), and must hear of nobody else then.
 */
export async function isAbout(
  call: Call,
  asked: {
    readonly request: Pick<AuthorizationRequest, 'subjectHint' | 'subjects'>
    readonly client: Pick<ClientRecord, 'metadata'>
  },
  person: Pick<Person, 'accountId' | 'sub'>,
): Promise<boolean> {
  const { subjectHint, subjects } = asked.request
  if (subjectHint === undefined && subjects === undefined) return true
  const subject = await subjectFor(call, asked.client, person)
  const hinted = subjectHint === undefined || subjectHint === subject
  return hinted && (subjects === undefined || subjects.includes(subject))
}
