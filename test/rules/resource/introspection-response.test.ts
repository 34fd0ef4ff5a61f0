import { describe, expect, it } from 'vitest'
import { verifyIntrospectionResponse } from '../../../src/resource/introspection-response.ts'
import type { IntrospectionExpectation } from '../../../src/resource/introspection-response.ts'
import { codeOf, valueOf } from '../support/issuer.ts'
import { makeKey, sign } from '../support/keys.ts'

const [key, stranger] = [await makeKey(), await makeKey()]
const now = 1_800_000_000
const issuer = 'https://as.bank.example'
const asked: unknown[] = []

const expected: IntrospectionExpectation = {
  issuer,
  audience: 'resource-server',
  algorithms: ['ES256', 'PS256'],
  keys: (kid) => {
    asked.push(kid)
    return Promise.resolve(kid === 'k' ? { key: key.publicKey, alg: 'ES256' } : undefined)
  },
  now: now * 1000,
}

const header = { alg: 'ES256', kid: 'k', typ: 'token-introspection+jwt' }
const told = { active: true, scope: 'accounts' }
const claims = { iss: issuer, aud: 'resource-server', iat: now, token_introspection: told }

const verify = async (
  changes: { readonly header?: object; readonly claims?: object } = {},
  by = key,
) =>
  verifyIntrospectionResponse(
    await sign(by, { ...header, ...changes.header }, { ...claims, ...changes.claims }),
    expected,
  )

describe('a signed introspection answer', () => {
  it('MS-INT-09 is believed when everything about it is right', async () => {
    expect(valueOf(await verify())).toEqual(told)
    expect(valueOf(await verify({ header: { typ: 'application/Token-Introspection+JWT' } }))).toEqual(told) // prettier-ignore
    expect(valueOf(await verify({ claims: { aud: ['x', 'resource-server'] } }))).toEqual(told)
    expect(valueOf(await verify({ claims: { iat: now - 59 } }))).toEqual(told)
  })

  it.each<[string, { header?: object; claims?: object }]>([
    ['no typ', { header: { typ: undefined } }],
    ['the typ of an access token', { header: { typ: 'at+jwt' } }],
    ['the typ of any JWT', { header: { typ: 'JWT' } }],
    ['an alg that is not on the list', { header: { alg: 'RS256' } }],
    ['the alg none', { header: { alg: 'none' } }],
    ['the alg of another key', { header: { alg: 'PS256' } }],
    ['an unknown key', { header: { kid: 'other' } }],
    ['no key', { header: { kid: undefined } }],
    ['critical headers', { header: { crit: ['exp'], exp: 1 } }],
    ['another issuer', { claims: { iss: 'https://other.example' } }],
    ['no issuer', { claims: { iss: undefined } }],
    ['another audience', { claims: { aud: 'another-server' } }],
    ['no audience', { claims: { aud: undefined } }],
    ['an iat of a minute ago', { claims: { iat: now - 60 } }],
    ['an iat in the future', { claims: { iat: now + 31 } }],
    ['no iat', { claims: { iat: undefined } }],
    ['an iat that is no number', { claims: { iat: String(now) } }],
    ['nothing to say', { claims: { token_introspection: undefined } }],
    ['a text in place of an object', { claims: { token_introspection: 'active' } }],
    ['active outside', { claims: { token_introspection: {}, active: true } }],
    ['an active that is no boolean', { claims: { token_introspection: { active: 'true' } } }],
  ])('MS-INT-09 is refused with %s', async (_, changes) => {
    expect(codeOf(await verify(changes))).toBe('invalid_token')
  })

  it('MS-INT-09 is refused when somebody else signed it, or nobody, or it was changed', async () => {
    expect(codeOf(await verify({}, stranger))).toBe('invalid_token')
    const jws = await sign(key, header, claims)
    const [head, , signature] = jws.split('.')
    const other = Buffer.from(JSON.stringify({ ...claims, sub: 'x' })).toString('base64url')
    for (const text of [`${head}.${other}.${signature}`, `${head}.${other}.`, '', 'x', '{"active":true}', `${jws}.x`]) {
      expect(codeOf(await verifyIntrospectionResponse(text, expected))).toBe('invalid_token')
    } // prettier-ignore
  })

  it('MS-INT-09 asks for no key before it knows whose word it is', async () => {
    asked.length = 0
    await verify({ claims: { iss: 'https://other.example' } })
    await verify({ header: { alg: 'RS256' } })
    expect(asked).toEqual([])
    await verify()
    expect(asked).toEqual(['k'])
  })
})
