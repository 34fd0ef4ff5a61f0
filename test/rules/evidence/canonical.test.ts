import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../../src/evidence/canonical.ts'
import type { Json } from '../../../src/evidence/canonical.ts'
import { holds } from '../support/property.ts'

/** A double by its bits, as RFC 8785 appendix B names them. */
function double(hex: string): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(`0x${hex}`))
  return view.getFloat64(0)
}

describe('canonical JSON', () => {
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the number %s as RFC 8785 appendix B does: %s', (bits, text) => {
    expect(canonicalJson(double(bits))).toBe(text)
  })

  it.each(['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'])(
    'refuses %s, which is no number (RFC 8785 3.2.2.3)',
    (bits) => {
      expect(() => canonicalJson(double(bits))).toThrow('not finite')
      expect(() => canonicalJson({ a: [double(bits)] })).toThrow('not finite')
    },
  )

  it('writes strings and literals as the example of RFC 8785 3.2.2 does', () => {
    const value = {
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\\"\/', // prettier-ignore
      literals: [null, true, false],
    }
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  it('sorts members by UTF-16 code units, as the example of RFC 8785 3.2.3 does', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    }
    const written = [...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map(([, text]) => text)
    expect(written).toEqual([
      'Carriage Return', 'One', 'Control', 'Latin Small Letter O With Diaeresis', 'Euro Sign',
      'Emoji: Grinning Face', 'Hebrew Letter Dalet With Dagesh',
    ]) // prettier-ignore
  })

  it('does not care in which order members were given', () => {
    const value = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue())
    holds(
      fc.property(value, (one) => {
        const other = Object.fromEntries(Object.entries(one).reverse())
        expect(canonicalJson(other as Json)).toBe(canonicalJson(one as Json))
      }),
    )
  })

  it('says the same of what it wrote, and loses nothing', () => {
    holds(
      fc.property(fc.jsonValue(), (value) => {
        const once = canonicalJson(value as Json)
        expect(canonicalJson(JSON.parse(once) as Json)).toBe(once)
        expect(JSON.parse(once)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it.each([['\ud800'], ['a\udc00b'], [{ '\udbff': 1 }], [['\ud83d', 'x']]])(
    'refuses a lone surrogate: %j',
    (value) => {
      expect(() => canonicalJson(value as Json)).toThrow('a lone surrogate')
    },
  )

  it.each([[undefined], [{ a: undefined }], [[undefined]], [() => 1], [Symbol('a')], [1n]])(
    'refuses what JSON cannot hold (%#)',
    (value) => {
      expect(() => canonicalJson(value as unknown as Json)).toThrow(TypeError)
    },
  )

  it('takes a pair of surrogates as the character it is', () => {
    expect(canonicalJson('\ud83d\ude00')).toBe('"😀"')
  })
})
