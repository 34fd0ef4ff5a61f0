import type { PasswordHash } from '../../people/password.ts'
import type { Shelf } from '../shelf.ts'

/** Claims about a person under their OpenID Connect names (Core 5.1). */
export type PersonClaims = Readonly<
  Record<string, string | number | boolean | Readonly<Record<string, string>>>
>

export type StoredAccount = {
  readonly format: 1
  readonly issuer: string
  readonly username: string
  readonly sub: string
  readonly enabled: boolean
  readonly password?: PasswordHash
  /** Raised by a new password and by disabling: sign-ins from before count no more. Absent: 0. */
  readonly credentialEpoch?: number
  readonly claims: PersonClaims
  /** What the person is called on pages, where the account's name is no name for people. */
  readonly shownAs?: string
}

export const epochOf = (account: StoredAccount | undefined): number => account?.credentialEpoch ?? 0

/** The account, if it is this issuer's. */
export function accountOf(shelf: Shelf, issuer: string): StoredAccount | undefined {
  const account = shelf.read<StoredAccount>('account')
  return account?.issuer === issuer ? account : undefined
}
