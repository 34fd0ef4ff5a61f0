import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  adminAudience,
  defaultResources,
  grantsAudience,
  scopeFor,
  userinfoAudience,
} from '../../../src/tokens/audience.ts'
import { openidScopes } from '../../../src/clients/metadata.ts'
import { makeIssuer } from '../support/issuer.ts'
import { holds } from '../support/property.ts'

const issuer = makeIssuer()

describe('scopeFor', () => {
  it('SP-AS-14 leaves a token the scopes its resource server understands, and those of OpenID', () => {
    const granted = ['openid', 'accounts', 'admin-of-others', 'email']
    expect(scopeFor(issuer, 'https://api.bank.example', granted)).toEqual(['openid', 'accounts', 'email'])
  }) // prettier-ignore

  it('SP-AS-14 leaves what manages grants to the grants endpoint, and nothing else there', () => {
    const granted = ['openid', 'grant_management_query', 'accounts', 'grant_management_revoke']
    expect(grantsAudience(issuer)).toBe(`${issuer.url}/grants`)
    expect(scopeFor(issuer, grantsAudience(issuer), granted)).toEqual(['grant_management_query', 'grant_management_revoke']) // prettier-ignore
    for (const audience of ['https://api.bank.example', 'https://other.bank.example', userinfoAudience(issuer)])
      expect(scopeFor(issuer, audience, granted)).toEqual(['openid', 'accounts'])
  }) // prettier-ignore

  it('SP-AS-14 gives nothing that was not granted', () => {
    expect(scopeFor(issuer, 'https://api.bank.example', ['accounts'])).toEqual(['accounts'])
    expect(scopeFor(issuer, 'https://api.bank.example', [])).toEqual([])
  })

  it('leaves all scopes where the resource server names none, and at userinfo', () => {
    const granted = ['openid', 'accounts', 'other']
    expect(scopeFor(issuer, 'https://other.bank.example', granted)).toEqual(granted)
    expect(scopeFor(issuer, userinfoAudience(issuer), granted)).toEqual(granted)
  })

  it('SP-AS-14 never adds a scope, changes their order, or gives the server one it does not understand', () => {
    const scope = fc.constantFrom('openid', 'email', 'accounts', 'payments', 'x', 'y', 'admin')
    const known: readonly string[] = ['accounts', 'payments', ...openidScopes]
    holds(
      fc.property(fc.uniqueArray(scope), (granted) => {
        const given = scopeFor(issuer, 'https://api.bank.example', granted)
        expect(given).toEqual(granted.filter((name) => known.includes(name)))
      }),
    )
  })
})

describe('audiences', () => {
  it('default to the default resource server, and to none without one', () => {
    expect(defaultResources(issuer)).toEqual(['https://api.bank.example'])
    expect(defaultResources(makeIssuer({ resource_servers: [] }))).toEqual([])
  })

  it('of the issuer itself are of its own address', () => {
    expect(userinfoAudience(issuer)).toBe('https://as.bank.example/userinfo')
    expect(adminAudience(issuer)).toBe('https://as.bank.example/admin')
  })
})
