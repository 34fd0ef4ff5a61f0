import type { PasswordHash } from '../../people/password.ts'
import { levelForChange, wasFresh } from '../../people/freshness.ts'
import type { Level } from '../../types.ts'
import type { Shelf } from '../shelf.ts'
import { note } from './activity.ts'
import type { Whence } from './activity.ts'
import { factorsOf, mayLose, passkeysOf, reachOf } from './factors.ts'
import type { Has, StoredCode } from './factors.ts'
import { epochOf } from './person.ts'
import type { StoredAccount } from './person.ts'
import { changePasskeys } from './passkeys.ts'
import type { PasskeyChange } from './passkeys.ts'
import { endSessions, liveSession, renewSession } from './sessions.ts'
import type { StoredSession } from './sessions.ts'
import { dropSetup, keepSetup, openSetup } from './setup.ts'

/** By which cookie a person changes their account: a session, or what an operator's link began. */
export type By = {
  readonly kind: 'session' | 'setup'
  readonly secretHash: string
  readonly browser: string
  /** The issuer's minimum. */
  readonly minimum: Level
  readonly whence: Whence
}

export type Change =
  | PasskeyChange
  | { readonly kind: 'end-session'; readonly id: string }
  | { readonly kind: 'end-other-sessions' }
  | {
      readonly kind: 'set-code'
      readonly sealed: string
      /** The time step of the code that confirmed it: used up. */
      readonly step: number
    }
  | { readonly kind: 'remove-code' }
  /** Hashes; those of before are void. */
  | { readonly kind: 'set-recovery'; readonly hashes: readonly string[] }
  | {
      readonly kind: 'set-password'
      readonly password: PasswordHash
      /** Hash of the secret under which the session goes on. */
      readonly next: string
    }

export type ChangeAnswer =
  | { readonly status: 'done'; readonly ended: readonly StoredSession[] }
  /** Signed out, disabled, or the credential changed. */
  | { readonly status: 'signed-out' }
  /** The second factor was not shown lately, or there is none. */
  | { readonly status: 'not-fresh' }
  /** The account would fall below what it needs. */
  | { readonly status: 'last-factor' }
  /** Nothing of the account has this name. */
  | { readonly status: 'unknown' }
  /** The passkey's challenge was answered before, or too late. */
  | { readonly status: 'spent' }
  /** The account has this passkey, or as many as it may have. */
  | { readonly status: 'known' | 'full' }

const done = (ended: readonly StoredSession[] = []): ChangeAnswer => ({ status: 'done', ended })

/** What an account has to sign in with. */
export const hasOf = (shelf: Shelf, account: StoredAccount): Has => ({
  password: account.password !== undefined,
  code: factorsOf(shelf).code !== undefined,
  passkeys: passkeysOf(shelf).length,
})

/**
 * Whether this cookie may change factors now: a set-up session always, a session when its second factor
 * was shown lately. A password alone enrols nothing.
 */
export function mayChangeFactors(
  shelf: Shelf,
  account: StoredAccount,
  by: By,
): 'yes' | 'signed-out' | 'not-fresh' {
  if (by.kind === 'setup') {
    return openSetup(shelf, account, by) === undefined ? 'signed-out' : 'yes'
  }
  const session = liveOf(shelf, account, by)
  if (session === undefined) return 'signed-out'
  return wasFresh(session.proofs, 2, shelf.now()) ? 'yes' : 'not-fresh'
}

/** A change that a person makes to their account: judged and done in one turn. */
export function changeAccount(
  shelf: Shelf,
  account: StoredAccount,
  by: By,
  change: Change,
): ChangeAnswer {
  switch (change.kind) {
    case 'end-session':
    case 'end-other-sessions':
      return endOthers(shelf, account, by, change)
    case 'set-password':
      return setPassword(shelf, account, by, change)
    case 'add-passkey':
    case 'rename-passkey':
    case 'remove-passkey': {
      const may = mayChangeFactors(shelf, account, by)
      if (may !== 'yes') return { status: may }
      const has = hasOf(shelf, account)
      const answer = changePasskeys(shelf, { has, by }, change)
      return change.kind === 'remove-passkey' ? withoutOthers(shelf, account, by, answer) : answer
    }
    case 'set-code':
    case 'remove-code':
    case 'set-recovery': {
      const may = mayChangeFactors(shelf, account, by)
      if (may !== 'yes') return { status: may }
      const before = shelf.read<StoredCode>('code')
      const answer = changeFactor(shelf, account, by, change)
      const gone = before !== undefined && before.sealed !== shelf.read<StoredCode>('code')?.sealed
      return gone ? withoutOthers(shelf, account, by, answer) : answer
    }
    default:
      return change satisfies never
  }
}

