/** A cookie jar with the rules that protect a sign-in (RFC 6265bis): prefixes, Secure, Path, SameSite. */

export type Cookie = {
  readonly name: string
  readonly value: string
  readonly host: string
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'strict' | 'lax' | 'none'
  /** Milliseconds since the epoch; absent: until the browser closes. */
  readonly expires?: number
}

export type Jar = {
  /** Takes what an answer sets; what a browser would refuse is dropped. */
  readonly take: (url: URL, headers: Headers) => void
  /** The `Cookie` header for a request, empty when there is none. */
  readonly header: (
    url: URL,
    way: { readonly method: string; readonly crossSite: boolean },
  ) => string
  readonly list: () => readonly Cookie[]
  /** Puts a cookie in, as an attacker or a test would. */
  readonly put: (cookie: Cookie) => void
  readonly clear: () => void
}

export function createJar(now: () => number = Date.now): Jar {
  let cookies: readonly Cookie[] = []
  const put = (cookie: Cookie) => {
    const others = cookies.filter(
      ({ name, host, path }) =>
        name !== cookie.name || host !== cookie.host || path !== cookie.path,
    )
    cookies = cookie.expires !== undefined && cookie.expires <= now() ? others : [...others, cookie]
  }
  return {
    put,
    take: (url, headers) => {
      for (const line of headers.getSetCookie()) {
        const cookie = readCookie(line, url, now())
        if (cookie !== undefined) put(cookie)
      }
    },
    header: (url, { method, crossSite }) =>
      cookies
        .filter(
          (cookie) =>
            cookie.host === url.hostname &&
            under(url.pathname, cookie.path) &&
            (!cookie.secure || isTrustworthy(url)) &&
            (cookie.expires === undefined || cookie.expires > now()) &&
            (!crossSite ||
              cookie.sameSite === 'none' ||
              (cookie.sameSite === 'lax' && method === 'GET')),
        )
        .map(({ name, value }) => `${name}=${value}`)
        .join('; '),
    list: () => cookies,
    clear: () => {
      cookies = []
    },
  }
}

function readCookie(line: string, url: URL, now: number): Cookie | undefined {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
  const at = pair.indexOf('=')
  if (at < 1) return undefined
  const attributes = new Map(
    rest.map((part) => {
      const [name = '', ...value] = part.split('=')
      return [name.toLowerCase(), value.join('=')] as const
    }),
  )
  const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
  const secure = attributes.has('secure')
  if (secure && !isTrustworthy(url)) return undefined
  if (name.startsWith('__Secure-') && !secure) return undefined
  const path = attributes.get('path') ?? ''
  if (name.startsWith('__Host-') && (!secure || path !== '/' || attributes.has('domain'))) {
    return undefined
  }
  const sameSite = attributes.get('samesite')?.toLowerCase()
  const expires = expiry(attributes, now)
  return {
    name,
    value,
    host: url.hostname,
    path: path.startsWith('/') ? path : (/^(\/.*)\/[^/]*$/.exec(url.pathname)?.[1] ?? '/'),
    secure,
    httpOnly: attributes.has('httponly'),
    sameSite: sameSite === 'strict' || sameSite === 'none' ? sameSite : 'lax',
    ...(expires === undefined ? {} : { expires }),
  }
}

function expiry(attributes: ReadonlyMap<string, string>, now: number): number | undefined {
  const maxAge = Number.parseInt(attributes.get('max-age') ?? '', 10)
  if (!Number.isNaN(maxAge)) return now + maxAge * 1000
  const date = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(date) ? undefined : date
}

const under = (path: string, cookiePath: string): boolean =>
  path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`)

const isTrustworthy = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
