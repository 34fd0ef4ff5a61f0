import { describe, expect, it } from 'vitest'
import { fromBase64Url, fromHex, randomBytes, toBase64Url, toHex } from '../../src/encoding.ts'

/** Here base64url is the platform's own; the same rules hold on Node in test/rules/encoding.test.ts. */
describe('base64url on workerd', () => {
  it('is native', () => {
    expect('fromBase64' in Uint8Array).toBe(true)
    expect('toBase64' in Uint8Array.prototype).toBe(true)
  })

  it('reads back what it wrote, without padding', () => {
    for (let length = 0; length < 100; length += 1) {
      const bytes = randomBytes(length)
      const text = toBase64Url(bytes)
      expect(text).toMatch(/^[A-Za-z0-9_-]*$/)
      expect(fromBase64Url(text)).toEqual(bytes)
    }
  })

  it('reads hex back, in small and in capital letters', () => {
    const bytes = randomBytes(32)
    expect(fromHex(toHex(bytes))).toEqual(bytes)
    expect(fromHex(toHex(bytes).toUpperCase())).toEqual(bytes)
    expect(fromHex('')).toEqual(new Uint8Array())
  })

  it('reads one text for the same bytes only', () => {
    expect(fromBase64Url('AA')).toEqual(Uint8Array.of(0))
    const others = [
      'AB',
      'A_',
      'AAB',
      'A',
      'AAAAA',
      'AA==',
      'AAA=',
      'A A',
      'AA\n',
      ' AA',
      'AA+A',
      'AA/A',
    ]
    for (const other of others) expect(fromBase64Url(other), other).toBeUndefined()
  })
})
