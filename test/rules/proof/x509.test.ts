import { describe, expect, it } from 'vitest'
import { acceptedCa } from '../../../src/proof/certificate-match.ts'
import { readX509 } from '../../../src/proof/x509.ts'
import { der, hex } from '../support/der.ts'

const ascii = (text: string) => new TextEncoder().encode(text)
const none = new Uint8Array()
const seq = (...parts: readonly Uint8Array[]) => der(0x30, ...parts)
const ed25519 = hex('06032b6570')
const algorithm = seq(ed25519)
const bits = der(0x03, Uint8Array.of(0), new Uint8Array(32).fill(7))
const name = (text: string) => seq(der(0x31, seq(hex('0603550403'), der(0x0c, ascii(text)))))
const utc = (text: string) => der(0x17, ascii(text))
const general = (text: string) => der(0x18, ascii(text))
const version = (...octets: readonly number[]) => der(0xa0, der(0x02, Uint8Array.from(octets)))
const extension = (id: string, value: Uint8Array, ...critical: readonly Uint8Array[]) =>
  seq(der(0x06, hex(id)), ...critical, der(0x04, value))
const extensions = (...some: readonly Uint8Array[]) => der(0xa3, seq(...some))

const body = {
  version: version(2),
  serial: hex('020101'),
  algorithm,
  issuer: name('issuer'),
  validity: seq(utc('260102030405Z'), utc('270102030405Z')),
  subject: name('subject'),
  spki: seq(algorithm, bits),
}
type Body = { readonly [field in keyof typeof body]: Uint8Array }

/** A certificate by hand; its signature is not what is read here. */
const read = (changes: Partial<Body> = {}, ...rest: readonly Uint8Array[]) =>
  readX509(seq(seq(...Object.values({ ...body, ...changes }), ...rest), algorithm, bits))
const isRead = (...given: Parameters<typeof read>) => read(...given) !== undefined
const withExtensions = (...some: readonly Uint8Array[]) => read({}, extensions(...some))