/** Whoever signed in with what is gone now, a lost phone perhaps, is signed out: all but this browser. */
function withoutOthers(
  shelf: Shelf,
  account: StoredAccount,
  by: By,
  answer: ChangeAnswer,
): ChangeAnswer {
  if (answer.status !== 'done') return answer
  return done(endSessions(shelf, account, { but: by.secretHash }))
}

function liveOf(shelf: Shelf, account: StoredAccount, by: By): StoredSession | undefined {
  if (by.kind !== 'session') return undefined
  const session = liveSession(shelf, account, by.secretHash)
  return session?.browser === by.browser ? session : undefined
}

function endOthers(
  shelf: Shelf,
  account: StoredAccount,
  by: By,
  change: Extract<Change, { readonly kind: 'end-session' | 'end-other-sessions' }>,
): ChangeAnswer {
  if (liveOf(shelf, account, by) === undefined) return { status: 'signed-out' }
  const all = change.kind === 'end-other-sessions'
  if (all) dropSetup(shelf)
  const ends = (id: string) => all || id === change.id
  const ended = endSessions(shelf, account, { but: by.secretHash, ends })
  if (ended.length === 0) return all ? done() : { status: 'unknown' }
  note(shelf, { ...by.whence, kind: 'sessions-ended', count: ended.length })
  return done(ended)
}

function changeFactor(
  shelf: Shelf,
  account: StoredAccount,
  by: By,
  change: Extract<Change, { readonly kind: 'set-code' | 'remove-code' | 'set-recovery' }>,
): ChangeAnswer {
  switch (change.kind) {
    case 'set-code': {
      const before = shelf.read<StoredCode>('code')
      const { sealed, step } = change
      // A confirmation that arrives twice is one, and no step counts again.
      if (before?.sealed === sealed && step <= before.lastStep) return done()
      const code: StoredCode = { sealed, lastStep: step, addedAt: shelf.now() }
      shelf.write('code', code)
      note(shelf, { ...by.whence, kind: 'factor-added', method: 'code' })
      return done()
    }
    case 'remove-code': {
      // A link adds; what was there is taken away by its owner or by the operator.
      if (by.kind === 'setup') return { status: 'signed-out' }
      const before = hasOf(shelf, account)
      if (!before.code) return { status: 'unknown' }
      if (!mayLose(before, { ...before, code: false }, by.minimum)) return { status: 'last-factor' }
      shelf.erase('code')
      note(shelf, { ...by.whence, kind: 'factor-removed', method: 'code' })
      return done()
    }
    case 'set-recovery': {
      const { code, passkeys } = hasOf(shelf, account)
      // They stand in for a second factor; without one they would be one.
      if (!code && passkeys === 0) return { status: 'unknown' }
      shelf.write('recovery', change.hashes)
      note(shelf, { ...by.whence, kind: 'recovery-made' })
      return done()
    }
    default:
      return change satisfies never
  }
}

/** A new password ends every other session; the one it was set in goes on under a new id. */
function setPassword(
  shelf: Shelf,
  account: StoredAccount,
  by: By,
  { password, next }: Extract<Change, { readonly kind: 'set-password' }>,
): ChangeAnswer {
  const session = liveOf(shelf, account, by)
  const setup = by.kind === 'setup' ? openSetup(shelf, account, by) : undefined
  if (session === undefined && setup === undefined) return { status: 'signed-out' }
  const level = levelForChange(reachOf(hasOf(shelf, account)), by.minimum)
  if (session !== undefined && !wasFresh(session.proofs, level, shelf.now())) {
    return { status: 'not-fresh' }
  }
  const ended = endSessions(shelf, account, { but: by.secretHash })
  const epoch = epochOf(account) + 1
  shelf.write('account', { ...account, password, credentialEpoch: epoch })
  if (session !== undefined) renewSession(shelf, session, { before: by.secretHash, next, epoch })
  if (setup !== undefined) keepSetup(shelf, setup, epoch)
  note(shelf, { ...by.whence, kind: 'password-changed' })
  return done(ended)
}
