import type { Call } from '../../call.ts'
import { endpointUrl } from '../../call.ts'
import { one } from '../../authorization/parameters.ts'
import { seeOther } from '../../authorization/respond.ts'
import { clearCookie } from '../../people/cookies.ts'
import { demand } from '../../errors.ts'
import { checkSameOrigin } from '../../people/interaction.ts'
import { currentSession, endSessionOf, sessionHandle } from '../../people/session.ts'
import { takeForm } from './access.ts'
import { backTo } from './notice.ts'
import { change } from './change.ts'

/** Signs out one other browser, or all of them. */
export async function postSessions(call: Call): Promise<Response> {
  const posted = await takeForm(call, { kind: 'account', path: '/account' })
  if (posted instanceof Response) return posted
  const { visitor, form } = posted
  const all = one(form, 'action') === 'end-others'
  const answer = await change(
    call,
    visitor,
    all ? { kind: 'end-other-sessions' } : { kind: 'end-session', id: one(form, 'session') ?? '' },
  )
  if (answer.status !== 'done') return backTo(call, '/account', 'gone')
  return backTo(call, '/account', all ? 'sessions-ended' : 'session-ended')
}

/** Ends the session of this browser. */
export async function postSignOut(call: Call): Promise<Response> {
  demand(checkSameOrigin(call))
  const out = seeOther(endpointUrl(call.issuer, 'main', '/account/signed-out'), [
    clearCookie(call, 'session'),
  ])
  // Whoever waited until the session was over has what they asked for.
  if ((await currentSession(call)) === undefined) return out
  const posted = await takeForm(call, { kind: 'account', path: '/account' })
  if (posted instanceof Response) return posted
  const handle = await sessionHandle(call)
  if (handle !== undefined) await endSessionOf(call, handle)
  call.log('session.ended', { account: posted.visitor.person.accountId })
  return out
}
