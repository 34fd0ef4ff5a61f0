import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDer } from '../../src/proof/der.ts'
import { parseDistinguishedName, readName, sameName } from '../../src/proof/distinguished-name.ts'
import { createSelfSigned } from '../support/certificates.ts'
import { holds } from './support/property.ts'

const matches = (a: string, b: string) => {
  const [left, right] = [parseDistinguishedName(a), parseDistinguishedName(b)]
  if (!left || !right) throw new Error('not a name')
  expect(sameName(left, right)).toBe(sameName(right, left))
  return sameName(left, right)
}

describe('MTLS-04: a distinguished name matches', () => {
  it.each([
    ['other case', 'CN=Acme Bank,O=ACME', 'cn=acme bank,o=Acme'],
    ['other spacing', 'CN=Acme Bank,O=Acme', ' CN = Acme   Bank , O=  Acme '],
    ['a dotted type', 'CN=a,O=b', '2.5.4.3=a,2.5.4.10=b'],
    ['a hexadecimal value', '2.5.4.97=PSDGB', '2.5.4.97=#0c055053444742'],
    ['hexadecimal digits of other case', '2.5.4.97=#0c014a', 'organizationIdentifier=#0C014A'],
    ['another string type', '2.5.4.97=#0c014a', '2.5.4.97=#13014a'],
    ['an escaped comma', 'O=Bank\\, Inc.', 'O=Bank\\2c Inc.'],
    ['an escape nobody needs', 'O=a\\=b', 'O=a=b'],
    ['octets of UTF-8', 'O=Cr\\c3\\a9dit', 'O=Crédit'],
    ['a decomposed accent', 'O=Cre\u0301dit', 'O=CRÉDIT'],
    ['folded letters', 'O=STRASSE ΟΔΟΣ', 'O=straße οδος'],
    ['a no-break space', 'O=A\u00a0B', 'O=a b'],
    ['escaped outer spaces', 'O=\\ A\\ ', 'O=a'],
    ['attributes of one part in another order', 'CN=a+UID=1,O=b', 'uid=1 + cn=A,o=b'],
    ['a mailbox of other case', 'emailAddress=A@B', '1.2.840.113549.1.9.1=#1603614062'],
  ])('with %s', (_what, a, b) => {
    expect(matches(a, b)).toBe(true)
  })
})

describe('MTLS-04: a distinguished name does not match', () => {
  it.each([
    ['in another order', 'CN=a,O=b', 'O=b,CN=a'],
    ['with one part less', 'CN=a,O=b', 'CN=a'],
    ['with parts joined', 'CN=a,O=b', 'CN=a+O=b'],
    ['with another attribute type', 'CN=a', 'OU=a'],
    ['with another value', 'CN=a', 'CN=b'],
    ['with a repeated attribute for two', 'CN=a+CN=a', 'CN=a+CN=b'],
    ['with spaces in a word', 'CN=ab', 'CN=a b'],
    ['with a comma that ends a part', 'CN=a\\,O=b', 'CN=a,O=b'],
    ['with a NUL inside', 'CN=a\\00b', 'CN=ab'],
    ['with an invisible character inside', 'CN=a\u200bb', 'CN=ab'],
    ['with a dotless i', 'CN=bank of ıtaly', 'CN=bank of italy'],
    ['with other case in a type without known rule', '1.2.3.4=a', '1.2.3.4=A'],
    ['with an unknown type of another encoding', '1.2.3.4=#0401aa', '1.2.3.4=#0500'],
    ['with a number for a text', 'CN=#020101', 'CN=1'],
  ])('%s', (_what, a, b) => {
    expect(matches(a, b)).toBe(false)
    expect(matches(a, a)).toBe(true)
    expect(matches(b, b)).toBe(true)
  })
})

