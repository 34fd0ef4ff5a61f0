import { checkRegistered } from '../../authorization-details/asked.ts'
import { tellable } from '../../authorization-details/compare.ts'
import { typeOf } from '../../authorization-details/detail.ts'
import { accept, refuse } from '../../errors.ts'
import { defaultResources } from '../../tokens/audience.ts'
import { all } from '../parameters.ts'
import type { Rule } from '../rule.ts'

/**
 * RFC 9396 5, 10: details of types the client registered. Each must be for a resource server that a token
 * could be for, or nobody could ever use it.
 */
export const authorizationDetails: Rule = ({ parameters, client, issuer, details }) => {
  if (details === undefined) {
    return parameters.has('authorization_details')
      ? refuse('invalid_authorization_details', 'authorization_details must not be empty')
      : accept({})
  }
  const registered = checkRegistered(client.metadata, details)
  if (!registered.ok) return registered
  const asked = all(parameters, 'resource')
  const meant = asked.length > 0 ? asked : defaultResources(issuer)
  const lost = details.find(
    ({ type }) =>
      !typeOf(issuer.detailTypes, type)?.resourceServers.some((one) => meant.includes(one)),
  )
  if (lost === undefined) return accept({ details })
  return refuse(
    'invalid_target',
    `${tellable(lost.type)}: resource must name a resource server that takes this type`,
  )
}
