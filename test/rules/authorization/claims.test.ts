import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claims } from '../../../src/authorization/rules/claims.ts'
import { pushed, refusalOf, valueOf } from '../support/issuer.ts'
import { anyText, holds } from '../support/property.ts'

const ask = (value: unknown) => valueOf(claims(pushed({ claims: JSON.stringify(value) })))
const named = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`c${i}`, null]))

describe('claims', () => {
  it('OIDC Core 5.5 keeps the names by destination, unknown names included', () => {
    const { claims: asked } = ask({
      id_token: { auth_time: { essential: true }, 'https://x.example/y': null },
      userinfo: { email: null, nonsense: { value: 1 } },
      elsewhere: { ignored: null },
    })
    expect(asked).toEqual({
      idToken: ['auth_time', 'https://x.example/y'],
      userinfo: ['email', 'nonsense'],
    })
  })

  it('asks for nothing when it was not pushed or is empty', () => {
    const nothing = { claims: { idToken: [], userinfo: [] }, essentialAcr: [] }
    expect(valueOf(claims(pushed({})))).toEqual(nothing)
    expect(ask({})).toEqual(nothing)
    expect(ask({ id_token: null, userinfo: null })).toEqual(nothing)
  })

  it.each([
    'x', '', '{', '[]', 'null', '1', '"a"', '{"id_token":1}', '{"id_token":[]}', '{"userinfo":"email"}',
    "{'id_token':{}}", '{"id_token":{}}x', '{"id_token":{"a":NaN}}', '[{"id_token":{}}]',
  ])('ATK-A1-34 refuses %j', (text) => {
    expect(refusalOf(claims, { claims: text })).toBe('invalid_request')
  }) // prettier-ignore

  it('ATK-A1-31 takes 64 names for each destination and refuses one more', () => {
    expect(ask({ id_token: named(64), userinfo: named(64) }).claims?.idToken).toHaveLength(64)
    for (const member of ['id_token', 'userinfo']) {
      const text = JSON.stringify({ [member]: named(65) })
      expect(refusalOf(claims, { claims: text })).toBe('invalid_request')
    }
  })

  it('ATK-A1-31 takes a name of 256 characters and refuses one more', () => {
    for (const member of ['id_token', 'userinfo']) {
      const text = (length: number) => JSON.stringify({ [member]: { ['n'.repeat(length)]: null } })
      expect(refusalOf(claims, { claims: text(256) })).toBeUndefined()
      expect(refusalOf(claims, { claims: text(257) })).toBe('invalid_request')
    }
  })

  it('ATK-A1-31 survives a value nested ten thousand deep', () => {
    const text = `{"id_token":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
    expect(refusalOf(claims, { claims: text })).toBe('invalid_request')
  })

  it('ATK-A1-34 takes __proto__ for a name like any other', () => {
    const text = '{"__proto__":{"id_token":{"a":null}},"userinfo":{"__proto__":{"b":1}}}'
    expect(valueOf(claims(pushed({ claims: text })))).toEqual({
      claims: { idToken: [], userinfo: ['__proto__'] },
      essentialAcr: [],
    })
    expect(Object.prototype).not.toHaveProperty('id_token')
  })
})

describe('an acr in claims', () => {
  it('OIDC Core 5.5.1.1 is a demand when it is essential', () => {
    expect(
      ask({ id_token: { acr: { essential: true, values: ['a', 'b'] } } }).essentialAcr,
    ).toEqual(['a', 'b'])
    expect(ask({ id_token: { acr: { essential: true, value: 'a' } } }).essentialAcr).toEqual(['a'])
  })

  it.each([
    null, true, 'a', { values: ['a'] }, { essential: false, values: ['a'] }, { essential: 'true', values: ['a'] },
    { essential: true }, { essential: true, values: [] },
  ])('OIDC Core 5.5.1.1 is a wish when it is %j', (acr) => {
    expect(ask({ id_token: { acr } }).essentialAcr).toEqual([])
  }) // prettier-ignore

  it('OIDC Core 5.5.1.1 is refused when it is essential and no value is a text', () => {
    const refused = (acr: object) =>
      refusalOf(claims, { claims: JSON.stringify({ id_token: { acr } }) })
    for (const given of [{ value: 1 }, { value: null }, { values: [1, null, {}] }, { values: 2 }]) {
      expect([given, refused({ essential: true, ...given })]).toEqual([given, 'invalid_request'])
      expect(refused(given)).toBeUndefined()
    }
    const mixed = { id_token: { acr: { essential: true, values: [1, 'a'] } } }
    expect(ask(mixed).essentialAcr).toEqual(['a'])
    const many = Array.from({ length: 20 }, (_, at) => `a${at}`)
    const asked = { id_token: { acr: { essential: true, values: many } } }
    expect(ask(asked).essentialAcr).toEqual(many.slice(0, 16))
  })

  it('is no demand among the claims for userinfo', () => {
    expect(ask({ userinfo: { acr: { essential: true, value: 'a' } } }).essentialAcr).toEqual([])
  })
})

describe('a sub in claims', () => {
  const refused = (sub: unknown) =>
    refusalOf(claims, { claims: JSON.stringify({ id_token: { sub } }) })

  it('OIDC Core 5.5.1 with a value names who may sign in', () => {
    expect(ask({ id_token: { sub: { value: 'sub-alice' } } }).subjects).toEqual(['sub-alice'])
    expect(ask({ id_token: { sub: { values: ['a', 'b'] } } }).subjects).toEqual(['a', 'b'])
    const most = Array.from({ length: 16 }, (_, at) => `s${at}`)
    expect(ask({ id_token: { sub: { values: most } } }).subjects).toEqual(most)
  })

  it.each([null, {}, { essential: true }, 'sub-alice', ['sub-alice']])(
    'lets anybody sign in when it is %j',
    (sub) => {
      expect(refused(sub)).toBeUndefined()
      expect(ask({ id_token: { sub } })).not.toHaveProperty('subjects')
    },
  )

  it.each([
    { value: 1 },
    { value: null },
    { values: [] },
    { values: ['a', 1] },
    { values: {} },
    { values: Array.from({ length: 17 }, (_, i) => `s${i}`) },
  ])('ATK-A1-34 is refused when it is %j', (sub) => {
    expect(refused(sub)).toBe('invalid_request')
  })

  it('says nothing about who signs in among the claims for userinfo', () => {
    expect(ask({ userinfo: { sub: { value: 'a' } } })).not.toHaveProperty('subjects')
  })
})

describe('any text as claims', () => {
  it('never throws, and what it accepts is names only', () => {
    const json = fc.oneof(fc.json(), fc.record({ id_token: fc.jsonValue(), userinfo: fc.jsonValue() }).map((v) => JSON.stringify(v))) // prettier-ignore
    holds(
      fc.property(fc.oneof(anyText(), json), (text) => {
        const answer = claims(pushed({ claims: text }))
        if (!answer.ok) return answer.refusal.code === 'invalid_request'
        const { claims: asked, essentialAcr } = answer.value
        const names = [
          ...(asked?.idToken ?? []),
          ...(asked?.userinfo ?? []),
          ...(essentialAcr ?? []),
        ]
        return (
          names.length <= 128 + (essentialAcr?.length ?? 0) &&
          names.every((n) => typeof n === 'string')
        )
      }),
    )
  })
})
