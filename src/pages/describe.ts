import type { ScopeText } from '../types.ts'
import { visibleName } from './name.ts'
import { en } from './words/en.ts'
import type { Words } from './words/en.ts'

/** One thing a client asks for, in words for the person who decides. */
export type Ask = {
  readonly title: string
  readonly detail: string
  /** The single pieces of data it covers. */
  readonly data?: readonly string[]
  /** The person is asked for it for the first time. */
  readonly fresh?: boolean
}

/** Claims about the sign-in itself, which say nothing a person could keep back. */
const aboutSignIn = new Set(['sub', 'acr', 'amr', 'auth_time', 'nonce', 'iss', 'aud', 'exp', 'iat'])

/**
 * Says in plain words what scopes mean: the issuer's catalogue first, then the standard scopes. A scope
 * nobody described is still shown, never hidden.
 *
 * @example describeScopes(['openid', 'accounts'], issuer.scopes, frame)
 */
export function describeScopes(
  scopes: readonly string[],
  catalogue: Readonly<Record<string, ScopeText>>,
  { words }: { readonly words: Words } = { words: en },
): readonly Ask[] {
  return [...new Set(scopes)].map((scope) => {
    const text = own<ScopeText>(catalogue, scope) ?? own<ScopeText>(words.data.scopes, scope)
    if (text === undefined) {
      return {
        title: visibleName(scope, words.general.unnamedClient),
        detail: words.data.undescribed,
      }
    }
    const { title, description: detail, data } = text
    return data === undefined ? { title, detail } : { title, detail, data }
  })
}

/**
 * Says in plain words which single details are asked for by the `claims` parameter (OIDC Core 5.5).
 *
 * @example describeClaims(['email', 'auth_time'], frame) // one ask, for the email address
 */
export function describeClaims(
  claims: readonly string[],
  { words }: { readonly words: Words } = { words: en },
): readonly Ask[] {
  const data = [...new Set(claims)]
    .filter((claim) => !aboutSignIn.has(claim))
    .map(
      (claim) => own(words.data.claims, claim) ?? visibleName(claim, words.general.unnamedClient),
    )
  if (data.length === 0) return []
  return [{ title: words.data.singleDetails, detail: words.data.onlyThese, data }]
}

/** Names such as `constructor` are not entries. */
const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined
