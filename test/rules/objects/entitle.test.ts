import { describe, expect, it } from 'vitest'
import type { AuthorizationDetail } from '../../../src/authorization-details/detail.ts'
import { newTokenRandom } from '../../../src/handles.ts'
import { entitle, sameRegistration } from '../../../src/objects/grant/entitle.ts'
import type { Consent, TokenOrder } from '../../../src/objects/grant.ts'
import { merged } from '../../../src/objects/grant/updates.ts'
import { codeOf, makeIssuer, valueOf } from '../support/issuer.ts'

const one = 'https://one.bank.example'
const two = 'https://two.bank.example'
const issuer = makeIssuer({
  scopes: { accounts: { description: 'See.' }, payments: { description: 'Pay.' } },
  resource_servers: [{ identifier: one }, { identifier: two }],
  authorization_details_types: {
    account_information: {
      use: 'account_information',
      resource_servers: [one, two],
      enrich: { accounts: { service: 'ACCOUNTS' } },
    },
  },
})

const consent: Consent = {
  accountId: 'an account',
  sub: 'sub-alice',
  clientId: 'app',
  generation: 'first',
  scope: ['openid', 'accounts'],
  resources: [one],
  claims: { idToken: [], userinfo: [] },
  authentication: { acr: 'one', amr: ['pwd'], time: 1 },
}

const order = (change: Partial<TokenOrder> = {}): TokenOrder => ({
  random: newTokenRandom(),
  confirmation: { jkt: 'thumbprint' },
  issuedAt: 1,
  lifetime: 300,
  registered: { scope: ['openid', 'accounts', 'payments'], detailTypes: ['account_information'] },
  ...change,
})

const reading = (account: string): AuthorizationDetail => ({
  type: 'account_information',
  actions: ['list_accounts'],
  accounts: [{ iban: account }],
})

describe('what was agreed to for one resource server', () => {
  const paying = { ...consent, scope: ['payments'], resources: [two], details: [reading('B')] }
  const both = merged(issuer, { ...consent, details: [reading('A')] }, paying)
  const at = (resource: string, grant = both, change: Partial<TokenOrder> = {}) =>
    entitle(issuer, grant, order({ resource, ...change }))

  it('GM-03 is not what was agreed to for another: merging multiplies nothing', () => {
    expect(valueOf(at(one))).toMatchObject({
      scope: ['openid', 'accounts'],
      details: [reading('A')],
    })
    // Who the person is, userinfo tells with a token for any resource server.
    expect(valueOf(at(two))).toMatchObject({
      scope: ['openid', 'payments'],
      details: [reading('B')],
    })
    expect(
      codeOf(
        at(one, both, {
          scope: ['payments'],
          registered: { scope: ['payments'], detailTypes: [] },
        }),
      ),
    ).toBe('invalid_scope')
    expect(codeOf(at(one, both, { scope: ['payments'] }))).toBe('invalid_scope')
    expect(codeOf(at(two, both, { details: [reading('A')] }))).toBe('invalid_authorization_details')
  })

  it('GM-03 is added to when it is agreed to for that one', () => {
    const more = merged(issuer, both, { ...paying, resources: [one] })
    expect(valueOf(at(one, more))).toMatchObject({
      scope: ['openid', 'accounts', 'payments'],
      details: [reading('A'), reading('B')],
    })
    expect(valueOf(at(two, more)).scope).not.toContain('accounts')
  })

  it('GM-03 stays one where both were agreed to for the same', () => {
    const same = merged(issuer, consent, { ...consent, scope: ['payments'] })
    expect(same).not.toHaveProperty('parts')
    expect(valueOf(at(one, same)).scope).toEqual(['openid', 'accounts', 'payments'])
    // What was replaced or agreed to once has all its scopes at all its resource servers.
    const once = { ...consent, resources: [one, two] }
    expect(valueOf(at(two, once)).scope).toEqual(['openid', 'accounts'])
  })
})

describe('a token', () => {
  it('RAR-19 holds no more details than can travel with it; fewer may be asked for', () => {
    const long = (n: number): AuthorizationDetail => ({ ...reading('x'.repeat(1_000)), n })
    const details = Array.from({ length: 40 }, (_, n) => long(n))
    const all = entitle(issuer, { ...consent, details }, order())
    expect(codeOf(all)).toBe('invalid_authorization_details')
    const few = order({ details: [long(1), long(2)] })
    expect(valueOf(entitle(issuer, { ...consent, details }, few)).details).toHaveLength(2)
  })
})

describe('sameRegistration', () => {
  it('sees what is gone, however often the rest is written', () => {
    const now = (scope: readonly string[]) => ({ scope, detailTypes: [] })
    expect(sameRegistration(now(['a', 'a']), now(['a', 'b']))).toBe(false)
    expect(sameRegistration(now(['a', 'b']), now(['a', 'a']))).toBe(false)
    expect(sameRegistration(now(['a', 'b']), now(['b', 'a']))).toBe(true)
    expect(sameRegistration({ ...now(['a']), refreshToken: false }, now(['a']))).toBe(false)
  })
})
