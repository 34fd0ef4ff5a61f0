import type { ScopeText, ScopeWords } from '../types.ts'
import { visibleName } from './name.ts'
import type { Speech } from './words.ts'

/** One thing a client asks for, in words for the person who decides. */
export type Ask = {
  readonly title: string
  readonly detail: string
  /** The single pieces of data it covers. */
  readonly data?: readonly string[]
  /** The person is asked for it for the first time. */
  readonly fresh?: boolean
}

/** What a client asks for, and what the person allowed it before. */
export type Wish = {
  readonly scope: readonly string[]
  readonly claims: readonly string[]
  /** Words of the issuer for its scopes. */
  readonly catalogue: Readonly<Record<string, ScopeText>>
  /** Scopes and claims of the last consent; what is not among them is new. */
  readonly before?: { readonly scope: readonly string[]; readonly claims: readonly string[] }
}

type Spoken = Pick<Speech, 'lang' | 'words'>

/** Claims about the sign-in itself, which say nothing a person could keep back. */
const aboutSignIn = new Set(['sub', 'acr', 'amr', 'auth_time', 'nonce', 'iss', 'aud', 'exp', 'iat'])

/**
 * Says in plain words what is asked for: a line for each scope, one for all single claims.
 *
 * @example describeWish({ scope: ['openid', 'accounts'], claims: [], catalogue: issuer.scopes }, frame)
 */
export function describeWish(wish: Wish, speech: Spoken): readonly Ask[] {
  const { before } = wish
  const scopes = [...new Set(wish.scope)].map((scope) => ({
    ...describeScope(scope, wish.catalogue, speech),
    ...(before === undefined || before.scope.includes(scope) ? {} : { fresh: true }),
  }))
  const claims = [...new Set(wish.claims)].filter((claim) => !aboutSignIn.has(claim))
  if (claims.length === 0) return scopes
  const known = claims.filter((claim) => before === undefined || before.claims.includes(claim))
  const fresh = claims.filter((claim) => !known.includes(claim))
  return [...scopes, ...describeClaims(known, speech), ...describeClaims(fresh, speech, true)]
}

/** The issuer's catalogue first, then the standard scopes. What nobody described is still shown. */
function describeScope(scope: string, catalogue: Wish['catalogue'], { lang, words }: Spoken): Ask {
  const own = entryOf(catalogue, scope)
  const text = own?.translations?.[lang] ?? own ?? entryOf<ScopeWords>(words.data.scopes, scope)
  if (text === undefined) return { title: visibleName(scope, '?'), detail: words.data.undescribed }
  const { title, description: detail, data } = text
  return data === undefined ? { title, detail } : { title, detail, data }
}

/** Single details, asked for by the `claims` parameter (OIDC Core 5.5). */
function describeClaims(
  claims: readonly string[],
  { words }: Spoken,
  fresh = false,
): readonly Ask[] {
  if (claims.length === 0) return []
  const data = claims.map((claim) => entryOf(words.data.claims, claim) ?? visibleName(claim, '?'))
  const { singleDetails: title, onlyThese: detail } = words.data
  return [fresh ? { title, detail, data, fresh } : { title, detail, data }]
}

/** Names such as `constructor` are not entries. */
const entryOf = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined
