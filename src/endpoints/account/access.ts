import type { Call } from '../../call.ts'
import { endpointUrl } from '../../call.ts'
import { one, readForm } from '../../authorization/parameters.ts'
import type { Parameters } from '../../authorization/parameters.ts'
import { ProtocolError, demand } from '../../errors.ts'
import { reachOf } from '../../objects/account/factors.ts'
import type { By } from '../../objects/account/changes.ts'
import type { Credential } from '../../objects/account.ts'
import { readHandle } from '../../handles.ts'
import { judge } from '../../people/authentication.ts'
import type { Need } from '../../people/authentication.ts'
import { browserOf, cookieHash, readCookie } from '../../people/cookies.ts'
import { whenceOf } from '../../people/device.ts'
import { freshFor, isFresh, levelForChange } from '../../people/freshness.ts'
import { openForm } from '../../people/forms.ts'
import type { FormKind } from '../../people/forms.ts'
import { checkSameOrigin } from '../../people/interaction.ts'
import { currentSession, methodsOf, personOf } from '../../people/session.ts'
import type { Person, Session } from '../../people/session.ts'
import { nextStep } from '../../people/steps.ts'
import { turnAway } from '../../people/told.ts'
import type { Level } from '../../types.ts'
import { askFor, askForMissing } from '../continue.ts'

/** The pages a sign-in for the account may return to. */
export type AccountPath =
  | '/account'
  | '/account/code'
  | '/account/passkeys'
  | '/account/password'
  | '/account/recovery-codes'

/** Who changes an account, and by which cookie. */
export type Visitor = {
  readonly person: Person
  readonly credential: Credential
  /** Hash of the cookie that forms are bound to. */
  readonly key: string
  readonly by: By
}

/** Where a visitor's pages lead back to. */
export const homeOf = ({ by }: Visitor): '/account' | '/setup' =>
  by.kind === 'setup' ? '/setup' : '/account'

/** The person signed in to this browser; else the sign-in that returns to `path`. */
export async function demandSession(call: Call, path: AccountPath): Promise<Visitor | Response> {
  const session = await currentSession(call)
  const { minimum } = call.issuer.authentication
  const enough = session !== undefined && judge(session.proofs).level >= minimum
  return enough ? visitorOf(call, session) : signInFor(call, path, { level: minimum, session })
}

/**
 * The same with proofs of the last five minutes, with two factors where the account has them; else the
 * step-up that returns to `path`. For opening a form: what is posted later carries the form's token.
 */
export async function demandFresh(call: Call, path: AccountPath): Promise<Visitor | Response> {
  const session = await currentSession(call)
  const { minimum } = call.issuer.authentication
  const reach = session === undefined ? minimum : reachOf(methodsOf(session.credential))
  return freshVisitor(call, path, { level: levelForChange(reach, minimum), session })
}

/**
 * Whoever may enrol a factor: a session whose second factor was shown lately, or a set-up session. Never
 * a password alone.
 */
export async function demandEnroller(call: Call, path: AccountPath): Promise<Visitor | Response> {
  return (await setupVisitor(call)) ?? stepUp(call, path)
}

/** Whoever is signed in or setting up, however long ago. */
export async function demandVisitor(call: Call, path: AccountPath): Promise<Visitor | Response> {
  return (await setupVisitor(call)) ?? demandSession(call, path)
}

/** Whoever may set a password: as `demandFresh`, or a set-up session. */
export async function demandOwner(call: Call, path: AccountPath): Promise<Visitor | Response> {
  return (await setupVisitor(call)) ?? demandFresh(call, path)
}

