/**
 * What was agreed to, and where: scopes and details count at the resource servers they were agreed to
 * for. Updates add to a grant; they do not multiply what it holds.
 */
import { union } from '../../authorization-details/compare.ts'
import type { AuthorizationDetail } from '../../authorization-details/detail.ts'
import { openidScopes } from '../../clients/metadata.ts'
import { userinfoAudience } from '../../tokens/audience.ts'
import type { Issuer } from '../../types.ts'
import type { Consent, Part } from './stored.ts'

/** What was agreed to for the same resource servers, one by one. */
export const partsOf = ({ parts, scope, resources, details }: Consent): readonly Part[] =>
  parts ?? [{ scope, resources, ...(details === undefined ? {} : { details }) }]

/** What was agreed to for one audience. Who the person is, userinfo tells with a token for any. */
export function grantedAt(
  issuer: Issuer,
  consent: Consent,
  audience: string,
): { readonly scope: readonly string[]; readonly details: readonly AuthorizationDetail[] } {
  const open: readonly string[] = openidScopes
  const everywhere = audience === userinfoAudience(issuer)
  const here = partsOf(consent).filter(
    ({ resources }) => everywhere || resources.includes(audience),
  )
  const scope = consent.scope.filter(
    (name) => open.includes(name) || here.some((part) => part.scope.includes(name)),
  )
  return { scope, details: here.flatMap(({ details = [] }) => details) }
}

/** The parts of both; undefined: all of it is for the same resource servers. */
export function addedParts(
  issuer: Issuer,
  before: Consent,
  added: Consent,
): readonly Part[] | undefined {
  const all = [...partsOf(before), ...partsOf(added)].reduce<readonly Part[]>((parts, part) => {
    const alike = parts.find(({ resources }) => isSame(resources, part.resources))
    if (alike === undefined) return [...parts, part]
    return parts.map((one) => (one === alike ? joined(issuer, one, part) : one))
  }, [])
  return all.length === 1 ? undefined : all
}

function joined(issuer: Issuer, a: Part, b: Part): Part {
  const details = union(issuer.detailTypes, a.details ?? [], b.details ?? [])
  return {
    scope: [...new Set([...a.scope, ...b.scope])],
    resources: a.resources,
    ...(details.length === 0 ? {} : { details }),
  }
}

/** Whether both name the same, in whatever order and how often. */
export const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.every((name) => b.includes(name)) && b.every((name) => a.includes(name))
