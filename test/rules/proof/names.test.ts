import { describe, expect, it } from 'vitest'
import { readCertificateAuthorities } from '../../../src/proof/authorities.ts'
import { readCertificate } from '../../../src/proof/certificate.ts'
import type { ClientCertificate } from '../../../src/proof/certificate.ts'
import { acceptedIssuer, matchesSubject } from '../../../src/proof/certificate-match.ts'
import { readDer } from '../../../src/proof/der.ts'
import {
  parseDistinguishedName,
  readName,
  sameName,
} from '../../../src/proof/distinguished-name.ts'
import { createCa, tlsClientAuth } from '../../support/certificates.ts'
import { der, hex } from '../support/der.ts'

const commonName = hex('0603550403')
const unknownType = hex('06032a0304')
const ascii = (text: string) => new TextEncoder().encode(text)
const pair = (value: Uint8Array, type = commonName) => der(0x30, type, value)
const name = (...relative: readonly Uint8Array[]) => {
  const value = readDer(der(0x30, ...relative))
  if (value === undefined) throw new Error('not DER')
  return readName(value)
}
const of = (value: Uint8Array, type?: Uint8Array<ArrayBuffer>) => name(der(0x31, pair(value, type)))
const text = (tag: number, content: Uint8Array) => of(der(tag, content))?.[0]?.[0]?.text

describe('a name in a certificate', () => {
  it.each([
    ['UTF8String', 0x0c, ascii('Crédit'), 'Crédit'],
    ['NumericString', 0x12, ascii('12'), '12'],
    ['PrintableString', 0x13, ascii('Bank'), 'Bank'],
    ['IA5String', 0x16, ascii('a@b'), 'a@b'],
    ['VisibleString', 0x1a, ascii('Bank'), 'Bank'],
    ['TeletexString of ASCII', 0x14, ascii('Bank'), 'Bank'],
    ['BMPString', 0x1e, hex('004200e9'), 'Bé'],
    ['UTF8String with a mark of byte order', 0x0c, hex('efbbbf41'), '\ufeffA'],
  ])('MTLS-04 reads %s as its text', (_kind, tag, content, expected) => {
    expect(text(tag, content)).toBe(expected)
  })

  it('MTLS-04 is none where a string is not valid, and compares to the octet where its text is unknown', () => {
    for (const [tag, content] of [[0x0c, hex('ff')], [0x13, hex('80')], [0x13, hex('41c3a9')], [0x12, hex('c3a9')], [0x16, hex('c3a9')], [0x1a, hex('80')], [0x1e, hex('d800')]] as const)
      expect(of(der(tag, content))).toBeUndefined()
    const teletex = of(der(0x14, hex('e9')))
    expect(teletex?.[0]?.[0]).toEqual({ oid: '2.5.4.3', der: '1401e9' })
    expect(sameName(teletex ?? [], of(der(0x14, hex('e9'))) ?? [])).toBe(true)
    expect(sameName(teletex ?? [], of(der(0x14, hex('e8'))) ?? [])).toBe(false)
    expect(sameName(teletex ?? [], of(der(0x0c, ascii('é'))) ?? [])).toBe(false)
    const number = of(der(0x02, hex('05')), unknownType)
    expect(number?.[0]?.[0]).toEqual({ oid: '1.2.3.4', der: '020105' })
  }) // prettier-ignore

  it('RFC 5280 4.1.2.4 is a list of sets of pairs', () => {
    const value = der(0x0c, ascii('a'))
    expect(name(der(0x31, pair(value)))).toHaveLength(1)
    expect(name()).toEqual([])
    const crooked = [
      der(0x30, pair(value)), der(0x31), der(0x31, der(0x31, commonName, value)), der(0x31, der(0x30, commonName)), der(0x31, der(0x30)),
      der(0x31, der(0x30, commonName, value, value)), der(0x31, der(0x30, value, value)), der(0x31, value),
    ] // prettier-ignore
    for (const one of crooked) expect(name(one)).toBeUndefined()
    const set = readDer(der(0x31, der(0x31, pair(value))))
    expect(set && readName(set)).toBeUndefined()
  })

  it('ATK-A1-31 has at most 64 parts of 16 attributes, in a certificate and in writing', () => {
    const value = pair(der(0x0c, ascii('a')))
    const parts = (count: number) => Array.from({ length: count }, () => der(0x31, value))
    const attributes = (count: number) => der(0x31, ...Array.from({ length: count }, () => value))
    expect(name(...parts(64))).toHaveLength(64)
    expect(name(...parts(65))).toBeUndefined()
    expect(name(attributes(16))?.[0]).toHaveLength(16)
    expect(name(attributes(17))).toBeUndefined()
    const written = (count: number, joint: string) => parseDistinguishedName(Array(count).fill('CN=a').join(joint)) // prettier-ignore
    expect(written(64, ',')).toHaveLength(64)
    expect(written(65, ',')).toBeUndefined()
    expect(written(16, '+')?.[0]).toHaveLength(16)
    expect(written(17, '+')).toBeUndefined()
    const long = (length: number) => parseDistinguishedName('CN='.padEnd(length, 'a'))
    expect(long(4_096)).toHaveLength(1)
    expect(long(4_097)).toBeUndefined()
  })

  it('MTLS-04 has as many attributes as the other', () => {
    const match = (a: string, b: string) => sameName(parseDistinguishedName(a) ?? [], parseDistinguishedName(b) ?? []) // prettier-ignore
    for (const [a, b] of [['CN=a', 'CN=a+CN=b'], ['CN=a,O=b', 'CN=a'], ['O=b,CN=a', 'CN=a'], ['CN=a+CN=a', 'CN=a+CN=b']] as const) {
      expect(match(a, a)).toBe(true)
      expect(match(a, b)).toBe(false)
      expect(match(b, a)).toBe(false)
    }
  }) // prettier-ignore

  it('RFC 4514 2.4 is written with outer spaces that do not count, and escapes that do', () => {
    const value = (written: string) => parseDistinguishedName(`CN=${written}`)?.[0]?.[0]?.text
    const texts = [['a ', 'a'], ['a\\ ', 'a '], ['\\ a', ' a'], ['a\\20', 'a '], ['\\23a', '#a'], ['a\\\\b', 'a\\b'], ['', ''], ['\\c3\\a9', 'é']] as const // prettier-ignore
    for (const [written, meant] of texts) expect([written, value(written)]).toEqual([written, meant]) // prettier-ignore
    for (const crooked of ['\\', 'a\\', '\\4', '\\g0', '\\ff', '#', '#0', '#0c', '#0c01', '#0c0141x', 'a\0', '"a"', 'a;b', '<a'])
      expect([crooked, value(crooked)]).toEqual([crooked, undefined])
  }) // prettier-ignore
})