describe('a certificate', () => {
  it('RFC 5280 4.1 is read field by field', () => {
    expect(read()).toEqual({
      issuer: [[{ oid: '2.5.4.3', text: 'issuer', der: expect.any(String) as string }]],
      subject: [[{ oid: '2.5.4.3', text: 'subject', der: expect.any(String) as string }]],
      spki: body.spki,
      notBefore: Date.parse('2026-01-02T03:04:05Z'),
      notAfter: Date.parse('2027-01-02T03:04:05Z'),
      san: { dns: [], uri: [], ip: [], email: [] },
      certificateAuthority: false,
    })
  })

  it('RFC 5280 4.1.1 is three parts, which agree on the algorithm', () => {
    const inner = seq(...Object.values(body))
    for (const other of [seq(inner, algorithm), seq(inner, algorithm, bits, bits), der(0x31, inner, algorithm, bits), seq(inner, algorithm, der(0x04, none)), seq(inner, seq(hex('06032a0304')), bits), seq(der(0x31, ...Object.values(body)), algorithm, bits)])
      expect(readX509(other)).toBeUndefined()
    const set = der(0x31, ed25519)
    expect(readX509(seq(seq(...Object.values({ ...body, algorithm: set })), set, bits))).toBeUndefined()
  }) // prettier-ignore

  it('RFC 5280 4.1.2.1 is of version 3, 2, or 1 without a word', () => {
    expect(isRead({ version: none })).toBe(true)
    expect(isRead({ version: version(1) })).toBe(true)
    for (const wrong of [version(0), version(3), version(0, 0x82), version(2, 2), der(0xa0), der(0xa0, hex('020102'), hex('020102')), der(0xa0, hex('0a0102')), der(0xa0, hex('040102'))])
      expect(isRead({ version: wrong })).toBe(false)
  }) // prettier-ignore

  it('RFC 5280 4.1.2 has every field in its place', () => {
    const wrong: readonly Partial<Body>[] = [
      { serial: none }, { serial: hex('0400') }, { algorithm: none }, { issuer: none }, { issuer: hex('0500') }, { subject: none }, { subject: der(0x31) },
      { validity: none }, { validity: seq() }, { validity: seq(utc('260102030405Z')) }, { validity: seq(utc('260102030405Z'), hex('0500')) },
      { validity: seq(hex('0500'), utc('260102030405Z')) }, { validity: der(0x31, utc('260102030405Z'), utc('270102030405Z')) },
      { spki: none }, { spki: seq(algorithm) }, { spki: seq(algorithm, bits, bits) }, { spki: seq(algorithm, der(0x04, none)) }, { spki: seq(seq(), bits) },
      { spki: seq(der(0x31, ed25519), bits) }, { spki: seq(seq(hex('0500')), bits) }, { spki: der(0x31, algorithm, bits) },
    ] // prettier-ignore
    for (const changes of wrong) expect([Object.keys(changes), isRead(changes)]).toEqual([Object.keys(changes), false]) // prettier-ignore
  })

  it('RFC 5280 4.1.2.5 has times that are in the calendar, in this century or the last', () => {
    const from = (time: Uint8Array) => {
      const found = read({ validity: seq(time, general('99991231235959Z')) })
      return found && new Date(found.notBefore).toISOString()
    }
    expect(from(utc('491231235959Z'))).toBe('2049-12-31T23:59:59.000Z')
    expect(from(utc('500101000000Z'))).toBe('1950-01-01T00:00:00.000Z')
    expect(from(general('20500228000000Z'))).toBe('2050-02-28T00:00:00.000Z')
    for (const time of [utc('260230000000Z'), utc('261301000000Z'), utc('260101240000Z'), utc('260101006000Z'), general('20230229000000Z'), hex('0500'), der(0x0c, ascii('260102030405Z'))])
      expect(from(time)).toBeUndefined()
  }) // prettier-ignore
})

