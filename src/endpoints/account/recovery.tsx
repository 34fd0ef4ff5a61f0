import type { Call } from '../../call.ts'
import { endpointUrl } from '../../call.ts'
import { one, readQuery } from '../../authorization/parameters.ts'
import { seeOther } from '../../authorization/respond.ts'
import { demand } from '../../errors.ts'
import { RecoveryCodesPage, RecoveryPage } from '../../pages/account/recovery.tsx'
import type { Notice } from '../../pages/account/overview.tsx'
import { formFor } from '../../people/freshness.ts'
import { openForm, sealForm } from '../../people/forms.ts'
import { newRecoveryCodes, recoveryHash } from '../../people/one-time-code.ts'
import { frame, page } from '../page.tsx'
import { demandEnroller, demandVisitor, homeOf, takeForm } from './access.ts'
import type { Visitor } from './access.ts'
import { change } from './change.ts'
import { refused } from './refused.ts'
import { homeLink } from './home.ts'
import { backTo, noticeIn } from './notice.ts'

const path = '/account/recovery-codes'

/** Shows how many codes are left; or, right after they were made, the codes themselves. */
export async function showRecovery(call: Call): Promise<Response> {
  const query = demand(readQuery(call.request))
  const sealed = one(query, 'codes')
  if (sealed !== undefined) {
    const shown = await showCodes(call, sealed)
    if (shown !== undefined) return shown
  }
  const visitor = await demandEnroller(call, path)
  if (visitor instanceof Response) return visitor
  const speech = await frame(call)
  const notice = noticeIn(query)
  const body = (
    <RecoveryPage
      {...speech}
      action={endpointUrl(call.issuer, 'main', path)}
      form={await sealForm(call, 'recovery', { bound: visitor.key, lifetime: formFor })}
      home={homeLink(call, visitor, speech)}
      left={visitor.credential.recoveryCodes}
      {...(notice === undefined ? {} : { notice })}
    />
  )
  return page(body, { frame: speech, status: 200 })
}

/** Makes new codes; those of before are void. */
export async function postRecovery(call: Call): Promise<Response> {
  const posted = await takeForm(call, { kind: 'recovery', path, enrols: true })
  return posted instanceof Response ? posted : makeCodes(call, posted.visitor)
}

/** After a factor was added: recovery codes for whoever has none, else back. */
export async function afterEnrolment(
  call: Call,
  visitor: Visitor,
  notice: Notice,
): Promise<Response> {
  if (visitor.credential.recoveryCodes === 0) return makeCodes(call, visitor)
  return backTo(call, homeOf(visitor), notice)
}

/** The codes travel sealed to the page that shows them: a reload shows them again, nobody else sees. */
async function makeCodes(call: Call, visitor: Visitor): Promise<Response> {
  const codes = newRecoveryCodes()
  const { accountId } = visitor.person
  const hashes = await Promise.all(codes.map((code) => recoveryHash(call, accountId, code)))
  const answer = await change(call, visitor, { kind: 'set-recovery', hashes })
  if (answer.status === 'unknown') return backTo(call, homeOf(visitor), 'recovery-none')
  if (answer.status !== 'done') return refused(call, visitor, { path, status: answer.status })
  const given = { bound: visitor.key, lifetime: formFor, data: { codes } }
  const sealed = await sealForm(call, 'recovery-shown', given)
  return seeOther(`${endpointUrl(call.issuer, 'main', path)}?codes=${sealed}`)
}

/** Undefined when these codes are not to be shown in this browser, or no longer. */
async function showCodes(call: Call, token: string): Promise<Response | undefined> {
  const visitor = await demandVisitor(call, path)
  if (visitor instanceof Response) return visitor
  const opened = await openForm(call, 'recovery-shown', { token, bound: visitor.key })
  if (!opened.ok) return undefined
  // Sealed by `makeCodes`.
  const codes = opened.value['codes'] as readonly string[]
  const speech = await frame(call)
  const home = endpointUrl(call.issuer, 'main', homeOf(visitor))
  const body = <RecoveryCodesPage {...speech} codes={codes} home={home} />
  return page(body, { frame: speech, status: 200 })
}
