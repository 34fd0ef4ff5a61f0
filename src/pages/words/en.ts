import { account } from './en/account.ts'
import { consent } from './en/consent.ts'
import { data } from './en/data.ts'
import { errors } from './en/errors.ts'
import { general } from './en/general.ts'
import { passkeys } from './en/passkeys.ts'
import { signIn } from './en/sign-in.ts'
import { signOut } from './en/sign-out.ts'
import { wayBack } from './en/way-back.ts'

/**
 * Every sentence a person reads, in English. The other languages have the type of this one, so that a
 * sentence missing there does not compile. Names and other elements are put in by the page.
 */
export const en = { general, signIn, signOut, passkeys, consent, account, data, errors, wayBack }

export type Words = Readonly<typeof en>
