import type { Shelf } from '../shelf.ts'
import { note } from './activity.ts'
import { passkeyKey, passkeysOf } from './factors.ts'
import { epochOf } from './person.ts'
import type { StoredAccount } from './person.ts'
import { endSessions } from './sessions.ts'

/** An operator's link. `invite`: a password the account has is asked for too; `reset`: it has none. */
export type SetupKind = 'invite' | 'reset'

type StoredLink = {
  readonly format: 1
  readonly kind: SetupKind
  readonly secretHash: string
  readonly expiresAt: number
}

/** What a link leads to: enrolling factors and setting a password, nothing else. */
type StoredSetup = {
  readonly format: 1
  readonly kind: SetupKind
  readonly secretHash: string
  /** Hash of the browser cookie it was started in. */
  readonly browser: string
  readonly epoch: number
  readonly until: number
}

export type SetupCookie = { readonly secretHash: string; readonly browser: string }

/** Puts a new link in the place of an older one. */
export function makeLink(
  shelf: Shelf,
  link: { readonly kind: SetupKind; readonly secretHash: string; readonly lifetime: number },
): number {
  const { kind, secretHash, lifetime } = link
  const expiresAt = shelf.now() + lifetime
  const stored: StoredLink = { format: 1, kind, secretHash, expiresAt }
  shelf.write('setup-link', stored)
  note(shelf, { kind: kind === 'reset' ? 'operator-reset' : 'link-made' })
  return expiresAt
}

/**
 * Takes everything away that the person could sign in with, and knows no browser any more. Answers the
 * account as it is then.
 */
export function resetFactors(shelf: Shelf, account: StoredAccount): StoredAccount {
  endSessions(shelf, account, {})
  const { password: _password, ...rest } = account
  const bare = { ...rest, credentialEpoch: epochOf(account) + 1 }
  shelf.write('account', bare)
  for (const key of ['code', 'recovery', 'setup', 'browsers']) shelf.erase(key)
  for (const { id } of passkeysOf(shelf)) shelf.erase(passkeyKey(id))
  for (const [key] of shelf.list('session:')) shelf.erase(key)
  return bare
}

/** The kind of a link that may still be used. Changes nothing: previews of links open them too. */
export function readLink(
  shelf: Shelf,
  account: StoredAccount,
  secretHash: string,
): SetupKind | undefined {
  const link = shelf.read<StoredLink>('setup-link')
  const lives = account.enabled && link?.secretHash === secretHash && shelf.now() < link.expiresAt
  return lives ? link.kind : undefined
}

/** Burns the link and starts its set-up session, in one turn. False: somebody did before. */
export function beginSetup(
  shelf: Shelf,
  account: StoredAccount,
  given: {
    readonly link: string
    readonly epoch: number
    readonly setup: SetupCookie
    readonly lifetime: number
  },
): boolean {
  const kind = readLink(shelf, account, given.link)
  if (kind === undefined || given.epoch !== epochOf(account)) return false
  shelf.erase('setup-link')
  const { secretHash, browser } = given.setup
  const until = shelf.now() + given.lifetime
  const epoch = epochOf(account)
  const setup: StoredSetup = { format: 1, kind, secretHash, browser, epoch, until }
  shelf.write('setup', setup)
  note(shelf, { kind: 'link-used' })
  return true
}

/** The set-up session behind a cookie, if it lives and belongs to this browser. */
export function openSetup(
  shelf: Shelf,
  account: StoredAccount,
  { secretHash, browser }: SetupCookie,
): StoredSetup | undefined {
  const setup = shelf.read<StoredSetup>('setup')
  const lives =
    account.enabled &&
    setup?.secretHash === secretHash &&
    setup.browser === browser &&
    setup.epoch === epochOf(account) &&
    shelf.now() < setup.until
  return lives ? setup : undefined
}

/** Ends the set-up session: that of one browser, or wherever it is. */
export function dropSetup(shelf: Shelf, browser?: string): void {
  const setup = shelf.read<StoredSetup>('setup')
  if (setup !== undefined && (browser === undefined || setup.browser === browser)) {
    shelf.erase('setup')
  }
}

/** A link opens nothing after the account was disabled, nor past a newer password without asking for it. */
export function voidLinks(shelf: Shelf, why: 'disabled' | 'new-credential'): void {
  const link = shelf.read<StoredLink>('setup-link')
  if (link !== undefined && (why === 'disabled' || link.kind === 'reset')) {
    shelf.erase('setup-link')
  }
  dropSetup(shelf)
}

/** The set-up session survives the password it set. */
export function keepSetup(shelf: Shelf, setup: StoredSetup, epoch: number): void {
  shelf.write('setup', { ...setup, epoch })
}
