import { accept, refuse } from '../../errors.ts'
import { all } from '../parameters.ts'
import type { Rule } from '../rule.ts'

/** RFC 8707 2: each must be a resource server this issuer makes tokens for. */
export const resource: Rule = ({ parameters, issuer }) => {
  const asked = [...new Set(all(parameters, 'resource'))]
  const known = issuer.resourceServers.map((server) => server.identifier)
  if (asked.some((identifier) => !known.includes(identifier))) {
    return refuse('invalid_target', 'resource is not known here')
  }
  return accept({ resources: asked })
}
