import { accept, refuse } from '../../errors.ts'
import type { Rule } from '../rule.ts'

/** Parameters whose meaning would be lost if they were ignored. */
export const unsupported: Rule = ({ parameters }) => {
  if (parameters.has('request_uri')) {
    return refuse('invalid_request', 'request_uri must not be pushed')
  }
  return accept({})
}
