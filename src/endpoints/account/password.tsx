import type { Call } from '../../call.ts'
import { endpointUrl } from '../../call.ts'
import { one } from '../../authorization/parameters.ts'
import type { Parameters } from '../../authorization/parameters.ts'
import { makeHandle } from '../../handles.ts'
import { PasswordPage } from '../../pages/account/password.tsx'
import type { PasswordProblem } from '../../pages/account/password.tsx'
import { setCookie } from '../../people/cookies.ts'
import { formFor } from '../../people/freshness.ts'
import { sealForm } from '../../people/forms.ts'
import { checkNewPassword } from '../../people/new-password.ts'
import {
  hashPassword,
  leastPasswordCharacters,
  mostPasswordCharacters,
  verifyPassword,
} from '../../people/password.ts'
import { noteFailedSignIn } from '../../people/sign-in.ts'
import { throttleFor } from '../../people/throttling.ts'
import { frame, page } from '../page.tsx'
import { demandOwner, homeOf, takeForm } from './access.ts'
import type { Visitor } from './access.ts'
import { change } from './change.ts'
import { homeLink } from './home.ts'
import { backTo } from './notice.ts'
import { refused } from './refused.ts'

const path = '/account/password'

/** Asks for the current password and a new one. */
export async function showPassword(call: Call): Promise<Response> {
  const visitor = await demandOwner(call, path)
  if (visitor instanceof Response) return visitor
  const token = await sealForm(call, 'password', { bound: visitor.key, lifetime: formFor })
  return render(call, visitor, { token })
}

/** Takes the new password: every other session ends, this one goes on under a new id. */
export async function postPassword(call: Call): Promise<Response> {
  const posted = await takeForm(call, { kind: 'password', path, enrols: true })
  if (posted instanceof Response) return posted
  const { visitor, form } = posted
  const { accountId, username } = visitor.person
  const fresh = one(form, 'password') ?? ''
  const flaw = checkNewPassword(fresh, username)
  const differs = one(form, 'again') !== fresh
  const problem =
    flaw !== undefined
      ? ({ kind: flaw } as const)
      : differs
        ? ({ kind: 'mismatch' } as const)
        : await checkCurrent(call, visitor, form)
  if (problem !== undefined) {
    return render(call, visitor, { token: one(form, 'form') ?? '', problem })
  }
  const { text, handle } = await makeHandle('session', accountId)
  const answer = await change(call, visitor, {
    kind: 'set-password',
    password: await hashPassword(fresh),
    next: handle.secretHash,
  })
  if (answer.status !== 'done') return refused(call, visitor, { path, status: answer.status })
  const goesOn = visitor.by.kind === 'session' ? [setCookie(call, 'session', text).header] : []
  return backTo(call, homeOf(visitor), 'password-changed', goesOn)
}

/** Whoever has a password shows it; it was asked for already where an operator's link was begun. */
const asksCurrent = ({ by, credential }: Visitor): boolean =>
  by.kind === 'session' && credential.password !== undefined

/** Counted like a sign-in: an open session is no way to guess a password faster. */
async function checkCurrent(
  call: Call,
  visitor: Visitor,
  form: Parameters,
): Promise<PasswordProblem | undefined> {
  if (!asksCurrent(visitor)) return undefined
  const { accountId, username } = visitor.person
  const throttling = await throttleFor(call, 'name', username)
  const attempt = await throttling.begin()
  if (!attempt.allowed) {
    call.log('sign_in.throttled', { method: 'change-password', seconds: attempt.waitSeconds })
    return { kind: 'wait', seconds: attempt.waitSeconds }
  }
  const current = one(form, 'current') ?? ''
  const matches = await verifyPassword(current, visitor.credential.password)
  if (!matches || current.length > mostPasswordCharacters) {
    const about = { account: accountId, change: 'set-password', by: visitor.by.kind } as const
    call.log('account.change_refused', { ...about, reason: 'the current password is wrong' })
    noteFailedSignIn(call, accountId, 'password')
    return { kind: 'current' }
  }
  await throttling.succeed()
  return undefined
}

async function render(
  call: Call,
  visitor: Visitor,
  shown: { readonly token: string; readonly problem?: PasswordProblem },
): Promise<Response> {
  const { token, problem } = shown
  const speech = await frame(call)
  const body = (
    <PasswordPage
      {...speech}
      action={endpointUrl(call.issuer, 'main', path)}
      form={token}
      home={homeLink(call, visitor, speech)}
      username={visitor.person.username}
      asksCurrent={asksCurrent(visitor)}
      first={visitor.credential.password === undefined}
      limits={{ least: leastPasswordCharacters, most: mostPasswordCharacters }}
      {...(problem === undefined ? {} : { problem })}
    />
  )
  const status = problem === undefined ? 200 : problem.kind === 'wait' ? 429 : 403
  const response = page(body, { frame: speech, status })
  if (problem?.kind === 'wait') response.headers.set('retry-after', String(problem.seconds))
  return response
}
