import type { Side } from './call.ts'
import type { Settings } from './config.ts'
import type { Place } from './make-call.ts'
import type { Issuer } from './types.ts'

/** The suffixes that stand between host and path for issuers with a path (RFC 8414 3.1). */
const wellKnown = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']

/** Which issuer, side and relative path an address means. The host only selects among configured ones. */
export function locatePlace(
  address: string,
  result: { readonly ok: boolean; readonly settings?: Settings },
): Place | undefined {
  const url = new URL(address)
  // The longest path first, so that an issuer at the root does not swallow the others.
  for (const issuer of result.settings?.issuers ?? []) {
    const { origin, prefix } = baseOf(issuer)
    if (url.origin === origin) {
      const inserted = wellKnown.find((suffix) => url.pathname === `${suffix}${prefix}`)
      if (inserted !== undefined) return { issuer, side: 'main', path: inserted }
    }
    const side = sideOf(url.origin, issuer)
    if (side === undefined) continue
    if (prefix === '' || url.pathname === prefix || url.pathname.startsWith(`${prefix}/`)) {
      return { issuer, side, path: url.pathname.slice(prefix.length) || '/' }
    }
  }
  return undefined
}

function sideOf(origin: string, issuer: Issuer): Side | undefined {
  if (origin === baseOf(issuer).origin) return 'main'
  return origin === issuer.mtlsOrigin ? 'mtls' : undefined
}

type Base = { readonly origin: string; readonly prefix: string }

/** Addresses of issuers in parts: taken apart once. */
const bases = new WeakMap<Issuer, Base>()

function baseOf(issuer: Issuer): Base {
  const known = bases.get(issuer)
  if (known !== undefined) return known
  const { origin, pathname } = new URL(issuer.url)
  const base = { origin, prefix: pathname === '/' ? '' : pathname }
  bases.set(issuer, base)
  return base
}
