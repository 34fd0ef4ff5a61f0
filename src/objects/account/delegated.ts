import type { Shelf } from '../shelf.ts'
import { epochOf } from './person.ts'
import type { PersonClaims, StoredAccount } from './person.ts'

/** Accounts of people whom another login vouches for have names of this form; nobody can register one. */
export const delegatedNamePrefix = 'delegated:'

/** What another login says of a person. */
export type Welcome = {
  readonly issuer: string
  readonly username: string
  readonly sub: string
  readonly claims: PersonClaims
  readonly shownAs?: string
}

/**
 * Makes the account at the first sign-in, and takes over what the other login says at each later one. A
 * disabled account stays as it is. Undefined: the account is another issuer's.
 */
export function welcome(shelf: Shelf, input: Welcome): StoredAccount | undefined {
  const before = shelf.read<StoredAccount>('account')
  if (before !== undefined && before.issuer !== input.issuer) return undefined
  if (before?.enabled === false) return before
  const { shownAs: _shownAs, ...kept } = before ?? {
    format: 1 as const,
    issuer: input.issuer,
    username: input.username,
    sub: input.sub,
    enabled: true,
    credentialEpoch: epochOf(undefined),
  }
  const { claims, shownAs } = input
  const account: StoredAccount = { ...kept, claims, ...(shownAs === undefined ? {} : { shownAs }) }
  if (JSON.stringify(account) !== JSON.stringify(before)) shelf.write('account', account)
  return account
}