describe('parseDistinguishedName', () => {
  it.each([
    ['an empty name', ''],
    ['blanks', '  '],
    ['a missing value sign', 'CN'],
    ['an unknown short name', 'nickname=a'],
    ['a property of every object', 'constructor=a'],
    ['a type with a leading zero', '2.5.4.03=a'],
    ['a type with one arc', '2=a'],
    ['the form of RFC 2253 with OID', 'OID.2.5.4.3=a'],
    ['quotes', 'CN="a"'],
    ['semicolons', 'CN=a;O=b'],
    ['an open comma', 'CN=a,'],
    ['a comma in front', ',CN=a'],
    ['an open plus', 'CN=a+'],
    ['the slashes of OpenSSL', '/CN=a/O=b'],
    ['an escape of nothing', 'CN=a\\'],
    ['an escape of a letter', 'CN=\\z'],
    ['octets that are not UTF-8', 'CN=\\ff'],
    ['a raw NUL', 'CN=a\0'],
    ['half a surrogate', 'CN=\ud800'],
    ['hexadecimal of odd length', 'CN=#0c0'],
    ['hexadecimal that is nothing', 'CN=#'],
    ['hexadecimal with a tail', 'CN=#0c016a00'],
    ['hexadecimal of indefinite length', 'CN=#2c800c016a0000'],
    ['hexadecimal with a padded length', 'CN=#0c81016a'],
    ['hexadecimal of a broken string', 'CN=#0c01ff'],
    ['an endless text', `CN=${'a'.repeat(5_000)}`],
    ['too many parts', Array.from({ length: 65 }, () => 'CN=a').join()],
  ])('refuses %s', (_what, text) => {
    expect(parseDistinguishedName(text)).toBeUndefined()
  })

  it('never throws, and what it accepts matches itself', () => {
    const piece = fc.constantFrom(
      'CN',
      '2.5.4.97',
      '=',
      '#',
      '0c',
      ',',
      '+',
      '\\',
      ' ',
      'é',
      '"',
      '\0',
    )
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((list) => list.join('')),
    )
    holds(
      fc.property(texts, (text) => {
        const name = parseDistinguishedName(text)
        return name === undefined || sameName(name, name)
      }),
      500,
    )
  })

  it('reads any text that is escaped by octets', () => {
    holds(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        const octets = [...new TextEncoder().encode(text)]
        const escaped = octets.map((octet) => `\\${octet.toString(16).padStart(2, '0')}`).join('')
        expect(parseDistinguishedName(`CN=${escaped}`)?.[0]?.[0]?.text).toBe(text)
      }),
    )
  })

  it('reads a long run of escapes to its end: going back over it would take for ever', () => {
    expect(parseDistinguishedName(`CN=${'\\ '.repeat(100_000)}"`)).toBeUndefined()
    expect(parseDistinguishedName(`CN=a${' '.repeat(200_000)}"`)).toBeUndefined()
    expect(parseDistinguishedName(`CN=${'\\ '.repeat(1_000)}`)?.[0]?.[0]?.text).toHaveLength(1_000)
  })
})

describe('readName', () => {
  it('reverses the order of writing', async () => {
    const { x509 } = await createSelfSigned({ subject: 'CN=tpp, OU=unit, O=Bank, C=GB' })
    const encoded = readDer(new Uint8Array(x509.subjectName.toArrayBuffer()))
    const name = encoded && readName(encoded)
    const written = parseDistinguishedName('CN=tpp,OU=unit,O=Bank,C=GB')
    const reversed = parseDistinguishedName('C=GB,O=Bank,OU=unit,CN=tpp')
    expect(name && written && sameName(name, written)).toBe(true)
    expect(name && reversed && sameName(name, reversed)).toBe(false)
  })

  it('gives an empty name that matches nothing, not even itself', () => {
    const empty = readName(readDer(new Uint8Array([0x30, 0]))!)
    expect(empty).toEqual([])
    expect(sameName(empty ?? [], [])).toBe(false)
  })
})
