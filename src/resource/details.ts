import { isAt } from '../authorization-details/compare.ts'
import type { AuthorizationDetail } from '../authorization-details/detail.ts'
import { isRecord } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import type { ResourceSettings } from './settings.ts'

/** What a token must say: a scope, an authorization detail of a type (RFC 9396), or both. */
export type Entitlement = {
  readonly scope?: string
  /** A type; the handler finds the token's details of it under `details`. */
  readonly details?: string
  /** The scope and the detail: one of them is enough. */
  readonly either?: true
} & ({ readonly scope: string } | { readonly details: string })

type Details = readonly AuthorizationDetail[]
type Where = Pick<ResourceSettings, 'resource' | 'origin'> & { readonly pathname: string }

/**
 * The token's details of the type that is needed, as far as they count at this address; or why the token
 * does not suffice. Errors: `insufficient_scope`, `invalid_token`.
 */
export function judgeEntitlement(
  token: Pick<AccessToken, 'scope' | 'claims'>,
  { scope, details: type, either }: Entitlement,
  where: Where,
): Result<Details> {
  const found = type === undefined ? accept([]) : detailsOf(token, type, where)
  if (!found.ok) return found
  const scoped = scope !== undefined && token.scope.includes(scope)
  const detailed = found.value.length > 0
  const enough =
    either === true
      ? scoped || detailed
      : (scope === undefined || scoped) && (type === undefined || detailed)
  return enough ? found : refuse('insufficient_scope', 'The access token does not suffice')
}

function detailsOf(
  { claims }: Pick<AccessToken, 'claims'>,
  wanted: string,
  where: Where,
): Result<Details> {
  const value = claims['authorization_details'] ?? []
  if (!Array.isArray(value) || !value.every(isDetail)) {
    return refuse(
      'invalid_token',
      'The access token is not valid',
      'authorization_details is no list of objects with a type',
    )
  }
  return accept(value.filter((detail) => detail.type === wanted && countsAt(detail, where)))
}

const isDetail = (value: unknown): value is AuthorizationDetail =>
  isRecord(value) && typeof value['type'] === 'string' && value['type'] !== ''

/** RFC 9396 2.2: everywhere at this server, or at the places that `locations` names and under them. */
function countsAt({ locations }: AuthorizationDetail, where: Where): boolean {
  if (locations === undefined) return true
  if (!Array.isArray(locations)) return false
  const here = `${where.origin}${where.pathname}`
  return locations.some(
    (place: unknown) =>
      typeof place === 'string' && (place === where.resource || isAt(here, place)),
  )
}
