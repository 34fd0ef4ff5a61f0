import type { Call } from '../call.ts'
import { tuple } from '../encoding.ts'
import { makeHandle, readHandle } from '../handles.ts'
import type { Handle } from '../handles.ts'
import type { Credential } from '../objects/account.ts'
import type { Spend } from '../objects/account/factors.ts'
import type { StartAnswer } from '../objects/account/sessions.ts'
import { macOf } from '../secrets.ts'
import { mostOf } from '../settings/delegated-login.ts'
import type { DelegatedLogin } from '../settings/delegated-login.ts'
import type { Proof } from '../types.ts'
import { cookieHash, readCookie, setCookie } from './cookies.ts'
import type { Cookie } from './cookies.ts'
import { whenceOf } from './device.ts'
import type { Methods } from './steps.ts'

/** Who a session or a half-finished sign-in is about. */
export type Person = {
  readonly accountId: string
  readonly sub: string
  readonly username: string
  /** The credential's epoch at the sign-in: a new password or a disabled account ends it. */
  readonly epoch: number
}

/** A live session of this browser. */
export type Session = {
  /** Public name of the session: `sid`. */
  readonly id: string
  readonly person: Person
  readonly proofs: readonly Proof[]
  readonly credential: Credential
  /** Hash of the cookie: an approval counts only together with the session it was made in. */
  readonly cookieHash: string
  /** Hash of the handle's secret, as the account knows it. */
  readonly secretHash: string
}

/** The handle in this browser's session cookie, proven to nobody yet. */
export async function sessionHandle(call: Call): Promise<Handle | undefined> {
  const cookie = readCookie(call, 'session')
  return cookie === undefined ? undefined : readHandle('session', cookie)
}

/** The live session of this browser, as its account has it. */
export async function currentSession(call: Call): Promise<Session | undefined> {
  const cookie = readCookie(call, 'session')
  const browser = readCookie(call, 'browser')
  const handle = await sessionHandle(call)
  if (cookie === undefined || browser === undefined || handle === undefined) return undefined
  const account = call.stubs.account(handle.objectId)
  if (account === undefined) return undefined
  const presented = { secretHash: handle.secretHash, browser: await cookieHash(browser) }
  const open = await call.storage.object('Account.openSession', () =>
    account.openSession(call.issuer.id, presented),
  )
  if (open === undefined) return undefined
  const { session, credential } = open
  return {
    id: session.id,
    person: personOf(handle.objectId, credential),
    proofs: session.proofs,
    credential,
    cookieHash: await cookieHash(cookie),
    secretHash: handle.secretHash,
  }
}

export const personOf = (accountId: string, credential: Credential): Person => ({
  accountId,
  sub: credential.sub,
  username: credential.username,
  epoch: credential.epoch,
})

/** What an account can be asked for, where people sign in here; `login`: where they do so elsewhere. */
export const methodsOf = (credential: Credential, login?: DelegatedLogin): Methods => ({
  password: credential.password !== undefined,
  code: credential.code !== undefined,
  passkeys: credential.passkeys.length,
  recovery: credential.recoveryCodes > 0,
  ...(login === undefined ? {} : { elsewhere: mostOf(login) }),
})

export type Started =
  | {
      readonly status: 'started'
      readonly id: string
      readonly cookie: Cookie
    }
  | { readonly status: Exclude<StartAnswer['status'], 'started'> }

/**
 * Starts a session under a new id (A1-18), in the turn that uses up the last proof. The session this
 * browser had is over, whoever's it was.
 */
export async function beginSession(
  call: Call,
  person: Person,
  given: {
    readonly proofs: readonly Proof[]
    /** Hash of the browser cookie. */
    readonly browser: string
    /** Public name of the session that proofs were taken over from. */
    readonly continues?: string
    readonly spend?: Spend
    /** The same text, sent twice, comes to the same session. */
    readonly once?: string
  },
): Promise<Started> {
  const { storage, stubs, issuer } = call
  const account = stubs.account(person.accountId)
  if (account === undefined) throw new Error('a sealed id was not ours')
  const before = await sessionHandle(call)
  const own = before?.objectId === person.accountId ? before : undefined
  const { once, ...wanted } = given
  const secret = once === undefined ? undefined : await secretOf(call, person.accountId, once)
  const { text, handle } = await makeHandle('session', person.accountId, secret)
  const { idle, absolute } = issuer.authentication.session
  const answer = await storage.object('Account.startSession', () =>
    account.startSession(issuer.id, {
      secretHash: handle.secretHash,
      epoch: person.epoch,
      idle: idle * 1000,
      absolute: absolute * 1000,
      whence: whenceOf(call),
      ...wanted,
      ...(own === undefined ? {} : { replaces: own.secretHash }),
    }),
  )
  if (answer.status !== 'started') {
    call.log('sign_in.refused', { account: person.accountId, reason: answer.status })
    return { status: answer.status }
  }
  if (before !== undefined && own === undefined) await endSessionOf(call, before)
  await endSetupHere(call, given.browser)
  call.log('sign_in.succeeded', { account: person.accountId })
  return {
    status: 'started',
    id: answer.id,
    cookie: setCookie(call, 'session', text),
  }
}

/** A double click gets the same session, nobody can guess its secret. */
const secretOf = ({ secrets }: Call, accountId: string, once: string): Promise<Uint8Array> =>
  macOf(secrets.code, tuple('session', accountId, once))

/** A set-up that was begun in this browser, for whomever, is over when somebody signs in. */
async function endSetupHere(call: Call, browser: string): Promise<void> {
  const cookie = readCookie(call, 'setup')
  const handle = cookie === undefined ? undefined : await readHandle('setup-session', cookie)
  const account = handle && call.stubs.account(handle.objectId)
  if (handle === undefined || account === undefined) return
  const { secretHash } = handle
  await call.storage.object('Account.endSetup', () =>
    account.endSetup(call.issuer.id, { secretHash, browser }),
  )
}

/** Ends the session behind a handle. */
export async function endSessionOf(call: Call, handle: Handle): Promise<void> {
  const account = call.stubs.account(handle.objectId)
  if (account === undefined) return
  await call.storage.object('Account.endSession', () =>
    account.endSession(call.issuer.id, handle.secretHash),
  )
}
