import { accept, refuse } from '../../errors.ts'
import { one } from '../parameters.ts'
import type { Rule } from '../rule.ts'

const most = 2_048

/** FAPI2 SP 5.3.2.2 note 4: long values are returned whole or refused, never cut. */
export const state: Rule = ({ parameters }) => {
  const value = one(parameters, 'state')
  if (value === undefined) return accept({})
  if (value.length > most)
    return refuse('invalid_request', `state is longer than ${most} characters`)
  if (!/^[\x20-\x7e]+$/.test(value)) {
    return refuse('invalid_request', 'state has characters a state cannot have (RFC 6749 A.5)')
  }
  return accept({ state: value })
}
