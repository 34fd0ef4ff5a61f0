import { describe, expect, it } from 'vitest'
import { state } from '../../../src/authorization/rules/state.ts'
import { pushed, refusalOf, valueOf } from '../support/issuer.ts'

describe('state', () => {
  it.each([1, 10, 128, 1000, 2048])('SP-AS-38 keeps %i characters whole', (length) => {
    const value = '-._~aZ09'.repeat(256).slice(0, length)
    expect(valueOf(state(pushed({ state: value }))).state).toBe(value)
  })

  it('SP-AS-38 refuses a longer one instead of cutting it', () => {
    expect(refusalOf(state, { state: 's'.repeat(2049) })).toBe('invalid_request')
  })

  it('keeps every printable ASCII character (RFC 6749 A.5)', () => {
    const value = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')
    expect(valueOf(state(pushed({ state: value }))).state).toBe(value)
  })

  it.each(['a\r\nb', 'a\tb', 'ä', 'a\u0000', '\u2028', '\ud83d\ude00'])(
    'ATK-A1-23 refuses the characters of %j',
    (value) => {
      expect(refusalOf(state, { state: value })).toBe('invalid_request')
    },
  )

  it('contributes nothing when it was not pushed', () => {
    expect(state(pushed({}))).toEqual({ ok: true, value: {} })
  })
})
