import { describe, expect, it } from 'vitest'
import { pkce } from '../../../src/authorization/rules/pkce.ts'
import { pushed, refusalOf } from '../support/issuer.ts'

/** RFC 7636 appendix B. */
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
const s256 = (code_challenge: string) => ({ code_challenge, code_challenge_method: 'S256' })

describe('code_challenge', () => {
  it('SP-AS-24 accepts a challenge of S256', () => {
    const answer = pkce(pushed(s256(challenge)))
    expect(answer).toEqual({ ok: true, value: { codeChallenge: challenge } })
  })

  it('SP-AS-24 ATK-A1-02 refuses a request without challenge', () => {
    expect(refusalOf(pkce, {})).toBe('invalid_request')
    expect(refusalOf(pkce, { code_challenge_method: 'S256' })).toBe('invalid_request')
  })

  it.each(['plain', 's256', 'S256 ', 'S512', 'none', 'S256 plain'])(
    'SP-AS-24 ATK-A1-02 refuses the method %j',
    (method) => {
      const values = { code_challenge: challenge, code_challenge_method: method }
      expect(refusalOf(pkce, values)).toBe('invalid_request')
    },
  )

  it('SP-AS-24 refuses an omitted method, which would mean plain', () => {
    expect(refusalOf(pkce, { code_challenge: challenge })).toBe('invalid_request')
  })

  it.each([
    ['shorter', challenge.slice(1)],
    ['longer', `${challenge}A`],
    ['padded', `${challenge}=`],
    ['base64 instead of base64url', challenge.replace('-', '+')],
    ['not canonical', `${challenge.slice(0, -1)}N`],
    ['with a line break', `${challenge}\n`],
    ['of a verifier, not its hash', 'a'.repeat(64)],
    ['of another alphabet', 'é'.repeat(43)],
  ])('SP-AS-24 refuses a challenge that is %s', (_what, value) => {
    expect(refusalOf(pkce, s256(value))).toBe('invalid_request')
  })
})
