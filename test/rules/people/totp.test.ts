import fc from 'fast-check'
import { Secret, TOTP } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { base32, codeAt, fromBase32, keyUri, stepAt } from '../../../src/people/totp.ts'
import { holds } from '../support/property.ts'

const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 })
const wrapped = (secret: Uint8Array) => new Secret({ buffer: Uint8Array.from(secret).buffer })

describe('one-time codes', () => {
  it.each([
    [1, '287082'], [37037036, '081804'], [37037037, '050471'], [41152263, '005924'], [66666666, '279037'], [666666666, '353130'],
  ])('are those of RFC 6238, appendix B, for step %d', (step, code) => {
    expect(codeAt(new TextEncoder().encode('12345678901234567890'), step)).toBe(code)
  }) // prettier-ignore

  it('are what an authenticator shows, for any secret at any time', () => {
    holds(fc.property(bytes, fc.nat({ max: 4_102_444_800_000 }), (secret, now) => {
      const app = new TOTP({ secret: wrapped(secret), algorithm: 'SHA1', digits: 6, period: 30 })
      expect(codeAt(secret, stepAt(now))).toBe(app.generate({ timestamp: now }))
    })) // prettier-ignore
  })

  it('have secrets in base32 as others write and read them', () => {
    holds(fc.property(bytes, (secret) => {
      const text = base32(secret)
      expect(text).toBe(wrapped(secret).base32)
      expect([...fromBase32(text)]).toEqual([...secret])
      expect([...fromBase32(`${text.toLowerCase()}===`)]).toEqual([...secret])
    })) // prettier-ignore
    for (const wrong of ['A1', 'A B', 'Ä', '0']) expect(() => fromBase32(wrong)).toThrow(TypeError)
  })

  it('are enrolled by a picture that others can read', () => {
    const whose = { issuer: 'Bank: Bär & Söhne', username: 'ana/+?@example' }
    const known = new TOTP({ secret: Secret.fromBase32('JBSWY3DPEHPK3PXP'), issuer: whose.issuer, label: whose.username }) // prettier-ignore
    expect(keyUri('JBSWY3DPEHPK3PXP', whose)).toBe(known.toString())
  })
})