describe('a subject that was registered', () => {
  const certificate = (san: Partial<ClientCertificate['san']>) =>
    ({ subject: [], san: { dns: [], uri: [], ip: [], email: [], ...san } }) as unknown as ClientCertificate // prettier-ignore

  it('MTLS-03 is one value, and a text that is not empty', () => {
    const some = certificate({ uri: ['', 'https://tpp.example/'], dns: [''] })
    expect(matchesSubject(some, { tls_client_auth_san_uri: 'https://tpp.example/' })).toBe(true)
    for (const registered of [{}, { tls_client_auth_san_uri: '' }, { tls_client_auth_san_dns: '' }, { tls_client_auth_san_uri: 1 as unknown as string }])
      expect(matchesSubject(some, registered)).toBe(false)
  }) // prettier-ignore

  it('MTLS-02 is a mailbox among several, with a local part and a host', () => {
    const some = certificate({ email: ['other@tpp.example', 'Ops@TPP.example', '@', 'x@', '@tpp.example', 'none'], ip: ['undefined'] }) // prettier-ignore
    const match = (email: string) => matchesSubject(some, { tls_client_auth_san_email: email })
    expect(['Ops@tpp.example', 'OTHER@tpp.example', 'x@', '@', '@tpp.example', 'none', 'undefined'].map(match)).toEqual([true, false, false, false, false, false, false]) // prettier-ignore
    expect(matchesSubject(some, { tls_client_auth_san_ip: 'x' })).toBe(false)
  })
})

describe('the certificate of a request', () => {
  it('RFC 9440 2.1 is one byte sequence of at most 16 KiB', async () => {
    const { der: bytes } = await (await createCa()).issue()
    const encoded = Buffer.from(bytes).toString('base64')
    const read = async (certRFC9440: unknown) => {
      const reading = await readCertificate({ tlsClientAuth: await tlsClientAuth(bytes, { certRFC9440 }) }) // prettier-ignore
      return reading.kind === 'unusable' ? reading.reason : reading.kind
    }
    expect(await read(`:${encoded}:`)).toBe('certificate')
    const crooked = [encoded, `:${encoded}`, `${encoded}:`, ':', '::', ':x:', `:${encoded}::`, ` :${encoded}:`, `x${encoded}x`, 1, undefined] // prettier-ignore
    for (const text of crooked)
      expect([text, await read(text)]).toEqual([text, 'certificate not delivered as a byte sequence']) // prettier-ignore
    expect(await read(`:${'A'.repeat(21_844)}:`)).toBe('certificate not in DER')
    expect(await read(`:${'A'.repeat(21_848)}:`)).toBe('certificate too large')
  })
})

describe('authorities that an issuer accepts', () => {
  it('MTLS-02 are known by name, and by key where it is given', () => {
    const issuer = parseDistinguishedName('CN=CA') ?? []
    const certificate = { issuer, authorityKeyId: '0a' } as unknown as ClientCertificate
    expect(acceptedIssuer(certificate, [{ issuer }])).toBe(true)
    expect(acceptedIssuer(certificate, [{ issuer, keyId: '0a' }])).toBe(true)
    expect(acceptedIssuer(certificate, [{ issuer, keyId: '0b' }])).toBe(false)
    expect(acceptedIssuer(certificate, [])).toBe(false)
  })

  it('MTLS-02 are all CA certificates, or the text is a mistake', async () => {
    const [ca, other] = [await createCa(), await createCa({ subject: 'CN=Other CA' })]
    const leaf = await ca.issue()
    expect(readCertificateAuthorities(`${ca.pem}\n${other.pem}`)).toHaveLength(2)
    for (const pem of ['', 'x', leaf.pem, `${ca.pem}\n${leaf.pem}`])
      expect(readCertificateAuthorities(pem)).toBeUndefined()
  })
})
