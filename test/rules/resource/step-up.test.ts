import { describe, expect, it } from 'vitest'
import { judgeAuthentication } from '../../../src/resource/step-up.ts'
import type { AuthenticationNeed } from '../../../src/resource/step-up.ts'
import { codeOf } from '../support/issuer.ts'

const now = 1_800_000_000_000
const seconds = now / 1000
const refused = 'insufficient_user_authentication'

const judge = (claims: Readonly<Record<string, unknown>>, needed: AuthenticationNeed) =>
  codeOf(judgeAuthentication({ claims }, needed, now))

describe('the authentication behind a token', () => {
  it('RFC 9470 3 satisfies with any of the levels, compared as texts', () => {
    const needed = { acrValues: ['urn:two', 'urn:three'] }
    expect(judge({ acr: 'urn:two' }, needed)).toBeUndefined()
    expect(judge({ acr: 'urn:three' }, needed)).toBeUndefined()
    for (const acr of ['urn:one', 'URN:TWO', 'urn:two urn:three', '', undefined, null, 2, ['urn:two']]) {
      expect([acr, judge({ acr }, needed)]).toEqual([acr, refused])
    }
  }) // prettier-ignore

  it('RFC 9470 3 satisfies to the last second of its age and not after', () => {
    const needed = { maxAge: 300 }
    expect(judge({ auth_time: seconds - 300 }, needed)).toBeUndefined()
    expect(judge({ auth_time: seconds - 301 }, needed)).toBe(refused)
    expect(judge({ auth_time: seconds }, { maxAge: 0 })).toBeUndefined()
    expect(judge({ auth_time: seconds - 1 }, { maxAge: 0 })).toBe(refused)
    for (const auth_time of [undefined, null, String(seconds), NaN]) {
      expect([auth_time, judge({ auth_time }, needed)]).toEqual([auth_time, refused])
    }
  })

  it('RFC 9470 3 needs both where both are asked for', () => {
    const needed = { acrValues: ['urn:two'], maxAge: 300 }
    expect(judge({ acr: 'urn:two', auth_time: seconds - 10 }, needed)).toBeUndefined()
    expect(judge({ acr: 'urn:one', auth_time: seconds - 10 }, needed)).toBe(refused)
    expect(judge({ acr: 'urn:two', auth_time: seconds - 900 }, needed)).toBe(refused)
  })

  it('does not matter where nothing is asked for, a client of its own included', () => {
    expect(judge({}, {})).toBeUndefined()
    expect(judge({}, { acrValues: [] })).toBe(refused)
  })
})
