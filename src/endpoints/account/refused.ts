import type { Call } from '../../call.ts'
import type { ChangeAnswer } from '../../objects/account/changes.ts'
import { turnAway } from '../../people/told.ts'
import { homeOf, stepUp } from './access.ts'
import type { AccountPath, Visitor } from './access.ts'
import { backTo } from './notice.ts'

/**
 * What follows when the account refused a change: the second factor is asked for again, or the page says
 * why it was not done.
 */
export async function refused(
  call: Call,
  visitor: Visitor,
  about: {
    readonly path: AccountPath
    readonly status: Exclude<ChangeAnswer['status'], 'done'>
  },
): Promise<Response> {
  const { path, status } = about
  if (status === 'last-factor') return backTo(call, homeOf(visitor), 'last-factor')
  if (status === 'unknown') return backTo(call, homeOf(visitor), 'gone')
  if (visitor.by.kind === 'setup') return turnAway('setup-ended')
  const again = await stepUp(call, path)
  return again instanceof Response ? again : turnAway('sign-in-again')
}
