import type { Call } from '../call.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { ClientMetadata } from './metadata.ts'
import { fetchJson } from './outbound.ts'

type Registered = Pick<ClientMetadata, 'subject_type' | 'sector_identifier_uri' | 'redirect_uris'>

/**
 * The sector in which a client's people have one name (OIDC Core 8.1): the host of its
 * `sector_identifier_uri`, else of its redirect URIs. Undefined: the client has public subjects.
 */
export function sectorOf(metadata: Registered): string | undefined {
  if (metadata.subject_type !== 'pairwise') return undefined
  const uri = metadata.sector_identifier_uri ?? metadata.redirect_uris[0]
  if (uri === undefined) throw new Error('pairwise subjects without a sector were registered')
  return new URL(uri).hostname
}

/**
 * What is wrong with how a client asks for subjects, in words. Redirect URIs on loopback addresses
 * belong to every native application, so they make no sector.
 */
export function problemWithSector(metadata: Registered): string | undefined {
  const { subject_type: type, sector_identifier_uri: uri, redirect_uris: redirects } = metadata
  if (type !== 'pairwise' || uri !== undefined) return undefined
  const urls = redirects.map((redirect) => new URL(redirect))
  if (urls.length === 0) return 'subject_type pairwise needs redirect_uris'
  if (urls.some(({ protocol }) => protocol !== 'https:')) {
    return 'subject_type pairwise with a loopback redirect_uri needs a sector_identifier_uri'
  }
  return new Set(urls.map(({ hostname }) => hostname)).size === 1
    ? undefined
    : 'subject_type pairwise with several redirect hosts needs a sector_identifier_uri'
}

const refused = (description: string, detail?: string) =>
  refuse('invalid_client_metadata', `sector_identifier_uri ${description}`, detail)

/**
 * Whether the sector names this client as its own: a JSON list that holds every redirect URI
 * (OIDC Registration 5). Errors: `invalid_client_metadata`.
 */
export async function checkSector(call: Call, metadata: Registered): Promise<Result<true>> {
  const { sector_identifier_uri: uri, redirect_uris: redirects } = metadata
  if (uri === undefined) return accept(true)
  const { issuer, runtime } = call
  try {
    const caller = { issuer, allowed: runtime.outboundAllowed, fetch: runtime.fetch }
    const list = await fetchJson(uri, caller)
    if (!Array.isArray(list)) return refused('must lead to a JSON list')
    return redirects.every((redirect) => list.includes(redirect))
      ? accept(true)
      : refused('must lead to a list of all redirect_uris')
  } catch (error) {
    return refused('cannot be read', error instanceof Error ? error.message : 'unknown')
  }
}
