import type { Call } from '../call.ts'
import { endpointUrl } from '../call.ts'
import { errorParameters, respondWith, seeOther } from '../authorization/respond.ts'
import type { ResponseParameters } from '../authorization/respond.ts'
import { ProtocolError } from '../errors.ts'
import type { Spend } from '../objects/account/factors.ts'
import { authenticationOf, judge } from '../people/authentication.ts'
import type { Need } from '../people/authentication.ts'
import { clearCookie, cookieHash, readCookie } from '../people/cookies.ts'
import type { Cookie } from '../people/cookies.ts'
import { sealInteraction } from '../people/interaction.ts'
import type { Approval, SignIn } from '../people/interaction.ts'
import { beginSession } from '../people/session.ts'
import type { Person, Session } from '../people/session.ts'
import { mayRecover, nextStep } from '../people/steps.ts'
import type { Methods } from '../people/steps.ts'
import { isAbout } from '../people/subject.ts'
import { tell } from '../people/told.ts'
import type { Proof } from '../types.ts'
import { completeOnce } from './answer.ts'
import { answered, grantToUpdate, openPushed } from './pushed.ts'
import type { LiveRequest } from './pushed.ts'
import { sendResponse } from './send-response.ts'

/** What a sign-in has so far. */
export type Progress = {
  readonly person: Person
  readonly methods: Methods
  readonly proofs: readonly Proof[]
  /** What the last proof uses up. */
  readonly spend?: Spend
  /** What was sent, where a double click must come to the same session. */
  readonly once?: string
}

/** What was proven before, if it was by the same person: nobody builds on another one's factors. */
export const proofsOf = (interaction: SignIn, person: Person): readonly Proof[] =>
  interaction.person?.accountId === person.accountId ? interaction.proofs : []

const pathOf = (ask: SignIn['ask']): string => (ask === 'code' ? '/login/code' : '/login')

/** Sends the browser to the page that asks for what is missing. */
export async function askFor(
  call: Call,
  interaction: SignIn,
  cookies: readonly Cookie[] = [],
): Promise<Response> {
  return seeOther(
    await addressOf(call, interaction),
    cookies.map(({ header }) => header),
  )
}

/** What is missing of a known person: `askFor`, with what may take the place of a passkey. */
export async function askForMissing(
  call: Call,
  asked: Omit<SignIn, 'ask' | 'person' | 'proofs' | 'recovery'>,
  missing: Omit<Progress, 'spend' | 'once'> & { readonly step: SignIn['ask'] },
  cookies: readonly Cookie[] = [],
): Promise<Response> {
  const { step, person, proofs, methods } = missing
  const recovers = step === 'passkey' && mayRecover(asked.need, proofs, methods)
  const recovery = recovers ? { recovery: true as const } : {}
  return askFor(call, { ...asked, ...recovery, ask: step, person, proofs }, cookies)
}

/** The page that asks for what is missing. */
export async function addressOf(call: Call, interaction: SignIn): Promise<string> {
  const sealed = await sealInteraction(call, interaction)
  return `${endpointUrl(call.issuer, 'main', pathOf(interaction.ask))}?interaction=${sealed}`
}

/**
 * Goes on after a proof: asks for what is missing, or starts the session and goes where the sign-in was
 * for. `unreachable` and `spent` are left to the page that took the proof.
 */
export async function continueSignIn(
  call: Call,
  interaction: SignIn,
  { person, methods, proofs, spend, once }: Progress,
): Promise<Response | 'unreachable' | 'spent'> {
  const step = nextStep(interaction.need, proofs, methods)
  if (step === 'unreachable') return 'unreachable'
  const { purpose, need, browser, until, continues } = interaction
  const goesOn =
    continues === undefined || interaction.person?.accountId !== person.accountId
      ? {}
      : { continues }
  const asked = { stage: 'sign-in', purpose, need, browser, until } as const
  if (judge(proofs, need.freshAfter).level < need.required && step !== 'done') {
    // What is used up counts only in the turn that uses it up.
    const kept = spend === undefined ? proofs : proofs.slice(0, -1)
    return askForMissing(call, { ...asked, ...goesOn }, { step, person, methods, proofs: kept })
  }
  const last = {
    ...(spend === undefined ? {} : { spend }),
    ...(once === undefined ? {} : { once }),
  }
  const given = { proofs, browser, ...goesOn, ...last }
  const started = await beginSession(call, person, given)
  if (started.status !== 'started') {
    if (started.status === 'spent') return 'spent'
    return signInAnew(call, { ...asked, ask: 'identify', proofs: [] })
  }
  const { cookie, id: sessionId } = started
  // What is still missing is a wish: the session is stepped up, or goes on without it.
  if (step !== 'done') {
    const missing = { step, person, methods, proofs }
    return askForMissing(call, { ...asked, continues: sessionId }, missing, [cookie])
  }
  return arrive(call, interaction, { person, proofs, sessionId, cookie })
}

