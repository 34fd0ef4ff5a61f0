import { accept, refuse } from '../../errors.ts'
import { one } from '../parameters.ts'
import type { Rule } from '../rule.ts'

export const responseMode: Rule = ({ parameters, issuer }) => {
  const value = one(parameters, 'response_mode')
  if (value === undefined || issuer.profile.responseModes.includes(value)) return accept({})
  return refuse('invalid_request', 'response_mode is not supported')
}
