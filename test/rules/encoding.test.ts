import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  concat,
  digest,
  fromBase64Url,
  fromHex,
  isBase64Url,
  isRecord,
  parseJson,
  randomText,
  sameText,
  toBase64Url,
  toHex,
  tuple,
} from '../../src/encoding.ts'
import { anyText, holds } from './support/property.ts'

describe('base64url', () => {
  it('writes what others write, without padding', () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
        expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes)
      }),
    )
  })

  it.each(['A', 'AAAAA', 'AA==', 'AAA=', 'A A', 'AA\n', ' AA', 'AA+A', 'AA/A', 'AAé', 'AA.A', '=', '\0'])(
    'reads no %j',
    (text) => {
      expect(fromBase64Url(text)).toBeUndefined()
    },
  ) // prettier-ignore

  it('is told from other text as reading it tells', () => {
    const alphabet = fc.constantFrom('A', 'B', 'P', '_', '-', '=', ' ', '+', '\n')
    holds(
      fc.property(fc.oneof(fc.string({ unit: alphabet, maxLength: 9 }), anyText(12)), (text) => {
        expect(isBase64Url(text)).toBe(fromBase64Url(text) !== undefined)
      }),
    )
  })

  it('reads one text for the same bytes only', () => {
    expect(fromBase64Url('AA')).toEqual(Uint8Array.of(0))
    for (const other of ['AB', 'AC', 'AP', 'A_']) expect(fromBase64Url(other)).toBeUndefined()
    expect(fromBase64Url('AAA')).toEqual(Uint8Array.of(0, 0))
    for (const other of ['AAB', 'AAC', 'AAD']) expect(fromBase64Url(other)).toBeUndefined()
    holds(
      fc.property(anyText(60), (text) => {
        const bytes = fromBase64Url(text)
        return bytes === undefined || toBase64Url(bytes) === text
      }),
    )
  })
})

describe('tuple', () => {
  it('begins each part with its length in bytes', () => {
    expect(tuple('bank', 'client', 'app')).toBe('4:bank6:client3:app')
    expect(tuple('é', '')).toBe('2:é0:')
    expect(tuple()).toBe('')
  })

  it.each([
    [['a', 'b'], ['ab']],
    [
      ['a', 'b'],
      ['a', 'b', ''],
    ],
    [['1:a'], ['a']],
    [['a1:b'], ['a', 'b']],
    [
      ['', 'a'],
      ['a', ''],
    ],
    [['0:'], ['', '']],
  ])('gives %j and %j different names', (one, other) => {
    expect(tuple(...one)).not.toBe(tuple(...other))
  })

  it('never gives different lists the same name', () => {
    const part = fc.oneof(fc.string({ unit: fc.constantFrom('0', '1', '2', ':', 'a', 'é'), maxLength: 5 }), fc.string({ maxLength: 12 })) // prettier-ignore
    const list = fc.array(part, { maxLength: 4 })
    holds(
      fc.property(list, list, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other)
        return (tuple(...one) === tuple(...other)) === same
      }),
      2_000,
    )
  })

  it('can be read back, part for part', () => {
    const read = (name: string): string[] => {
      const parts: string[] = []
      let rest = Buffer.from(name)
      while (rest.length > 0) {
        const at = rest.indexOf(':')
        const length = Number(rest.subarray(0, at))
        parts.push(rest.subarray(at + 1, at + 1 + length).toString())
        rest = rest.subarray(at + 1 + length)
      }
      return parts
    }
    const part = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .filter((text) => text.isWellFormed())
    holds(
      fc.property(fc.array(part), (parts) => {
        expect(read(tuple(...parts))).toEqual(parts)
      }),
    )
  })
})

describe('small things', () => {
  it('hex is the inverse of itself', () => {
    holds(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'))
        expect(fromHex(toHex(bytes))).toEqual(bytes)
      }),
    )
  })

  it('concat keeps order and length', () => {
    holds(
      fc.property(fc.array(fc.uint8Array()), (parts) => {
        expect(concat(...parts)).toEqual(new Uint8Array(Buffer.concat(parts)))
      }),
    )
  })

  it('sameText is equality', () => {
    holds(
      fc.property(anyText(20), anyText(20), (one, other) => {
        expect(sameText(one, other)).toBe(one === other)
        expect(sameText(one, `${one}`)).toBe(true)
        expect(sameText(`${one}a`, `${one}b`)).toBe(false)
      }),
    )
  })

  it('digest is base64url of SHA-256', async () => {
    const expected = createHash('sha256').update('é').digest('base64url')
    expect(await digest('é')).toBe(expected)
    expect(await digest(Buffer.from('é'))).toBe(expected)
  })

  it('SP-CR-06 random texts have the bits they were asked for and never repeat', () => {
    const texts = Array.from({ length: 1_000 }, () => randomText(16))
    expect(new Set(texts).size).toBe(1_000)
    expect(texts.every((text) => fromBase64Url(text)?.length === 16)).toBe(true)
  })

  it('isRecord knows objects from the rest', () => {
    for (const value of [{}, { a: 1 }, Object.create(null)]) expect(isRecord(value)).toBe(true)
    for (const value of [null, undefined, [], '', 1, () => 1]) expect(isRecord(value)).toBe(false)
  })

  it('parseJson gives undefined instead of throwing', () => {
    expect(parseJson('{"a":1}')).toEqual({ a: 1 })
    for (const text of ['', '{', 'undefined', 'NaN', "{'a':1}", '{}{}', '\ufeff{}']) {
      expect(parseJson(text)).toBeUndefined()
    }
  })
})
