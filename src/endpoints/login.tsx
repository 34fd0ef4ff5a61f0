import type { Call } from '../call.ts'
import { endpointUrl } from '../call.ts'
import { one, readForm, readQuery } from '../authorization/parameters.ts'
import { seeOther } from '../authorization/respond.ts'
import { demand, fail } from '../errors.ts'
import { LoginPage } from '../pages/login.tsx'
import type { LoginProblem } from '../pages/login.tsx'
import { passwordAuthentication } from '../people/authentication.ts'
import { cookieHash, newCookie } from '../people/cookies.ts'
import { checkSameOrigin, openInteraction, sealInteraction } from '../people/interaction.ts'
import { signIn } from '../people/sign-in.ts'
import { deny } from './answer.ts'
import { frame, page } from './page.tsx'
import { openPushed } from './pushed.ts'
import type { LiveRequest } from './pushed.ts'

/** Shows the sign-in form. */
export async function showLogin(call: Call): Promise<Response> {
  const sealed = one(demand(readQuery(call.request)), 'interaction')
  const interaction = demand(await openInteraction(call, 'sign-in', sealed))
  const live = await openPushed(call, { handle: interaction.request }, 'finishing')
  return render(call, live, { sealed: sealed ?? '', username: live.pushed.request.loginHint })
}

/** Takes the sign-in form. */
export async function postLogin(call: Call): Promise<Response> {
  demand(checkSameOrigin(call))
  const form = demand(await readForm(call.request))
  const sealed = one(form, 'interaction')
  const interaction = demand(await openInteraction(call, 'sign-in', sealed))
  const { request: handle } = interaction
  if (one(form, 'action') === 'cancel') {
    return deny(call, await openPushed(call, { handle, outcome: 'denied' }, 'finishing'))
  }
  const live = await openPushed(call, { handle }, 'finishing')
  const username = one(form, 'username') ?? ''
  const password = one(form, 'password') ?? ''
  if (username.length > 256) return fail('invalid_request', 'The user name is too long')
  const outcome = await signIn(call, { username, password })
  if (outcome.status !== 'signed-in') {
    const problem: LoginProblem =
      outcome.status === 'wait'
        ? { kind: 'wait', seconds: outcome.seconds }
        : { kind: 'credentials' }
    return render(call, live, { sealed: sealed ?? '', username, problem })
  }
  // A new cookie at sign-in: whatever was planted before is worth nothing now.
  const cookie = newCookie(call, 'sign-in')
  const { accountId, sub } = outcome.account
  const approval = await sealInteraction(call, {
    stage: 'approval',
    request: interaction.request,
    browser: interaction.browser,
    until: interaction.until,
    signIn: await cookieHash(cookie.value),
    accountId,
    sub,
    username: outcome.account.username,
    epoch: outcome.epoch,
    authentication: passwordAuthentication(call.now),
    grantId: call.stubs.newGrantId(),
  })
  const consent = `${endpointUrl(call.issuer, 'main', '/consent')}?interaction=${approval}`
  return seeOther(consent, [cookie.header])
}

async function render(
  call: Call,
  live: LiveRequest,
  shown: {
    readonly sealed: string
    readonly username: string | undefined
    readonly problem?: LoginProblem
  },
): Promise<Response> {
  const { redirectUri } = live.pushed.request
  const { username, problem } = shown
  const body = (
    <LoginPage
      {...await frame(call)}
      action={endpointUrl(call.issuer, 'main', '/login')}
      interaction={shown.sealed}
      clientName={live.client.metadata.client_name}
      clientHost={new URL(redirectUri).host}
      {...(username === undefined ? {} : { username })}
      {...(problem === undefined ? {} : { problem })}
    />
  )
  const response = page(body, { status: statusFor(problem), endsAt: redirectUri })
  if (problem?.kind === 'wait') response.headers.set('retry-after', String(problem.seconds))
  return response
}

const statusFor = (problem: LoginProblem | undefined): number => {
  if (problem === undefined) return 200
  return problem.kind === 'wait' ? 429 : 403
}
