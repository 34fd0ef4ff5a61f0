import type { Call } from '../call.ts'
import { isRecord } from '../encoding.ts'
import type { PersonClaims } from '../objects/account.ts'

/** Claims by scope (OIDC Core 5.4). */
const byScope: Readonly<Record<string, readonly string[]>> = {
  profile: [
    'name', 'family_name', 'given_name', 'middle_name', 'nickname', 'preferred_username', 'profile',
    'picture', 'website', 'gender', 'birthdate', 'zoneinfo', 'locale', 'updated_at',
  ],
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
} // prettier-ignore

export const supportedClaims: readonly string[] = Object.values(byScope).flat()

/**
 * Claims about a person that were asked for, by scope or by name; unknown names are left out. Empty
 * when the account is gone or disabled.
 */
export async function releasedClaims(
  call: Call,
  accountId: string,
  asked: { readonly names: readonly string[]; readonly scope: readonly string[] },
): Promise<Readonly<Record<string, unknown>>> {
  const stub = call.stubs.account(accountId)
  const person =
    stub && (await call.storage.object('Account.person', () => stub.person(call.issuer.id)))
  if (person === undefined) return {}
  const names = new Set([...asked.names, ...asked.scope.flatMap((scope) => byScope[scope] ?? [])])
  const { claims } = person
  const released = supportedClaims.filter((name) => names.has(name) && claims[name] !== undefined)
  return Object.fromEntries(released.map((name) => [name, claims[name]]))
}

/** Checks claims an operator gives an account. Returns them, or what is wrong in words. */
export function checkClaims(claims: unknown): PersonClaims | string {
  if (!isRecord(claims)) return 'claims must be an object'
  const unknown = Object.keys(claims).find((name) => !supportedClaims.includes(name))
  if (unknown !== undefined) return 'claims may hold the standard claims of OpenID Connect only'
  for (const [name, value] of Object.entries(claims)) {
    const fits = shapeOf[name] ?? isText
    if (!fits(value)) return `the claim ${name} has the wrong type`
  }
  // Every value was checked just above.
  return claims as PersonClaims
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= 1_024
const isFlag = (value: unknown): boolean => typeof value === 'boolean'

const shapeOf: Readonly<Record<string, (value: unknown) => boolean>> = {
  email_verified: isFlag,
  phone_number_verified: isFlag,
  updated_at: (value) => typeof value === 'number',
  address: (value) => isRecord(value) && Object.values(value).every(isText),
}
