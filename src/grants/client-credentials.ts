import type { Call } from '../call.ts'
import { one, words } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import { isManagement, openidScopes } from '../clients/metadata.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import { makeTokenId } from '../handles.ts'
import { adminAudience, defaultResources, grantsAudience, scopeFor } from '../tokens/audience.ts'
import type { ClientRecord } from '../types.ts'
import type { GrantType } from './grant-type.ts'
import { oneResource } from './resource.ts'

/**
 * RFC 6749 4.4. The token's home is the client's own object. Operators get the admin API as their only
 * audience; nobody else can name it, because it is no configured resource server.
 */
export const clientCredentials: GrantType = async (call, { parameters, client }) => {
  const { stubs, issuer } = call
  const { clientId, operator } = client.record
  if (parameters.has('authorization_details')) {
    const description = 'authorization_details need a person who agrees to them'
    return refuse('invalid_authorization_details', description)
  }
  const possible = ownEntitlement(call, parameters, client.record)
  if (!possible.ok) return possible
  const home = operator ? 'operator' : 'client'
  const objectId = (operator ? stubs.operator(clientId) : stubs.client(clientId)).id.toString()
  return accept({
    decide: async () => ({
      status: 'entitled',
      entitle: async ({ record, standing }) => {
        const own = record === client.record ? possible : ownEntitlement(call, parameters, record)
        if (!own.ok) return own
        const { epoch } = standing
        return accept({
          tokenId: makeTokenId({ home, objectId, epoch, series: 0 }),
          subject: clientId,
          expires: Math.floor(call.now / 1000) + issuer.lifetimes.accessToken,
          ...own.value,
        })
      },
    }),
  })
}

/** What a client may have for itself. Errors: `invalid_scope`, `invalid_target`. */
function ownEntitlement(
  { issuer }: Call,
  parameters: Parameters,
  record: ClientRecord,
): Result<{ readonly scope: readonly string[]; readonly audience: string }> {
  const resource = oneResource(parameters)
  if (!resource.ok) return resource
  const person: readonly string[] = openidScopes
  const registered = record.metadata.scope.split(' ').filter((name) => !person.includes(name))
  const asked = one(parameters, 'scope') === undefined ? registered : words(parameters, 'scope')
  if (asked.length === 0 || asked.some((name) => !registered.includes(name))) {
    return refuse('invalid_scope', 'scope holds a scope the client may not ask for')
  }
  const manages = asked.every(isManagement)
  const known = record.operator
    ? [adminAudience(issuer)]
    : [...issuer.resourceServers.map((server) => server.identifier), grantsAudience(issuer)]
  const [fallback] = record.operator
    ? [adminAudience(issuer)]
    : manages
      ? [grantsAudience(issuer)]
      : defaultResources(issuer)
  const audience = resource.value ?? fallback
  if (audience === undefined) return refuse('invalid_target', 'resource is required')
  if (!known.includes(audience)) return refuse('invalid_target', 'resource is not known here')
  const scope = scopeFor(issuer, audience, asked)
  return scope.length === 0
    ? refuse('invalid_scope', 'the resource understands none of these scopes')
    : accept({ scope, audience })
}
