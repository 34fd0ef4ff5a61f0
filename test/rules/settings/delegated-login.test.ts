import { describe, expect, it } from 'vitest'
import { readSettings } from '../../../src/config.ts'
import type { DelegatedLogin, UpstreamLogin } from '../../../src/settings/delegated-login.ts'
import { bank } from '../support/issuer.ts'

const sound = {
  issuer: 'https://login.people.example',
  client_id: 'the-bank',
  acr: { low: 'one-factor', good: 'two-factors', best: 'phishing-resistant' },
}

function read(authentication: unknown, development = false) {
  return readSettings({ issuers: [{ ...bank, authentication }] }, { development })
}

function loginOf(authentication: unknown): DelegatedLogin | undefined {
  const result = read(authentication)
  if (!result.ok) throw new Error(result.problem)
  return result.settings.issuers[0]?.authentication.login
}

const upstreamOf = (changes: Readonly<Record<string, unknown>> = {}) =>
  loginOf({ upstream: { ...sound, ...changes } }) as UpstreamLogin

function problem(authentication: unknown): string {
  const result = read(authentication)
  return result.ok ? '' : result.problem
}

describe('where people sign in', () => {
  it('is here, unless the settings say otherwise', () => {
    expect(loginOf({})).toBeUndefined()
    expect(loginOf({ upstream: sound })?.kind).toBe('upstream')
    expect(loginOf({ delegate: { binding: 'LOGIN', name: 'staff' } })).toEqual({
      kind: 'service',
      binding: 'LOGIN',
      name: 'staff',
    })
  })

  it('is at one place', () => {
    const delegate = { binding: 'LOGIN', name: 'staff' }
    expect(problem({ upstream: sound, delegate })).toMatch(/exclude each other/)
  })
})

describe('an upstream login', () => {
  it('is authenticated to by an assertion and asked for openid, unless told otherwise', () => {
    expect(upstreamOf()).toMatchObject({
      method: 'private_key_jwt',
      idTokenAlgorithm: 'ES256',
      scope: 'openid',
      claims: {},
    })
  })

  it('is asked for every value that is worth enough, the least first', () => {
    expect(upstreamOf().asks).toEqual({ 1: ['low', 'good', 'best'], 2: ['good', 'best'], 3: ['best'] })
    const asks = upstreamOf({ acr_values: { 'two-factors': ['best'] } }).asks
    expect(asks[2]).toEqual(['best'])
  }) // prettier-ignore

  it('is frozen', () => {
    const login = upstreamOf({ claims: { mail: 'email' } })
    for (const value of [login, login.acr, login.asks, login.asks[2], login.claims]) {
      expect(Object.isFrozen(value)).toBe(true)
    }
  })

  it.each([
    ['no object', 'x', /must be an object/],
    ['no issuer', { ...sound, issuer: undefined }, /'issuer' is missing/],
    ['an issuer that is no URL', { ...sound, issuer: 'people' }, /not a URL/],
    ['a plain issuer', { ...sound, issuer: 'http://people.example' }, /must be https/],
    ['a plain loopback issuer in production', { ...sound, issuer: 'http://localhost:1' }, /https/],
    ['an issuer with a query', { ...sound, issuer: 'https://people.example?a=b' }, /no query/],
    ['an issuer with a user', { ...sound, issuer: 'https://a@people.example' }, /user info/],
    ['itself', { ...sound, issuer: bank.issuer }, /its own upstream/],
    ['no client id', { ...sound, client_id: undefined }, /'client_id' is missing/],
    ['this issuer as client id', { ...sound, client_id: bank.issuer }, /client_id must not be/],
    ['an unknown method', { ...sound, token_endpoint_auth_method: 'none' }, /must be one of/],
    ['a secret', { ...sound, client_secret: 'x' }, /unknown setting 'client_secret'/],
    ['mTLS without certificate', { ...sound, token_endpoint_auth_method: 'tls_client_auth' }, /needs a certificate_binding/],
    ['a weak algorithm', { ...sound, id_token_signed_response_alg: 'RS256' }, /must be one of/],
    ['no algorithm', { ...sound, id_token_signed_response_alg: 'none' }, /must be one of/],
    ['a binding of the server itself', { ...sound, certificate_binding: 'MASTER_SECRET' }, /not the server's own/],
    ['a scope without openid', { ...sound, scope: 'profile' }, /must hold openid/],
    ['no table', { ...sound, acr: undefined }, /acr must map/],
    ['an empty table', { ...sound, acr: {} }, /acr must map/],
    ['an unknown level', { ...sound, acr: { a: 'strong' } }, /must map to one of/],
    ['a level every object has', { ...sound, acr: { a: 'constructor' } }, /must map to one of/],
    ['a table that reaches too little', { ...sound, acr: { a: 'one-factor' } }, /reaches what every/],
    ['a wish for too little', { ...sound, acr_values: { 'two-factors': ['low'] } }, /'low'/],
    ['a wish for something unknown', { ...sound, acr_values: { 'two-factors': ['x'] } }, /'x'/],
    ['a wish for an unknown level', { ...sound, acr_values: { strong: ['best'] } }, /unknown setting/],
    ['a claim of no standard', { ...sound, claims: { a: 'shoe_size' } }, /standard claim/],
    ['a sub', { ...sound, claims: { sub: 'sub' } }, /standard claim/],
    ['one claim from two', { ...sound, claims: { a: 'name', b: 'name' } }, /from two/],
  ])('refuses %s with a sentence', (_what, upstream, why) => {
    const sentence = problem({ upstream })
    expect(sentence).toMatch(why)
    expect(sentence).toMatch(/^Issuer 'bank': .*\.$/)
  }) // prettier-ignore

  it('takes a table of one factor where one factor is enough', () => {
    const acr = { a: 'one-factor' }
    expect(loginOf({ factors: 1, upstream: { ...sound, acr } })).toBeDefined()
  })

  it('takes a plain loopback issuer in development', () => {
    const upstream = { ...sound, issuer: 'http://localhost:9000' }
    expect(read({ upstream }, true).ok).toBe(true)
    expect(read({ upstream }, false).ok).toBe(false)
    expect(read({ upstream: { ...sound, issuer: 'http://people.example' } }, true).ok).toBe(false)
  })
})

describe('a login by a bound service', () => {
  it.each([
    ['no object', 'LOGIN', /must be an object/],
    ['no binding', { name: 'staff' }, /'binding' is missing/],
    ['a binding of the server itself', { binding: 'ACCOUNT', name: 'staff' }, /server's own/],
    ['a small binding', { binding: 'login', name: 'staff' }, /such as LOGIN/],
    ['no name', { binding: 'LOGIN' }, /'name' is missing/],
    ['a name with spaces', { binding: 'LOGIN', name: 'our staff' }, /must never change/],
    ['something unknown', { binding: 'LOGIN', name: 'staff', url: 'x' }, /unknown setting/],
  ])('refuses %s with a sentence', (_what, delegate, why) => {
    expect(problem({ delegate })).toMatch(why)
  })
})
