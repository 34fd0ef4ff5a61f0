import { accept, refuse } from '../../errors.ts'
import { one } from '../parameters.ts'
import type { Rule } from '../rule.ts'

const actions = ['create', 'merge', 'replace'] as const

/** Grant Management 4.1: what is to become of a grant. Whose grant it is, the grant itself knows. */
export const grantManagement: Rule = ({ parameters, issuer }) => {
  const value = one(parameters, 'grant_management_action')
  const grantId = one(parameters, 'grant_id')
  if (value === undefined) {
    if (grantId !== undefined) {
      return refuse('invalid_request', 'grant_id needs a grant_management_action')
    }
    return issuer.grantManagement.actionRequired
      ? refuse('invalid_request', 'grant_management_action is required')
      : accept({})
  }
  const action = actions.find((known) => known === value)
  if (action === undefined) {
    return refuse('invalid_request', 'grant_management_action is not supported')
  }
  if (action === 'create') {
    return grantId === undefined
      ? accept({ management: { action } })
      : refuse('invalid_request', 'grant_id does not go with create')
  }
  return grantId === undefined
    ? refuse('invalid_request', 'grant_id is required to merge or replace')
    : accept({ management: { action, grantId } })
}
