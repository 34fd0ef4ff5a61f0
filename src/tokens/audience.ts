import { isManagement, openidScopes } from '../clients/metadata.ts'
import type { Issuer } from '../types.ts'

/** A token for one resource server carries only scopes that server understands (FAPI2 SP 5.3.2.1-14). */
export function scopeFor(
  issuer: Issuer,
  audience: string,
  granted: readonly string[],
): readonly string[] {
  // What manages grants is for the grants endpoint, and that takes nothing else.
  if (audience === grantsAudience(issuer)) return granted.filter(isManagement)
  const server = issuer.resourceServers.find(({ identifier }) => identifier === audience)
  const others = granted.filter((scope) => !isManagement(scope))
  if (server === undefined || server.scopes.length === 0) return others
  const open: readonly string[] = openidScopes
  return others.filter((scope) => server.scopes.includes(scope) || open.includes(scope))
}

/** Where a token without `resource` is for: the default resource server, else userinfo. */
export function defaultResources(issuer: Issuer): readonly string[] {
  return issuer.resourceServers
    .filter((server) => server.default)
    .map((server) => server.identifier)
}

export const userinfoAudience = (issuer: Issuer): string => `${issuer.url}/userinfo`
export const adminAudience = (issuer: Issuer): string => `${issuer.url}/admin`
export const grantsAudience = (issuer: Issuer): string => `${issuer.url}/grants`
