import type { Call } from '../../call.ts'
import { one } from '../../authorization/parameters.ts'
import { takeForm } from './access.ts'
import { backTo } from './notice.ts'

/** Takes a permission back: at once, for refresh, introspection and whoever asks the grant. */
export async function postPermissions(call: Call): Promise<Response> {
  const posted = await takeForm(call, { kind: 'account', path: '/account' })
  if (posted instanceof Response) return posted
  const { visitor, form } = posted
  const { accountId } = visitor.person
  const account = call.stubs.account(accountId)
  if (account === undefined) throw new Error('a session’s id was not ours')
  const grantId = one(form, 'grant') ?? ''
  const outcome = await call.storage.object('Account.endGrant', () =>
    account.endGrant(call.issuer.id, visitor.by, grantId),
  )
  if (outcome !== 'ended' && outcome !== 'ending') return backTo(call, '/account', 'gone')
  call.log('permission.ended', { account: accountId, grant: grantId, outcome })
  return backTo(call, '/account', outcome === 'ended' ? 'permission-ended' : 'permission-ending')
}
