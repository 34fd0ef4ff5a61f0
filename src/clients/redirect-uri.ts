import type { Profile } from '../profiles/profile.ts'

/**
 * Whether a redirect URI may be registered: https, or http on a loopback address for native clients
 * (FAPI2 SP 5.3.2.2-8, RFC 8252 7.3). Only canonical texts are taken, so that comparing texts is
 * comparing addresses. Returns what is wrong in words, or undefined.
 */
export function problemWithRedirectUri(
  uri: string,
  applicationType: 'web' | 'native',
  profile: Profile,
): string | undefined {
  if (uri.length > 2048) return 'is longer than 2048 characters'
  if (!/^[\x21-\x7e]+$/.test(uri) || /["<>\\^`{|}*]/.test(uri)) {
    return 'has characters a URI cannot have'
  }
  if (uri.includes('#')) return 'has a fragment'
  if (!URL.canParse(uri)) return 'is not an absolute URI'
  const url = new URL(uri)
  if (!/^([a-z0-9.-]+|\[[0-9a-f:.]+\])$/.test(url.hostname))
    return 'has a host that is no name or address'
  if (url.href !== uri && url.href !== `${uri}/`) return 'is not in canonical form'
  if (url.username !== '' || url.password !== '' || /^[a-z]+:\/\/[^/?]*@/.test(uri)) {
    return 'has user information'
  }
  if (/%(00|0a|0d|2e|2f|5c)/i.test(url.pathname)) return 'has an encoded separator in its path'
  if (/%(?![0-9a-f]{2})/i.test(uri)) return 'has a malformed percent-encoding'
  if (url.protocol === 'https:') return url.hostname === '' ? 'has no host' : undefined
  if (url.protocol !== 'http:') return 'must use https'
  const loopback = profile.loopbackRedirects && applicationType === 'native' && isLoopback(url)
  return loopback
    ? undefined
    : 'must use https (http only on a loopback address for native clients)'
}

/** `localhost` is not an address and may resolve elsewhere (RFC 8252 8.3). */
const isLoopback = (url: URL): boolean => url.hostname === '127.0.0.1' || url.hostname === '[::1]'

/**
 * Whether a pushed redirect URI is a registered one: the same text, save that the port of a
 * loopback address may vary (RFC 8252 7.3, RFC 9700 2.1).
 */
export function matchesRegistered(pushed: string, registered: readonly string[]): boolean {
  if (registered.includes(pushed)) return true
  const portless = withoutLoopbackPort(pushed)
  if (portless === undefined) return false
  return registered.some((candidate) => withoutLoopbackPort(candidate) === portless)
}

function withoutLoopbackPort(uri: string): string | undefined {
  const match = /^http:\/\/(127\.0\.0\.1|\[::1\])(?::([1-9][0-9]{0,4}))?(\/.*)?$/.exec(uri)
  if (match === null || Number(match[2] ?? 80) > 65_535) return undefined
  if (!/^[\x21-\x7e]+$/.test(uri) || uri.includes('#')) return undefined
  return `${match[1]} ${match[3] ?? '/'}`
}
