import { account } from './de/account.ts'
import { consent } from './de/consent.ts'
import { data } from './de/data.ts'
import { errors } from './de/errors.ts'
import { general } from './de/general.ts'
import { passkeys } from './de/passkeys.ts'
import { signIn } from './de/sign-in.ts'
import { signOut } from './de/sign-out.ts'
import { wayBack } from './de/way-back.ts'
import type { Words } from './en.ts'

/** Every sentence a person reads, in German: polite, plain, without words of the trade. */
export const de: Words = {
  general,
  signIn,
  signOut,
  passkeys,
  consent,
  account,
  data,
  errors,
  wayBack,
}
