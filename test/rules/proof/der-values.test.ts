import { describe, expect, it } from 'vitest'
import { readDer } from '../../../src/proof/der.ts'
import { der, hex } from '../support/der.ts'

const ascii = (text: string) => new TextEncoder().encode(text)
const fill = (length: number) => new Uint8Array(length).fill(0x41)
const reads = (bytes: Uint8Array) => readDer(bytes) !== undefined

describe('a value of DER', () => {
  it.each([
    ['true and false', ['0101ff', '010100'], ['010101', '01017f', '0100', '01020000', '0102ffff']],
    ['the shortest of a number', ['020100', '02017f', '020180', '02020080', '0202ff7f', '02020100', '0203008000'], ['0200', '02020000', '0202007f', '0202ff80', '0202ffff']],
    ['bits, of which none unused is set', ['030100', '03020080', '03020780', '030204f0', '03020100'], ['0300', '030101', '030107', '030108', '03020880', '03020781', '03020401', '030203ff', '0303018001']],
    ['nothing', ['0500'], ['050100']],
    ['an identifier whose arcs are the shortest', ['06012a', '06032a0304', '06022a00', '06038180 00'.replace(' ', '')], ['0600', '060180', '06028001', '06032a8001', '060181', '06022a81']],
    ['strings as they are', ['0c0141', '0400', '120131', '130141', '140141', '160141', '1a0141', '0c00'], ['2c030c0141', '2403040141', '330131']],
    ['four octets a character of UniversalString, two of BMPString', ['1c0400000041', '1c00', '1e020041', '1e00', '1e0400410042'], ['1c0141', '1c03414141', '1c024141', '1e0141', '1e03004100']],
    ['lists and sets of values', ['3000', '3100', '3003020100', '310302010a'], ['30020201', '3001', '300102', '3003020180'.slice(0, 8)]],
    ['what is another’s to read', ['800141', 'a003020100', '4000', 'c00141'], ['a0020201']],
    ['no other universal type', [], ['0a0100', '1f0100', '3f0100', '9f0100', '090100', '1b0141', '1d0141', '0000', '100100'.slice(0, 4)]],
  ])('X.690 11 is %s', (_what, sound, crooked) => {
    for (const text of sound) expect([text, reads(hex(text))]).toEqual([text, true])
    for (const text of crooked) expect([text, reads(hex(text))]).toEqual([text, false])
  }) // prettier-ignore

  it('X.690 11.7, 11.8 is a time to the second, in UTC', () => {
    const times = (tag: number, ...texts: readonly string[]) =>
      texts.map((text) => reads(der(tag, ascii(text))))
    expect(times(0x17, '260102030405Z')).toEqual([true])
    expect(times(0x18, '20260102030405Z')).toEqual([true])
    const wrong = ['2601020304Z', '260102030405', 'x260102030405Z', '0260102030405Z', '260102030405Zx', '260102030405+0100', '26010203040xZ'] // prettier-ignore
    expect(times(0x17, ...wrong)).toEqual(wrong.map(() => false))
    const general = ['202601020304Z', '20260102030405', '20260102030405.5Z', '020260102030405Z', '20260102030405ZZ', '2026010203040xZ'] // prettier-ignore
    expect(times(0x18, ...general)).toEqual(general.map(() => false))
  })

  it('X.690 10.1 has the fewest octets of length', () => {
    for (const length of [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x3000]) {
      const value = readDer(der(0x04, fill(length)))
      expect([length, value?.content.length]).toEqual([length, length])
    }
    const padded = ['04810141', '0481 7f'.replace(' ', '') + '41'.repeat(0x7f), '04820080' + '41'.repeat(0x80), '048200ff' + '41'.repeat(0xff), '0483000100' + '41'.repeat(0x100), '048400000001 41'.replace(' ', '')] // prettier-ignore
    for (const text of padded) expect(reads(hex(text))).toBe(false)
    for (const text of [
      '',
      '04',
      '0401',
      '040241',
      '04024141 41'.replace(' ', ''),
      '0480',
      '04800000',
      '3080020100 0000'.replace(' ', ''),
    ])
      // prettier-ignore
      expect([text, reads(hex(text))]).toEqual([text, false])
  })

  it('takes 16 KiB and no more', () => {
    expect(reads(der(0x04, fill(16_384 - 4)))).toBe(true)
    expect(reads(der(0x04, fill(16_384 - 3)))).toBe(false)
  })

  it('takes 4000 values and no more', () => {
    const many = (count: number) => der(0x30, ...Array.from({ length: count }, () => hex('0500')))
    expect(reads(many(3_999))).toBe(true)
    expect(reads(many(4_000))).toBe(false)
  })

  it('X.690 8.19 tells an identifier in dots; none is longer than 64 octets', () => {
    const dots: readonly (readonly [string, string])[] = [
      ['2a0304', '1.2.3.4'], ['00', '0.0'], ['27', '0.39'], ['28', '1.0'], ['4f', '1.39'], ['50', '2.0'], ['8837', '2.999'],
      ['2a864886f70d010101', '1.2.840.113549.1.1.1'], ['550403', '2.5.4.3'],
    ] // prettier-ignore
    for (const [octets, text] of dots) expect(readDer(der(0x06, hex(octets)))?.oid).toBe(text)
    expect(readDer(hex('0500'))?.oid).toBeUndefined()
    expect(reads(der(0x06, fill(64)))).toBe(true)
    expect(reads(der(0x06, fill(65)))).toBe(false)
  })
})