/** What was proven counts no more: the page offers to begin again. Throws `ProtocolError`. */
async function signInAnew(call: Call, interaction: SignIn): Promise<never> {
  const detail = 'disabled, its credential changed, or signed out meanwhile'
  const { refusal } = tell('sign-in-again', detail)
  throw new ProtocolError({ ...refusal, again: await addressOf(call, interaction) })
}

/** Goes where the sign-in was for, with a session that already suffices. */
export async function arriveWith(
  call: Call,
  interaction: Pick<SignIn, 'purpose' | 'browser' | 'until' | 'need'>,
  session: Session,
  cookies: readonly Cookie[] = [],
): Promise<Response> {
  const { id: sessionId, person, proofs, cookieHash: sessionHash } = session
  return arrive(call, interaction, { person, proofs, sessionId, sessionHash }, cookies)
}

async function arrive(
  call: Call,
  interaction: Pick<SignIn, 'purpose' | 'browser' | 'until' | 'need'>,
  signedIn: Pick<Progress, 'person' | 'proofs'> & { readonly sessionId: string } & (
      { readonly cookie: Cookie } | { readonly sessionHash: string }
    ),
  cookies: readonly Cookie[] = [],
): Promise<Response> {
  const { issuer } = call
  const { purpose, browser, until, need } = interaction
  const fresh = 'cookie' in signedIn ? [signedIn.cookie] : []
  const headers = [
    ...[...cookies, ...fresh].map(({ header }) => header),
    ...(readCookie(call, 'setup') === undefined ? [] : [clearCookie(call, 'setup')]),
  ]
  if (purpose.kind === 'account')
    return seeOther(endpointUrl(issuer, 'main', purpose.path), headers)
  const live = await openPushed(call, { handle: purpose.request }, 'finishing')
  const asked = { request: live.pushed.request, client: live.client }
  if (!(await isAbout(call, asked, signedIn.person))) {
    return turnBack(call, live, somebodyElse, headers)
  }
  if (!(await mayUpdate(call, live, signedIn.person))) {
    return turnBack(call, live, notTheirs, headers)
  }
  const approval = await approvalFor(call, live, {
    request: purpose.request,
    need,
    browser,
    until,
    session: 'cookie' in signedIn ? await cookieHash(signedIn.cookie.value) : signedIn.sessionHash,
    sessionId: signedIn.sessionId,
    person: signedIn.person,
    proofs: signedIn.proofs,
  })
  const sealed = await sealInteraction(call, approval)
  return seeOther(`${endpointUrl(issuer, 'main', '/consent')}?interaction=${sealed}`, headers)
}

/** OIDC Core 3.1.2.1: the client named a person, and another one signed in. */
const somebodyElse = errorParameters('login_required', 'Another person signed in')

/** Grant Management 4.1: in the same words whether it has ended meanwhile or is another person's. */
const notTheirs = errorParameters(
  'invalid_grant_id',
  'grant_id is not a grant of this client and person',
)

/** Ends the request without having asked: the client is told why. */
async function turnBack(
  call: Call,
  live: LiveRequest,
  error: ResponseParameters,
  cookies: readonly string[],
): Promise<Response> {
  const response = await respondWith(call, answered(live), error)
  await completeOnce(call, live, 'denied')
  return sendResponse(call, live, response, cookies)
}

/** An update is for a grant of the person who signed in, if it is for one. */
async function mayUpdate(call: Call, live: LiveRequest, person: Person): Promise<boolean> {
  if (live.pushed.request.management?.grantId === undefined) return true
  const grant = await grantToUpdate(call, live)
  return grant?.consent?.accountId === person.accountId
}

/** What an approval of this request would rest on. */
export async function approvalFor(
  call: Call,
  live: LiveRequest,
  given: Pick<Approval, 'request' | 'browser' | 'until' | 'session' | 'sessionId' | 'person'> &
    Pick<Progress, 'proofs'> & { readonly need: Need },
): Promise<Approval> {
  const { proofs, need, ...rest } = given
  const { essentialAcr, acrValues } = live.pushed.request
  const reached = judge(proofs, need.freshAfter)
  return {
    ...rest,
    stage: 'approval',
    authentication: authenticationOf(call.issuer, reached, [...essentialAcr, ...acrValues]),
    grantId: live.pushed.request.management?.grantId ?? call.stubs.newGrantId(),
  }
}
