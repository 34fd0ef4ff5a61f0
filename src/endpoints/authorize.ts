import type { Call } from '../call.ts'
import { endpointUrl } from '../call.ts'
import { one, readForm, readQuery } from '../authorization/parameters.ts'
import { errorParameters, respondWith, seeOther } from '../authorization/respond.ts'
import { demand } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import { canReach, needOf } from '../people/authentication.ts'
import { browserOf } from '../people/cookies.ts'
import { currentSession, methodsOf } from '../people/session.ts'
import type { Session } from '../people/session.ts'
import { normalName } from '../people/sign-in.ts'
import { nextStep } from '../people/steps.ts'
import { isAbout } from '../people/subject.ts'
import { turnAway } from '../people/told.ts'
import { arriveWith, askFor, askForMissing } from './continue.ts'
import { answerSilently } from './silent.ts'
import { requestUriPrefix } from './par.ts'
import { answered, openPushed } from './pushed.ts'
import type { LiveRequest } from './pushed.ts'
import { sendResponse } from './send-response.ts'

/**
 * The authorization endpoint (RFC 6749 3.1, RFC 9126 4): `client_id` and `request_uri`, everything else
 * in the query is ignored. Stores nothing: any browser may open a live request.
 */
export async function authorize(call: Call): Promise<Response> {
  const { request, issuer } = call
  const parameters = demand(
    request.method === 'POST' ? await readForm(request) : readQuery(request),
  )
  const clientId = one(parameters, 'client_id')
  const requestUri = one(parameters, 'request_uri')
  if (clientId === undefined || requestUri === undefined) {
    return turnAway('link-incomplete')
  }
  if (!requestUri.startsWith(requestUriPrefix)) {
    return turnAway('link-unknown', 'not a request_uri of this server')
  }
  if (request.method === 'POST') {
    // A POST from another site comes without cookies; the GET it becomes brings them.
    const query = new URLSearchParams({ client_id: clientId, request_uri: requestUri })
    return seeOther(`${endpointUrl(issuer, 'main', '/authorize')}?${query.toString()}`)
  }
  const handle = requestUri.slice(requestUriPrefix.length)
  const [live, session] = await Promise.all([
    openPushed(call, { handle, clientId }, 'opening'),
    currentSession(call),
  ])
  return decide(call, { handle, live, session })
}

/** Asks anew where another sign-in in the same browser has overtaken a page. */
export async function startOver(call: Call, handle: string): Promise<Response> {
  const [live, session] = await Promise.all([
    openPushed(call, { handle }, 'finishing'),
    currentSession(call),
  ])
  return decide(call, { handle, live, session })
}

type Arrival = {
  readonly handle: string
  readonly live: LiveRequest
  readonly session: Session | undefined
}

/** Whether this browser's session suffices, and what is to be asked where it does not. */
async function decide(call: Call, { handle, live, session }: Arrival): Promise<Response> {
  const { issuer } = call
  const { pushed } = live
  const { request } = pushed
  const tell = async (code: ErrorCode, description: string) => {
    const error = errorParameters(code, description)
    return sendResponse(call, live, await respondWith(call, answered(live), error))
  }
  if (!canReach(issuer, request)) {
    return tell(
      'unmet_authentication_requirements',
      'The requested authentication context cannot be reached',
    )
  }
  const need = needOf(issuer, request, call.now)
  const suits = session !== undefined && (await isMeant(call, live, session))
  const { login } = issuer.authentication
  const step = suits
    ? nextStep(need, session.proofs, methodsOf(session.credential, login))
    : ('identify' as const)
  if (request.prompt.includes('none')) {
    return step === 'done' && session !== undefined
      ? answerSilently(call, live, { handle, session, need })
      : tell('login_required', 'The person must sign in')
  }
  const { browser, cookies } = await browserOf(call)
  const interaction = {
    purpose: { kind: 'authorize', request: handle },
    need,
    browser,
    until: pushed.finishUntil,
  } as const
  const selects = request.prompt.includes('select_account')
  if (suits && step === 'done' && !selects) return arriveWith(call, interaction, session)
  const asked = { ...interaction, stage: 'sign-in', proofs: [], ask: 'identify' } as const
  if (!suits) return askFor(call, asked, cookies)
  if (selects) return askFor(call, { ...asked, offer: session.person.username }, cookies)
  if (step === 'done' || step === 'identify') return askFor(call, asked, cookies)
  if (step === 'unreachable') return askFor(call, { ...asked, unreachable: true }, cookies)
  const { person, proofs, id: continues, credential } = session
  const missing = { step, person, proofs, methods: methodsOf(credential, login) }
  return askForMissing(call, { ...asked, continues }, missing, cookies)
}

/** A hint at another person means that the session's person is not meant. */
async function isMeant(
  call: Call,
  { pushed, client }: LiveRequest,
  { person }: Session,
): Promise<boolean> {
  const { loginHint } = pushed.request
  if (loginHint !== undefined && normalName(loginHint) !== normalName(person.username)) return false
  return isAbout(call, { request: pushed.request, client }, person)
}
