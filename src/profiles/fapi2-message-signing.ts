import { fapi2Security } from './fapi2-security.ts'
import type { Profile } from './profile.ts'

/**
 * FAPI 2.0 Message Signing, Final: the Security Profile with signed authorization requests and signed
 * authorization responses, and nothing unsigned in their place (5.3.1-1, 5.4.1-1).
 */
export const fapi2MessageSigning: Profile = Object.freeze({
  ...fapi2Security,
  name: 'fapi2-message-signing',
  requestObjects: 'required',
  responseModes: ['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'],
  defaultResponseMode: 'none',
} as const)
