import type { Shelf } from '../shelf.ts'
import { activityOf } from './activity.ts'
import type { ActivityEntry } from './activity.ts'
import { hasOf } from './changes.ts'
import { factorsOf } from './factors.ts'
import type { Factors, StoredCode } from './factors.ts'
import { entriesOf } from './grants.ts'
import type { GrantEntry } from './grants.ts'
import { epochOf } from './person.ts'
import type { StoredAccount } from './person.ts'
import { liveSessions } from './sessions.ts'
import type { StoredSession } from './sessions.ts'

/** What the account page shows. */
export type AccountView = {
  readonly grants: readonly GrantEntry[]
  /** With the hash of their secret, by which a browser knows its own. */
  readonly sessions: readonly { readonly secretHash: string; readonly session: StoredSession }[]
  readonly activity: readonly ActivityEntry[]
  readonly codeAddedAt?: number
}

/** What exists of a person, for the operator: no secrets, no claims. */
export type AccountOverview = Pick<StoredAccount, 'username' | 'sub' | 'enabled'> & {
  readonly factors: {
    readonly password: boolean
    readonly totp: boolean
    readonly passkeys: number
    readonly recovery_codes: number
  }
  /** What a person of another login is called on pages. */
  readonly shown_as?: string
}

/** Who signed in, as the account has it now. */
export type Credential = Factors &
  Pick<StoredAccount, 'enabled' | 'username' | 'sub' | 'password'> & { readonly epoch: number }

/** For its owner. */
export function viewOf(shelf: Shelf, account: StoredAccount): AccountView {
  const code = shelf.read<StoredCode>('code')
  return {
    grants: entriesOf(shelf),
    sessions: liveSessions(shelf, account).map(([secretHash, session]) => ({
      secretHash,
      session,
    })),
    activity: activityOf(shelf),
    ...(code === undefined ? {} : { codeAddedAt: code.addedAt }),
  }
}

/** For the operator. */
export function overviewOf(shelf: Shelf, account: StoredAccount): AccountOverview {
  const { username, sub, enabled, shownAs } = account
  const { code: totp, ...has } = hasOf(shelf, account)
  return {
    username,
    sub,
    enabled,
    factors: { ...has, totp, recovery_codes: factorsOf(shelf).recoveryCodes },
    ...(shownAs === undefined ? {} : { shown_as: shownAs }),
  }
}

/** For a sign-in. */
export function credentialOf(shelf: Shelf, account: StoredAccount): Credential {
  const { enabled, username, sub, password, shownAs = username } = account
  return {
    ...factorsOf(shelf),
    enabled,
    username: shownAs,
    sub,
    epoch: epochOf(account),
    ...(password === undefined ? {} : { password }),
  }
}
