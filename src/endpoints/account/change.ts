import type { Call } from '../../call.ts'
import type { Change, ChangeAnswer } from '../../objects/account/changes.ts'
import type { Visitor } from './access.ts'

/** Makes a change in the turn of the account that judges it, and says so in the log. */
export async function change(
  call: Call,
  { person, by }: Visitor,
  wanted: Change,
): Promise<ChangeAnswer> {
  const account = call.stubs.account(person.accountId)
  if (account === undefined) throw new Error('a session’s id was not ours')
  const answer = await call.storage.object('Account.change', () =>
    account.change(call.issuer.id, by, wanted),
  )
  const about = { account: person.accountId, change: wanted.kind, by: by.kind }
  if (answer.status === 'done') call.log('account.changed', about)
  else call.log('account.change_refused', { ...about, reason: answer.status })
  return answer
}
