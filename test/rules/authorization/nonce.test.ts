import { describe, expect, it } from 'vitest'
import { nonce } from '../../../src/authorization/rules/nonce.ts'
import { pushed, refusalOf, valueOf } from '../support/issuer.ts'

describe('nonce', () => {
  it.each([1, 10, 43, 64, 384, 512])('SP-AS-33 keeps %i characters whole', (length) => {
    const value = '-._~aZ09'.repeat(64).slice(0, length)
    expect(valueOf(nonce(pushed({ nonce: value }))).nonce).toBe(value)
  })

  it('SP-AS-33 refuses a longer one instead of cutting it', () => {
    expect(refusalOf(nonce, { nonce: 'n'.repeat(513) })).toBe('invalid_request')
  })

  it('SP-AS-33 contributes nothing when it was not pushed', () => {
    expect(nonce(pushed({}))).toEqual({ ok: true, value: {} })
  })
})
