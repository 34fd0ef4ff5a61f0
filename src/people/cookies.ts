import type { Call } from '../call.ts'
import { digest, randomText } from '../encoding.ts'

/**
 * Cookies of a person's browser. `browser` is one half of an interaction, the other is its purpose;
 * `session` is made anew at every sign-in and step-up, so that a planted cookie is worth nothing; `setup`
 * is what an operator's one-time link began.
 */
export type CookieName = 'browser' | 'session' | 'setup'

/** A random text, or a handle. */
const handleForm = /^[A-Za-z0-9_-]{87}$/
const forms = {
  browser: /^[A-Za-z0-9_-]{43}$/,
  session: handleForm,
  setup: handleForm,
} as const

/** Seconds. A browser is known again for long, so that a new device is one; the others end with it. */
const keptFor: { readonly [name in CookieName]?: number } = { browser: 400 * 86_400 }

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
  return values.length === 1 && value !== undefined && forms[name].test(value) ? value : undefined
}

export type Cookie = { readonly value: string; readonly header: string }

/** Sets a cookie; without an age it stays until the browser is closed. */
export function setCookie(
  call: Call,
  name: CookieName,
  value: string,
  maxAge: number | undefined = keptFor[name],
): Cookie {
  const secure = call.issuer.url.startsWith('https:') ? '; Secure' : ''
  const age = maxAge === undefined ? '' : `; Max-Age=${maxAge}`
  const header = `${fullName(call, name)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${age}`
  return { value, header }
}

/** Takes a cookie away. */
export const clearCookie = (call: Call, name: CookieName): string =>
  setCookie(call, name, '', 0).header

export const newBrowserCookie = (call: Call): Cookie => setCookie(call, 'browser', randomText(32))

/** The cookie of this browser by its hash, and the one to set where it had none. */
export async function browserOf(
  call: Call,
): Promise<{ readonly browser: string; readonly cookies: readonly Cookie[] }> {
  const known = readCookie(call, 'browser')
  if (known !== undefined) return { browser: await cookieHash(known), cookies: [] }
  const made = newBrowserCookie(call)
  return { browser: await cookieHash(made.value), cookies: [made] }
}

/** What a sealed form token stores of a cookie. */
export const cookieHash = (value: string): Promise<string> => digest(value)
