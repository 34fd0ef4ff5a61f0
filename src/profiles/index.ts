import { fapi2MessageSigning } from './fapi2-message-signing.ts'
import { fapi2Security } from './fapi2-security.ts'
import { openidConnect } from './openid-connect.ts'
import type { Profile } from './profile.ts'

/** The profiles an issuer can be set to, by name. */
export const profiles: Readonly<Record<string, Profile>> = Object.freeze({
  [fapi2Security.name]: fapi2Security,
  [fapi2MessageSigning.name]: fapi2MessageSigning,
  [openidConnect.name]: openidConnect,
})
