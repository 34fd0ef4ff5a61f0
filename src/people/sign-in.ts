import type { Call } from '../call.ts'
import type { Credential } from '../objects/account.ts'
import { provision } from '../provision.ts'
import type { Proof } from '../types.ts'
import { whenceOf } from './device.ts'
import { mostPasswordCharacters, verifyPassword } from './password.ts'
import { personOf } from './session.ts'
import type { Person } from './session.ts'
import { throttleFor } from './throttling.ts'

export type SignInOutcome =
  | {
      readonly status: 'matches'
      readonly person: Person
      readonly credential: Credential
    }
  | { readonly status: 'refused' }
  | { readonly status: 'wait'; readonly seconds: number }

/** The owner will see it; the answer does not wait, and a decoy costs the same. */
export function noteFailedSignIn(call: Call, accountId: string, method: Proof['method']): void {
  const stub = call.stubs.account(accountId)
  if (stub === undefined) return
  const about = { ...whenceOf(call), method }
  const noted = call.storage.object('Account.noteFailure', () =>
    stub.noteFailure(call.issuer.id, about),
  )
  call.waitUntil(noted)
}

/** Names are compared without regard to case and width. */
export const normalName = (username: string): string =>
  username.normalize('NFKC').trim().toLowerCase()

/**
 * Judges a name and password. Costs the same whether the account exists or not: the directory answers
 * with a decoy account, which is asked and whose password is compared.
 */
export async function judgePassword(
  call: Call,
  given: { readonly username: string; readonly password: string },
): Promise<SignInOutcome> {
  const { storage, stubs, issuer } = call
  const username = normalName(given.username)
  const throttling = await throttleFor(call, 'name', username)
  const attempt = await throttling.begin()
  if (!attempt.allowed) {
    call.log('sign_in.throttled', { method: 'password', seconds: attempt.waitSeconds })
    return { status: 'wait', seconds: attempt.waitSeconds }
  }
  const account = await storage.object('Directory.findForSignIn', () =>
    stubs.directory().findForSignIn(username),
  )
  // Only when the first start was cut off: without the decoy unknown names would show.
  if (account === undefined) await provision(call)
  const stub = account && stubs.account(account.accountId)
  const credential =
    stub && (await storage.object('Account.credential', () => stub.credential(issuer.id)))
  const matches = await verifyPassword(given.password, credential?.password)
  const known = account !== undefined && account.username === username && username !== ''
  const sound = matches && given.password.length <= mostPasswordCharacters
  if (!known || !sound || credential?.enabled !== true) {
    call.log('sign_in.refused', known ? { account: account.accountId } : {})
    if (account !== undefined) noteFailedSignIn(call, account.accountId, 'password')
    return { status: 'refused' }
  }
  await throttling.succeed()
  return { status: 'matches', person: personOf(account.accountId, credential), credential }
}
