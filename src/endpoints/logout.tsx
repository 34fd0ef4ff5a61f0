import type { Call } from '../call.ts'
import { endpointUrl } from '../call.ts'
import { one, readForm, readQuery } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import { seeOther } from '../authorization/respond.ts'
import { demand, fail } from '../errors.ts'
import { LogoutPage } from '../pages/logout.tsx'
import { clearCookie } from '../people/cookies.ts'
import { openForm, sealForm } from '../people/forms.ts'
import { checkSameOrigin } from '../people/interaction.ts'
import { logoutParameters, readLogoutRequest } from '../people/logout-request.ts'
import type { LogoutRequest } from '../people/logout-request.ts'
import { sessionIdAt } from '../people/session-id.ts'
import { currentSession, endSessionOf, sessionHandle } from '../people/session.ts'
import type { Session } from '../people/session.ts'
import { subjectFor } from '../people/subject.ts'
import { frame, page } from './page.tsx'

/** Milliseconds the question may stay open. */
const openFor = 600_000

/** What the page needs to know of the client. */
type Return = Pick<LogoutRequest, 'returnTo' | 'uiLocales'> & {
  readonly clientName: string | undefined
}

/**
 * A client signs a person out (OIDC RP-Initiated Logout 2). Without a question only when it shows an
 * id_token of this very session: another site's link must not sign anybody out.
 */
export async function showLogout(call: Call): Promise<Response> {
  const request = demand(await readLogoutRequest(call, demand(readQuery(call.request))))
  const session = await currentSession(call)
  const { returnTo, uiLocales, client } = request
  const back: Return = { returnTo, uiLocales, clientName: client?.metadata.client_name }
  if (session === undefined) {
    const proven = request.hint !== undefined && returnTo !== undefined
    return proven ? seeOther(returnTo) : render(call, 'out', back)
  }
  if (await isOfSession(call, request, session)) return signOut(call, session, back)
  return ask(call, session, back)
}

/** Takes the answer to the question, or a client's request, which goes on as a GET with cookies. */
export async function postLogout(call: Call): Promise<Response> {
  const form = demand(await readForm(call.request))
  const token = one(form, 'form')
  if (token === undefined) return asGet(call, form)
  demand(checkSameOrigin(call))
  const session = await currentSession(call)
  // Signed out meanwhile: what was asked for has happened.
  if (session === undefined) return render(call, 'out', nowhere)
  const data = demand(await openForm(call, 'sign-out', { token, bound: session.cookieHash }))
  // Sealed by `ask`, so the shape is known.
  const back = { ...nowhere, ...(data as Partial<Return>) }
  const action = one(form, 'action')
  if (action === 'sign-out') return signOut(call, session, back)
  if (action === 'stay') return render(call, 'stays', back)
  return fail('invalid_request', 'Sign out or stay')
}

const nowhere: Return = { returnTo: undefined, uiLocales: undefined, clientName: undefined }

/** A POST from another site comes without cookies; the GET it becomes brings them. */
function asGet(call: Call, form: Parameters): Response {
  const query = new URLSearchParams()
  for (const name of logoutParameters) {
    const value = one(form, name)
    if (value !== undefined) query.set(name, value)
  }
  return seeOther(`${endpointUrl(call.issuer, 'main', '/logout')}?${query.toString()}`)
}

/** Whether the client proved that it was given this session: its person and its `sid`. */
async function isOfSession(
  call: Call,
  { hint, client }: LogoutRequest,
  session: Session,
): Promise<boolean> {
  if (hint === undefined || client === undefined) return false
  const [subject, sid] = await Promise.all([
    subjectFor(call, client, session.person),
    sessionIdAt(client.clientId, session.id),
  ])
  return hint.subject === subject && hint.sessionId === sid
}

async function signOut(call: Call, session: Session, back: Return): Promise<Response> {
  const handle = await sessionHandle(call)
  if (handle !== undefined) await endSessionOf(call, handle)
  call.log('session.ended', { account: session.person.accountId })
  const { returnTo = endpointUrl(call.issuer, 'main', '/account/signed-out') } = back
  return seeOther(returnTo, [clearCookie(call, 'session')])
}

async function ask(call: Call, session: Session, back: Return): Promise<Response> {
  const token = await sealForm(call, 'sign-out', {
    bound: session.cookieHash,
    lifetime: openFor,
    data: back,
  })
  return render(call, 'asks', back, { token, username: session.person.username })
}

async function render(
  call: Call,
  state: 'asks' | 'out' | 'stays',
  { returnTo, uiLocales, clientName }: Return,
  question?: { readonly token: string; readonly username: string },
): Promise<Response> {
  const shown = await frame(call, uiLocales)
  const back =
    returnTo === undefined || clientName === undefined
      ? {}
      : { back: { href: returnTo, clientName } }
  const body = (
    <LogoutPage
      {...shown}
      {...back}
      state={state}
      action={endpointUrl(call.issuer, 'main', '/logout')}
      account={endpointUrl(call.issuer, 'main', '/account')}
      {...(question === undefined ? {} : { question })}
    />
  )
  const endsAt = state === 'asks' && returnTo !== undefined ? { endsAt: returnTo } : {}
  return page(body, { frame: shown, status: 200, ...endsAt })
}
