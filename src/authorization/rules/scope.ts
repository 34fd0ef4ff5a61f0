import { isManagement } from '../../clients/metadata.ts'
import { accept, refuse } from '../../errors.ts'
import { one, words } from '../parameters.ts'
import type { Rule } from '../rule.ts'

/** RFC 6749 3.3: known scopes the client registered. With details there may be none (RFC 9396 3). */
export const scope: Rule = ({ parameters, client, details }) => {
  const value = one(parameters, 'scope')
  if (value === undefined) {
    return details === undefined
      ? refuse('invalid_scope', 'scope is required')
      : accept({ scope: [] })
  }
  if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(value)) {
    return refuse('invalid_scope', 'scope has characters a scope cannot have')
  }
  const asked = words(parameters, 'scope')
  if (asked.length === 0) return refuse('invalid_scope', 'scope is required')
  // What manages grants is the client's own business: it asks for it in its own name.
  if (asked.some(isManagement)) {
    return refuse('invalid_scope', 'scope holds a scope for client_credentials only')
  }
  const registered = client.metadata.scope.split(' ')
  if (asked.some((name) => !registered.includes(name))) {
    return refuse('invalid_scope', 'scope holds a scope the client may not ask for')
  }
  return accept({ scope: asked })
}
