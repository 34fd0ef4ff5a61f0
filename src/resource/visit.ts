import type { Storage } from '../observe/storage.ts'
import type { ResourceSettings } from './settings.ts'

/** One request to a resource server. */
export type Visit = {
  readonly request: Request
  readonly settings: ResourceSettings
  readonly storage: Storage
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Public origin the request came to: a configured one, never the Host header alone. */
export function ownOrigin({ request, settings }: Pick<Visit, 'request' | 'settings'>): string {
  const { origin } = new URL(request.url)
  return origin === settings.mtlsOrigin ? settings.mtlsOrigin : settings.origin
}

/** Public URL of the request without its query. */
export const ownUrl = (visit: Pick<Visit, 'request' | 'settings'>): string =>
  `${ownOrigin(visit)}${new URL(visit.request.url).pathname}`

/** Public URL of the request with its query: `@target-uri` (RFC 9421 2.2.2). */
export function targetUri(visit: Pick<Visit, 'request' | 'settings'>): string {
  const { href, origin, hash } = new URL(visit.request.url)
  return `${ownOrigin(visit)}${href.slice(origin.length, href.length - hash.length)}`
}
