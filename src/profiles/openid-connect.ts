import { fapi2Security } from './fapi2-security.ts'
import type { Profile } from './profile.ts'

/**
 * OpenID Connect for an operator's own applications: every rule of FAPI 2.0, but one factor may do and a
 * consent that covers all that is asked is remembered.
 */
export const openidConnect: Profile = Object.freeze({
  ...fapi2Security,
  name: 'openid-connect',
  minimumLevel: 1,
  rememberedConsent: 'covered',
} as const)
