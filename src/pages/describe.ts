import type { ScopeText } from '../types.ts'
import { visibleName } from './name.ts'

/** One thing a client asks for, in words for the person who decides. */
export type Ask = {
  readonly title: string
  readonly detail: string
  /** The single pieces of data it covers. */
  readonly data?: readonly string[]
}

/** Scopes of OpenID Connect Core 5.4 and 11. An issuer's catalogue may say it better. */
const builtIn: Readonly<Record<string, ScopeText>> = {
  openid: {
    title: 'Confirm that it is you',
    description: 'A number that stands for you here. It tells nothing else about you.',
  },
  profile: {
    title: 'See your profile',
    description: 'The details that say who you are.',
    data: ['Names', 'Gender', 'Date of birth', 'Picture and web pages', 'Language and time zone'],
  },
  email: {
    title: 'See your email address',
    description: 'Your email address, and whether we have checked it.',
  },
  phone: {
    title: 'See your phone number',
    description: 'Your phone number, and whether we have checked it.',
  },
  address: {
    title: 'See your postal address',
    description: 'The postal address we hold for you.',
  },
  offline_access: {
    title: 'Keep access while you are away',
    description: 'It may fetch the data listed here again without you being present.',
  },
}

const claimNames: Readonly<Record<string, string>> = {
  name: 'Name',
  given_name: 'First name',
  family_name: 'Last name',
  middle_name: 'Middle name',
  nickname: 'Nickname',
  preferred_username: 'User name',
  profile: 'Profile page',
  picture: 'Picture',
  website: 'Website',
  email: 'Email address',
  email_verified: 'Whether your email address is checked',
  gender: 'Gender',
  birthdate: 'Date of birth',
  zoneinfo: 'Time zone',
  locale: 'Language',
  phone_number: 'Phone number',
  phone_number_verified: 'Whether your phone number is checked',
  address: 'Postal address',
  updated_at: 'When your details last changed',
}

/** Claims about the sign-in itself, which say nothing a person could keep back. */
const aboutSignIn = new Set(['sub', 'acr', 'amr', 'auth_time', 'nonce', 'iss', 'aud', 'exp', 'iat'])

/**
 * Says in plain words what scopes mean. A scope nobody described is still shown, never hidden.
 *
 * @example describeScopes(['openid', 'accounts'], issuer.scopes)
 */
export function describeScopes(
  scopes: readonly string[],
  catalogue: Readonly<Record<string, ScopeText>>,
): readonly Ask[] {
  return [...new Set(scopes)].map((scope) => {
    const words = own(catalogue, scope) ?? own(builtIn, scope)
    if (words === undefined) {
      return {
        title: visibleName(scope),
        detail: 'There is no description of this permission. Approve it only if you know it.',
      }
    }
    const { title, description: detail, data } = words
    return data === undefined ? { title, detail } : { title, detail, data }
  })
}

/**
 * Says in plain words which single details are asked for by the `claims` parameter (OIDC Core 5.5).
 *
 * @example describeClaims(['email', 'auth_time']) // one ask, for the email address
 */
export function describeClaims(claims: readonly string[]): readonly Ask[] {
  const data = [...new Set(claims)]
    .filter((claim) => !aboutSignIn.has(claim))
    .map((claim) => own(claimNames, claim) ?? visibleName(claim))
  if (data.length === 0) return []
  return [{ title: 'See single details', detail: 'From what we hold about you, only these:', data }]
}

/** Names such as `constructor` are not entries. */
const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined
