import { describe, expect, it } from 'vitest'
import { judgeIdToken, mapClaims, readAmr } from '../../../src/people/upstream/id-token.ts'
import type { Demand } from '../../../src/people/upstream/id-token.ts'
import type { UpstreamLogin } from '../../../src/settings/delegated-login.ts'
import { makeIssuer } from '../support/issuer.ts'

const upstream = {
  issuer: 'https://people.example',
  client_id: 'the-bank',
  acr: { low: 'one-factor', good: 'two-factors', best: 'phishing-resistant' },
  claims: { mail: 'email', mail_ok: 'email_verified', full: 'name' },
}
const login = makeIssuer({ authentication: { upstream } }).authentication.login as UpstreamLogin

const second = 1_800_000_000
const demand = (changes: Partial<Demand> = {}): Demand => ({
  now: second * 1000,
  required: 2,
  freshAfter: 0,
  ahead: 30_000,
  behind: 10_000,
  ...changes,
})
const sound = { sub: 'ana', aud: 'the-bank', iat: second - 5, auth_time: second - 60, acr: 'good' }

const verdict = (claims: object, changes: Partial<Demand> = {}) =>
  judgeIdToken(login, { ...sound, ...claims }, demand(changes))
const at = (claims: object, changes: Partial<Demand> = {}) => {
  const answer = verdict(claims, changes)
  return answer.status === 'proof' ? answer.proof.at / 1000 - second : answer.status
}

describe('an id_token of another login', () => {
  it('becomes a proof with the level of the table, the methods and the time', () => {
    expect(verdict({ amr: ['pwd', 'otp'], azp: 'the-bank' })).toEqual({
      status: 'proof',
      subject: 'ana',
      proof: { method: 'delegated', at: (second - 60) * 1000, level: 2, amr: ['pwd', 'otp'] },
    })
    expect(verdict({ aud: ['the-bank'] }).status).toBe('proof')
  })

  it.each([
    ['best', 3, 'proof'], ['good', 3, 'weak'], ['good', 2, 'proof'], ['low', 2, 'weak'], ['low', 1, 'proof'],
    ['unknown', 1, 'weak'], ['', 1, 'weak'], ['toString', 1, 'weak'], ['__proto__', 1, 'weak'], ['Good', 2, 'weak'],
    [undefined, 1, 'weak'], [['good'], 2, 'weak'], [2, 2, 'weak'],
  ] as const)('with acr %j is for level %i: %s', (acr, required, status) => {
    expect(verdict({ acr }, { required }).status).toBe(status)
  }) // prettier-ignore

  it('is for this client alone', () => {
    for (const aud of [['the-bank', 'other'], ['other'], [], 'other', undefined, { a: 1 }]) {
      expect(verdict({ aud, azp: 'the-bank' }).status).toBe('invalid')
    }
    expect(verdict({ azp: 'other' }).status).toBe('invalid')
  })

  it('tells when the person signed in, never in the future', () => {
    expect(at({})).toBe(-60)
    expect(at({ auth_time: second + 20 })).toBe(0)
    expect(at({ auth_time: second + 31 })).toBe('invalid')
    // `iat` is no answer: the person may have been signed in there for days.
    expect(at({ auth_time: undefined })).toBe('weak')
    expect(at({ auth_time: -1 })).toBe('invalid')
    expect(at({ auth_time: Infinity })).toBe('invalid')
  })

  it('is fresh enough, give or take how far clocks may differ', () => {
    const freshAfter = (second - 100) * 1000
    expect(at({ auth_time: second - 100 }, { freshAfter })).toBe(-100)
    expect(at({ auth_time: second - 110 }, { freshAfter })).toBe(-100)
    expect(at({ auth_time: second - 111 }, { freshAfter })).toBe('weak')
    expect(at({ auth_time: undefined }, { freshAfter })).toBe('weak')
  })

  it('has methods of a sound form only', () => {
    expect(readAmr(['pwd', 7, 'a b', '', '<b>', 'x'.repeat(65), 'mfa'])).toEqual(['pwd', 'mfa'])
    expect(readAmr('pwd')).toEqual([])
    expect(readAmr(Array.from({ length: 40 }, () => 'pwd'))).toHaveLength(16)
  })
})

describe('claims of another login', () => {
  it('fill ours by the table, the id_token before userinfo', () => {
    const idToken = { mail: 'a@x.example', birthdate: '1990-01-01' }
    const userinfo = { mail: 'b@x.example', mail_ok: true, full: 'Ana' }
    expect(mapClaims(login, idToken, userinfo)).toEqual({
      email: 'a@x.example',
      email_verified: true,
      name: 'Ana',
    })
  })

  it('are left out where they have another shape', () => {
    const odd = { mail: 7, mail_ok: 'true', full: 'n'.repeat(2_000) }
    expect(mapClaims(login, odd)).toEqual({})
    expect(mapClaims(login, { full: { a: 'b' }, mail: null })).toEqual({})
  })
})
