import { expect, it } from 'vitest'
import { authenticationContext } from '../../../src/authorization/rules/authentication-context.ts'
import { pushed, valueOf } from '../support/issuer.ts'

const ask = (values: Record<string, string>) =>
  valueOf(authenticationContext(pushed(values))).acrValues

it('OIDC Core 3.1.2.1 keeps acr_values in the order of preference, each once', () => {
  expect(ask({ acr_values: 'urn:b urn:a urn:b' })).toEqual(['urn:b', 'urn:a'])
  expect(ask({})).toEqual([])
})

it('ATK-A1-31 OIDC Core 3.1.2.1 keeps 16 wishes and never refuses one', () => {
  const many = Array.from({ length: 20 }, (_, i) => `urn:${i}`)
  expect(ask({ acr_values: many.join(' ') })).toEqual(many.slice(0, 16))
})

it('OIDC Core 5.5.1.1 counts a voluntary acr in claims among the wishes, and no other', () => {
  const withClaim = (acr: unknown, acr_values = 'urn:a') =>
    ask({ acr_values, claims: JSON.stringify({ id_token: { acr } }) })
  expect(withClaim({ values: ['urn:b', 1, 'urn:a'] })).toEqual(['urn:a', 'urn:b'])
  expect(withClaim({ value: 'urn:b', essential: false })).toEqual(['urn:a', 'urn:b'])
  for (const acr of [null, {}, 'urn:b', { essential: true, values: ['urn:b'] }]) {
    expect(withClaim(acr)).toEqual(['urn:a'])
  }
  expect(ask({ claims: '{"userinfo":{"acr":{"value":"urn:b"}}}' })).toEqual([])
})
