import type { Call } from '../../call.ts'
import { endpointUrl } from '../../call.ts'
import { one, readQuery } from '../../authorization/parameters.ts'
import { demand } from '../../errors.ts'
import { mayLose } from '../../objects/account/factors.ts'
import { CodeSetupPage } from '../../pages/account/code.tsx'
import { formFor } from '../../people/freshness.ts'
import { sealForm } from '../../people/forms.ts'
import { enrolmentUri, newCodeSecret, stepOf } from '../../people/one-time-code.ts'
import { methodsOf } from '../../people/session.ts'
import { sealCodeSecret } from '../../people/totp-secret.ts'
import { frame, page } from '../page.tsx'
import { demandEnroller, homeOf, takeForm } from './access.ts'
import type { Posted, Visitor } from './access.ts'
import { change } from './change.ts'
import { homeLink } from './home.ts'
import { backTo, noticeIn } from './notice.ts'
import { afterEnrolment } from './recovery.tsx'
import { refused } from './refused.ts'

const path = '/account/code'

/** Shows a new secret; it is stored when a code proves that an app has it. */
export async function showCodeSetup(call: Call): Promise<Response> {
  const visitor = await demandEnroller(call, path)
  if (visitor instanceof Response) return visitor
  const secret = newCodeSecret()
  const sealed = await sealCodeSecret(call, visitor.person.accountId, secret)
  const data = { secret, sealed }
  const token = await sealForm(call, 'code', { bound: visitor.key, lifetime: formFor, data })
  return render(call, visitor, { secret, token, wrong: false })
}

/** Takes the confirming code, or removes the codes there are. */
export async function postCodeSetup(call: Call): Promise<Response> {
  const posted = await takeForm(call, { kind: 'code', path, enrols: true })
  if (posted instanceof Response) return posted
  return one(posted.form, 'action') === 'remove' ? remove(call, posted) : confirm(call, posted)
}

async function confirm(call: Call, { visitor, form, data }: Posted): Promise<Response> {
  // Sealed by `showCodeSetup`.
  const { secret, sealed } = data as { readonly secret: string; readonly sealed: string }
  const text = (one(form, 'otp') ?? '').slice(0, 64).replace(/[\s-]/g, '')
  const step = /^[0-9]{6}$/.test(text) ? stepOf(secret, text, call.now) : undefined
  if (step === undefined) {
    return render(call, visitor, { secret, token: one(form, 'form') ?? '', wrong: true })
  }
  const answer = await change(call, visitor, { kind: 'set-code', sealed, step })
  if (answer.status === 'done') return afterEnrolment(call, visitor, 'code-added')
  return refused(call, visitor, { path, status: answer.status })
}

async function remove(call: Call, { visitor }: Posted): Promise<Response> {
  const answer = await change(call, visitor, { kind: 'remove-code' })
  if (answer.status === 'done') return backTo(call, homeOf(visitor), 'code-removed')
  return refused(call, visitor, { path, status: answer.status })
}

async function render(
  call: Call,
  visitor: Visitor,
  shown: { readonly secret: string; readonly token: string; readonly wrong: boolean },
): Promise<Response> {
  const { issuer } = call
  const { secret, token, wrong } = shown
  const { credential, person } = visitor
  const speech = await frame(call)
  const has = methodsOf(credential)
  const { minimum } = issuer.authentication
  const session = visitor.by.kind === 'session'
  const notice =
    call.request.method === 'GET' ? noticeIn(demand(readQuery(call.request))) : undefined
  const body = (
    <CodeSetupPage
      {...speech}
      action={endpointUrl(issuer, 'main', path)}
      form={token}
      home={homeLink(call, visitor, speech)}
      secret={secret}
      uri={enrolmentUri(secret, { issuer: issuer.name, username: person.username })}
      replaces={has.code}
      removable={session && has.code && mayLose(has, { ...has, code: false }, minimum)}
      wrong={wrong}
      {...(notice === undefined ? {} : { notice })}
    />
  )
  return page(body, { frame: speech, status: wrong ? 403 : 200 })
}
