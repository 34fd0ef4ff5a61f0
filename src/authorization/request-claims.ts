import { isBounded } from '../encoding.ts'
import type { Parameters } from './parameters.ts'

/** Bounds of what is inside a request object: enough for every request, too small to be slow. */
const most = { depth: 16, values: 2_000 } as const
const mostParameters = 128

/** About the JWT itself (RFC 7519 4.1). */
const jwtClaims = ['iss', 'aud', 'exp', 'nbf', 'iat', 'jti']

type Reading =
  { readonly ok: true; readonly bag: Parameters } | { readonly ok: false; readonly problem: string }

const problem = (text: string): Reading => ({ ok: false, problem: text })

/**
 * The claims of a request object as the bag a form would have filled (RFC 9101 4): texts as they are, a
 * list of texts for `resource`, all other JSON as its text. So `claims` and `authorization_details` may
 * come as JSON or as texts.
 */
export function parametersOf(claims: Readonly<Record<string, unknown>>): Reading {
  if (!isBounded(claims, most)) return problem('is nested too deeply or holds too many values')
  const names = Object.keys(claims).filter((name) => !jwtClaims.includes(name))
  if (names.length > mostParameters) return problem('holds too many parameters')
  const bag = new Map<string, readonly string[]>()
  for (const name of names) {
    const values = textsOf(name, claims[name])
    if (values === undefined) return problem('has a resource that is not a list of texts')
    if ([name, ...values].some(isUnprintable)) return problem('holds control characters')
    // A parameter without a value counts as omitted (RFC 6749 3.1).
    const present = values.filter((value) => value !== '')
    if (present.length > 0) bag.set(name, present)
  }
  return { ok: true, bag }
}

function textsOf(name: string, value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value]
  if (value === null) return []
  if (name !== 'resource' || !Array.isArray(value)) return [JSON.stringify(value)]
  return value.every((one) => typeof one === 'string') ? value : undefined
}

/** What a form refuses as well, and halves of characters, which a form cannot hold. */
const isUnprintable = (text: string): boolean =>
  // eslint-disable-next-line no-control-regex -- control characters are what is refused here
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\p{Surrogate}/u.test(text)