/** A form of ours, and who sent it. */
export type Posted = {
  readonly visitor: Visitor
  readonly form: Parameters
  /** What the form carried unseen. */
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * Takes a form of the account: sent from this site (A1-17), by a session or, with `enrols`, a set-up
 * session, with the token of its cookie. Signed out: the sign-in that returns to `path`. Throws
 * `ProtocolError`.
 */
export async function takeForm(
  call: Call,
  expected: { readonly kind: FormKind; readonly path: AccountPath; readonly enrols?: true },
): Promise<Posted | Response> {
  demand(checkSameOrigin(call))
  const form = demand(await readForm(call.request))
  const { kind, path, enrols } = expected
  const visitor = await (enrols === true ? demandVisitor : demandSession)(call, path)
  if (visitor instanceof Response) return visitor
  const token = one(form, 'form')
  const opened = await openForm(call, kind, { token, bound: visitor.key })
  if (opened.ok) return { visitor, form, data: opened.value }
  // The page as it is now offers the same again.
  const again = endpointUrl(call.issuer, 'main', visitor.by.kind === 'setup' ? '/setup' : path)
  throw new ProtocolError({ ...opened.refusal, again })
}

/** Asks for a second factor that was shown lately. */
export const stepUp = async (call: Call, path: AccountPath): Promise<Visitor | Response> =>
  freshVisitor(call, path, { level: 2, session: await currentSession(call) })

async function freshVisitor(
  call: Call,
  path: AccountPath,
  wanted: { readonly level: Level; readonly session: Session | undefined },
): Promise<Visitor | Response> {
  const { level, session } = wanted
  if (session !== undefined && isFresh(session.proofs, level, call.now)) {
    return visitorOf(call, session)
  }
  return signInFor(call, path, { ...wanted, freshAfter: call.now - freshFor })
}

async function visitorOf(call: Call, session: Session): Promise<Visitor> {
  const { person, credential, cookieHash: key, secretHash } = session
  return { person, credential, key, by: await byOf(call, 'session', secretHash) }
}

async function byOf(call: Call, kind: By['kind'], secretHash: string): Promise<By> {
  const browser = await cookieHash(readCookie(call, 'browser') ?? '')
  const { minimum } = call.issuer.authentication
  return { kind, secretHash, browser, minimum, whence: whenceOf(call) }
}

/** The set-up session of this browser. A person who is signed in is that person, whatever was begun. */
export async function setupVisitor(call: Call): Promise<Visitor | undefined> {
  const cookie = readCookie(call, 'setup')
  const handle = cookie === undefined ? undefined : await readHandle('setup-session', cookie)
  if (cookie === undefined || handle === undefined) return undefined
  if ((await currentSession(call)) !== undefined) return undefined
  const account = call.stubs.account(handle.objectId)
  const by = await byOf(call, 'setup', handle.secretHash)
  const credential =
    account &&
    (await call.storage.object('Account.openSetup', () => account.openSetup(call.issuer.id, by)))
  if (credential === undefined) return turnAway('setup-ended')
  const person = personOf(handle.objectId, credential)
  return { person, credential, key: await cookieHash(cookie), by }
}

/** Sends the browser to the sign-in, or to the part of it that is missing. */
async function signInFor(
  call: Call,
  path: AccountPath,
  wanted: {
    readonly level: Level
    readonly session: Session | undefined
    readonly freshAfter?: number
  },
): Promise<Response> {
  const { level, session, freshAfter = 0 } = wanted
  const need: Need = { required: level, wanted: level, freshAfter }
  const { browser, cookies } = await browserOf(call)
  const asked = {
    stage: 'sign-in',
    purpose: { kind: 'account', path },
    need,
    browser,
    until: call.now + call.issuer.lifetimes.interaction * 1000,
    proofs: [],
    ask: 'identify',
  } as const
  if (session === undefined) return askFor(call, asked, cookies)
  const { person, proofs, credential, id: continues } = session
  const methods = methodsOf(credential, call.issuer.authentication.login)
  const step = nextStep(need, proofs, methods)
  // There is nothing this person could show.
  const reach = methods.elsewhere ?? reachOf(methods)
  if (reach < level || step === 'unreachable') return turnAway('link-needed')
  if (step === 'identify' || step === 'done') return askFor(call, asked, cookies)
  return askForMissing(call, { ...asked, continues }, { step, person, proofs, methods }, cookies)
}
