import { describe, expect, it } from 'vitest'
import { grantManagement } from '../../../src/authorization/rules/grant-management.ts'
import { pushed, refusalOf, valueOf } from '../support/issuer.ts'

const grantId = 'a'.repeat(64)
const manage = (parameters: Readonly<Record<string, string>>) =>
  valueOf(grantManagement(pushed(parameters))).management

describe('grant management', () => {
  it('GM-02 GM-03 GM-04 takes create alone, merge and replace with the grant they mean', () => {
    expect(manage({ grant_management_action: 'create' })).toEqual({ action: 'create' })
    for (const action of ['merge', 'replace']) {
      const asked = { grant_management_action: action, grant_id: grantId }
      expect(manage(asked)).toEqual({ action, grantId })
    }
  })

  it.each([
    ['GM-06', 'create with a grant_id', { grant_management_action: 'create', grant_id: grantId }],
    ['GM-07', 'a grant_id without an action', { grant_id: grantId }],
    ['GM-08', 'update, as some texts of the draft call it', { grant_management_action: 'update' }],
    ['GM-08', 'another case', { grant_management_action: 'Create' }],
    ['GM-08', 'an unknown action with a grant_id', { grant_management_action: 'extend', grant_id: grantId }],
    ['GM-09', 'merge without a grant_id', { grant_management_action: 'merge' }],
    ['GM-09', 'replace without a grant_id', { grant_management_action: 'replace' }],
  ])('%s refuses %s', (_id, _what, parameters) => {
    expect(refusalOf(grantManagement, parameters)).toBe('invalid_request')
  }) // prettier-ignore

  it('GM-08 may be left out, unless the issuer requires it', () => {
    expect(manage({})).toBeUndefined()
    const issuer = { grant_management: { action_required: true } }
    expect(refusalOf(grantManagement, {}, { issuer })).toBe('invalid_request')
    const create = pushed({ grant_management_action: 'create' }, { issuer })
    expect(valueOf(grantManagement(create)).management).toEqual({ action: 'create' })
  })
})
