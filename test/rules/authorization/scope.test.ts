import { describe, expect, it } from 'vitest'
import { scope } from '../../../src/authorization/rules/scope.ts'
import { pushed, refusalOf, valueOf } from '../support/issuer.ts'

describe('scope', () => {
  it('RFC 6749 3.3 accepts registered scopes in any order, each once', () => {
    const ask = (value: string) => valueOf(scope(pushed({ scope: value }))).scope
    expect(ask('openid accounts')).toEqual(['openid', 'accounts'])
    expect(ask('accounts openid')).toEqual(['accounts', 'openid'])
    expect(ask('accounts accounts')).toEqual(['accounts'])
    expect(ask('  accounts   openid ')).toEqual(['accounts', 'openid'])
  })

  it('SP-AS-14 keeps a narrower request narrow', () => {
    expect(valueOf(scope(pushed({ scope: 'openid' }))).scope).toEqual(['openid'])
  })

  it.each(['admin', 'payments', 'openid admin', 'Accounts', 'OPENID', 'accounts,openid'])(
    'refuses %j, which the client did not register',
    (value) => {
      expect(refusalOf(scope, { scope: value })).toBe('invalid_scope')
    },
  )

  it.each([
    '"accounts"',
    'acc\\ounts',
    'accounts\topenid',
    'accounts\nopenid',
    'äccounts',
    '\u0007',
  ])('RFC 6749 A.4 refuses the characters of %j', (value) => {
    const client = { scope: `openid accounts ${value}` }
    expect(refusalOf(scope, { scope: value }, { client })).toBe('invalid_scope')
  })

  it.each(['grant_management_query', 'openid grant_management_revoke'])(
    'refuses %j, which a client asks for in its own name',
    (value) => {
      const client = { scope: 'openid grant_management_query grant_management_revoke' }
      expect(refusalOf(scope, { scope: value }, { client })).toBe('invalid_scope')
      expect(refusalOf(scope, { scope: 'openid' }, { client })).toBeUndefined()
    },
  )

  it('refuses a request without scope, and one of blanks', () => {
    expect(refusalOf(scope, {})).toBe('invalid_scope')
    expect(refusalOf(scope, { scope: '   ' })).toBe('invalid_scope')
  })

  it('refuses every scope of a client that registered none', () => {
    expect(refusalOf(scope, { scope: 'openid' }, { client: { scope: '' } })).toBe('invalid_scope')
  })
})
