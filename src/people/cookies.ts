import type { Call } from '../call.ts'
import { digest, randomText } from '../encoding.ts'

/**
 * Cookies of the sign-in. `browser` is one half of an interaction, the other is the pushed request;
 * `sign-in` is made anew whenever somebody signs in, so that a planted cookie is worth nothing.
 */
export type CookieName = 'browser' | 'sign-in'

const form = /^[A-Za-z0-9_-]{43}$/

/** `__Host-` with the issuer id in the name; plain-http loopback: the same name without prefix. */
function fullName(call: Call, name: CookieName): string {
  const secure = call.issuer.url.startsWith('https:')
  return `${secure ? '__Host-' : ''}fapi-${call.issuer.id}-${name}`
}

/** The cookie this browser sent, if it has the form of ours and was sent once. */
export function readCookie(call: Call, name: CookieName): string | undefined {
  const wanted = fullName(call, name)
  const pairs = (call.request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim())
  const values = pairs
    .filter((pair) => pair.startsWith(`${wanted}=`))
    .map((pair) => pair.slice(wanted.length + 1))
  const [value] = values
  return values.length === 1 && value !== undefined && form.test(value) ? value : undefined
}

export function newCookie(
  call: Call,
  name: CookieName,
): { readonly value: string; readonly header: string } {
  const value = randomText(32)
  const secure = call.issuer.url.startsWith('https:') ? '; Secure' : ''
  const header = `${fullName(call, name)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}`
  return { value, header }
}

/** What a sealed form token stores of a cookie. */
export const cookieHash = (value: string): Promise<string> => digest(value)
