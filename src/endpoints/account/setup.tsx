import type { Call } from '../../call.ts'
import { endpointUrl } from '../../call.ts'
import { one, readForm, readQuery } from '../../authorization/parameters.ts'
import { seeOther } from '../../authorization/respond.ts'
import { demand } from '../../errors.ts'
import { makeHandle, readHandle } from '../../handles.ts'
import type { Handle } from '../../handles.ts'
import type { Credential } from '../../objects/account.ts'
import { reachOf } from '../../objects/account/factors.ts'
import type { SetupKind } from '../../objects/account/setup.ts'
import { SetupBeginPage, SetupPage } from '../../pages/account/setup.tsx'
import type { SetupProblem } from '../../pages/account/setup.tsx'
import { browserOf, clearCookie, cookieHash, readCookie, setCookie } from '../../people/cookies.ts'
import { openForm, sealForm } from '../../people/forms.ts'
import { checkSameOrigin } from '../../people/interaction.ts'
import { endSessionOf, methodsOf, sessionHandle } from '../../people/session.ts'
import { judgePassword } from '../../people/sign-in.ts'
import { turnAway } from '../../people/told.ts'
import { frame, page } from '../page.tsx'
import { setupVisitor } from './access.ts'
import { noticeIn } from './notice.ts'

/** Seconds from the begin of a set-up to its end. */
const setupFor = 900

/** How long (ms) the page that begins may stay open. */
const beginFor = 3_600_000

/** A link that may still be used. */
type LiveLink = {
  readonly handle: Handle
  readonly kind: SetupKind
  readonly credential: Credential
}

/** With a link: the page that begins, which burns nothing. Without: what can be set up. */
export async function showSetup(call: Call): Promise<Response> {
  const query = demand(readQuery(call.request))
  const link = one(query, 'link')
  if (link === undefined) return showSteps(call)
  const live = await openLink(call, link)
  const { browser: bound, cookies } = await browserOf(call)
  const token = await sealForm(call, 'setup', { bound, lifetime: beginFor, data: { link } })
  const response = await renderBegin(call, live, { token })
  for (const { header } of cookies) response.headers.append('set-cookie', header)
  return response
}

/** Burns the link and begins the set-up in this browser; the session it had is over. */
export async function postSetup(call: Call): Promise<Response> {
  demand(checkSameOrigin(call))
  const form = demand(await readForm(call.request))
  const token = one(form, 'form')
  const browser = await cookieHash(readCookie(call, 'browser') ?? '')
  const data = demand(await openForm(call, 'setup', { token, bound: browser }))
  const live = await openLink(call, String(data['link']))
  if (asksPassword(live)) {
    const password = one(form, 'password') ?? ''
    const outcome = await judgePassword(call, { username: live.credential.username, password })
    if (outcome.status !== 'matches') {
      const problem: SetupProblem =
        outcome.status === 'wait'
          ? { kind: 'wait', seconds: outcome.seconds }
          : { kind: 'password' }
      return renderBegin(call, live, { token: token ?? '', problem })
    }
  }
  const { objectId } = live.handle
  const { text, handle } = await makeHandle('setup-session', objectId)
  const account = call.stubs.account(objectId)
  const begun =
    account &&
    (await call.storage.object('Account.beginSetup', () =>
      account.beginSetup(call.issuer.id, {
        link: live.handle.secretHash,
        epoch: live.credential.epoch,
        setup: { secretHash: handle.secretHash, browser },
        lifetime: setupFor * 1000,
      }),
    ))
  if (begun !== true) return turnAway('setup-link-dead', 'burnt by somebody else')
  const before = await sessionHandle(call)
  if (before !== undefined) await endSessionOf(call, before)
  call.log('setup.begun', { account: objectId })
  return seeOther(endpointUrl(call.issuer, 'main', '/setup'), [
    setCookie(call, 'setup', text, setupFor).header,
    clearCookie(call, 'session'),
  ])
}

/** Ends the set-up and goes on to the sign-in. */
export async function postSetupFinish(call: Call): Promise<Response> {
  demand(checkSameOrigin(call))
  const form = demand(await readForm(call.request))
  const visitor = (await setupVisitor(call)) ?? turnAway('setup-ended')
  demand(await openForm(call, 'setup', { token: one(form, 'form'), bound: visitor.key }))
  const { accountId } = visitor.person
  const account = call.stubs.account(accountId)
  if (account !== undefined) {
    await call.storage.object('Account.endSetup', () =>
      account.endSetup(call.issuer.id, visitor.by),
    )
  }
  call.log('setup.finished', { account: accountId })
  return seeOther(endpointUrl(call.issuer, 'main', '/account'), [clearCookie(call, 'setup')])
}

/** Opens a link: unknown, used and expired are one answer. */
async function openLink(call: Call, text: string): Promise<LiveLink> {
  const dead = () => turnAway('setup-link-dead')
  const handle = (await readHandle('setup-link', text)) ?? dead()
  const account = call.stubs.account(handle.objectId) ?? dead()
  const link = await call.storage.object('Account.readSetupLink', () =>
    account.readSetupLink(call.issuer.id, handle.secretHash),
  )
  return { handle, ...(link ?? dead()) }
}

/** An invitation alone does not open an account that has a password; an operator's reset does. */
const asksPassword = ({ kind, credential }: LiveLink): boolean =>
  kind === 'invite' && credential.password !== undefined

async function renderBegin(
  call: Call,
  live: LiveLink,
  shown: { readonly token: string; readonly problem?: SetupProblem },
): Promise<Response> {
  const { token, problem } = shown
  const speech = await frame(call)
  const body = (
    <SetupBeginPage
      {...speech}
      action={endpointUrl(call.issuer, 'main', '/setup')}
      form={token}
      asksPassword={asksPassword(live)}
      {...(problem === undefined ? {} : { problem })}
    />
  )
  const status = problem === undefined ? 200 : problem.kind === 'wait' ? 429 : 403
  const response = page(body, { frame: speech, status })
  if (problem?.kind === 'wait') response.headers.set('retry-after', String(problem.seconds))
  return response
}

async function showSteps(call: Call): Promise<Response> {
  const visitor = (await setupVisitor(call)) ?? turnAway('setup-ended')
  const { credential, person } = visitor
  const { minimum } = call.issuer.authentication
  const speech = await frame(call)
  const notice = noticeIn(demand(readQuery(call.request)))
  const has = methodsOf(credential)
  const body = (
    <SetupPage
      {...speech}
      action={(path) => endpointUrl(call.issuer, 'main', path)}
      form={await sealForm(call, 'setup', { bound: visitor.key, lifetime: setupFor * 1000 })}
      username={person.username}
      has={{ ...has, recoveryCodes: credential.recoveryCodes }}
      ready={reachOf(has) >= minimum}
      two={minimum > 1}
      {...(notice === undefined ? {} : { notice })}
    />
  )
  return page(body, { frame: speech, status: 200 })
}
