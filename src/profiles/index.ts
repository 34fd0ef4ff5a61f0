import { fapi2Security } from './fapi2-security.ts'
import { openidConnect } from './openid-connect.ts'
import type { Profile } from './profile.ts'

/** The profiles an issuer can be set to, by name. */
export const profiles: Readonly<Record<string, Profile>> = Object.freeze({
  [fapi2Security.name]: fapi2Security,
  [openidConnect.name]: openidConnect,
})
