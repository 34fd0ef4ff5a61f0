import { accept, refuse } from '../../errors.ts'
import { one } from '../parameters.ts'
import type { Rule } from '../rule.ts'

const most = 512

/** FAPI2 SP 5.3.2.2-14: at least 64 characters are taken; longer ones whole or refused, never cut. */
export const nonce: Rule = ({ parameters }) => {
  const value = one(parameters, 'nonce')
  if (value === undefined) return accept({})
  if (value.length > most)
    return refuse('invalid_request', `nonce is longer than ${most} characters`)
  return accept({ nonce: value })
}