describe('the extensions of a certificate', () => {
  const flag = hex('0101ff')
  const sound = extension('551d0e', hex('04020102'))

  it('RFC 5280 4.2 are a list of version 3, each once', () => {
    expect(withExtensions(sound)?.subjectKeyId).toBe('0102')
    expect(withExtensions(extension('551d0e', hex('04020102'), flag))?.subjectKeyId).toBe('0102')
    expect(withExtensions(extension('2a0304', hex('ff'), flag))).toBeDefined()
    for (const wrong of [[sound, sound], [seq(hex('0603551d0e'))], [seq(hex('0603551d0e'), hex('0500'), hex('040404020102'))], [seq(hex('0603551d0e'), flag, flag, hex('040404020102'))], [seq(hex('0500'), hex('040404020102'))], [seq(hex('0603551d0e'), hex('020101'))], [seq(hex('06032a0304'), hex('020101'))], [der(0x31, hex('0603551d0e'), hex('040404020102'))], []])
      expect(withExtensions(...wrong)).toBeUndefined()
    expect(isRead({ version: version(1) }, extensions(sound))).toBe(false)
    expect(isRead({ version: none }, extensions(sound))).toBe(false)
    expect(isRead({}, der(0xa3, der(0x31, sound)))).toBe(false)
    expect(isRead({}, der(0xa3, seq(sound), seq(sound)))).toBe(false)
    expect(isRead({}, der(0xa4, seq(sound)))).toBe(false)
  }) // prettier-ignore

  it('RFC 5280 4.1.2.8 come after the unique ids of version 2 and 3, in order', () => {
    const [issuer, subject] = [hex('810100'), hex('820100')]
    expect(isRead({ version: version(1) }, issuer, subject)).toBe(true)
    expect(isRead({}, issuer, subject, extensions(sound))).toBe(true)
    expect(isRead({}, subject, extensions(sound))).toBe(true)
    for (const wrong of [[subject, issuer], [issuer, issuer], [extensions(sound), issuer], [extensions(sound), extensions(sound)], [hex('0500')]])
      expect(isRead({}, ...wrong)).toBe(false)
    expect(isRead({ version: none }, issuer)).toBe(false)
    expect(isRead({ version: none }, subject)).toBe(false)
  }) // prettier-ignore

  const names = (...entries: readonly Uint8Array[]) =>
    withExtensions(extension('551d11', seq(...entries)))?.san

  it('RFC 5280 4.2.1.6 name mailboxes, hosts, addresses and URIs in printable ASCII', () => {
    expect(names(der(0x81, ascii('a@b')), der(0x82, ascii('c')), der(0x86, ascii('d:!~')), hex('87047f000001'))).toEqual({ email: ['a@b'], dns: ['c'], uri: ['d:!~'], ip: ['127.0.0.1'] }) // prettier-ignore
    const others = [hex('a000'), hex('a300'), hex('a400'), hex('a500'), hex('88012a')]
    for (const other of others)
      expect(names(other)).toEqual({ email: [], dns: [], uri: [], ip: [] })
    for (const tag of [0x81, 0x82, 0x86])
      for (const text of ['', ' ', 'a b', 'a\0', 'a\x7f', 'é'])
        expect([tag, text, names(der(tag, ascii(text)))]).toEqual([tag, text, undefined])
    for (const wrong of [hex('87037f0000'), hex('8900'), hex('8000'), hex('0500')])
      expect(names(wrong)).toBeUndefined()
    expect(names()).toBeUndefined()
    expect(withExtensions(extension('551d11', der(0x31, der(0x82, ascii('c')))))).toBeUndefined()
  })

  it('RFC 5280 4.2.1.12 name what the key is for', () => {
    const usages = (value: Uint8Array) => withExtensions(extension('551d25', value))?.extendedKeyUsage
    expect(usages(seq(hex('06032a0304'), ed25519))).toEqual(['1.2.3.4', '1.3.101.112'])
    for (const wrong of [seq(), seq(ed25519, hex('0500')), der(0x31, ed25519), ed25519, hex('ff')])
      expect(withExtensions(extension('551d25', wrong))).toBeUndefined()
  }) // prettier-ignore

  it('RFC 5280 4.2.1.1, 4.2.1.2 name the keys of issuer and subject', () => {
    const authority = (value: Uint8Array) => withExtensions(extension('551d23', value))
    expect(authority(seq(hex('80020a0b')))?.authorityKeyId).toBe('0a0b')
    expect(authority(seq(hex('a100'), hex('820101')))).not.toHaveProperty('authorityKeyId')
    expect(authority(seq(hex('820101'), hex('80010c')))?.authorityKeyId).toBe('0c')
    expect(authority(der(0x31, hex('80020a0b')))).toBeUndefined()
    for (const wrong of [hex('0400'), hex('0500'), hex('80020102')])
      expect(withExtensions(extension('551d0e', wrong))).toBeUndefined()
  })

  it('RFC 5280 4.2.1.9 say whether it may issue others', () => {
    const constraints = (value: Uint8Array) => withExtensions(extension('551d13', value))?.certificateAuthority
    expect(constraints(seq(flag))).toBe(true)
    expect(constraints(seq(flag, hex('020100')))).toBe(true)
    expect(constraints(seq())).toBe(false)
    const authority = seq(...Object.values(body), extensions(extension('551d13', seq(flag))))
    const accepted = acceptedCa(seq(authority, algorithm, bits))
    expect(accepted).toStrictEqual({ issuer: read()?.subject })
    expect(constraints(seq(hex('010100')))).toBe(false)
    expect(constraints(seq(hex('0201ff')))).toBe(false)
    expect(constraints(der(0x31, flag))).toBeUndefined()
  }) // prettier-ignore
})
