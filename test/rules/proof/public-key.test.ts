import { describe, expect, it } from 'vitest'
import { addressFromOctets, canonicalAddress } from '../../../src/proof/ip-address.ts'
import { fromBase64, sameOctets } from '../../../src/proof/octets.ts'
import { publicKeyMembers } from '../../../src/proof/public-key.ts'
import { der, hex } from '../support/der.ts'

const oid = {
  ec: hex('06072a8648ce3d0201'),
  p256: hex('06082a8648ce3d030107'),
  rsa: hex('06092a864886f70d010101'),
  pss: hex('06092a864886f70d01010a'),
  ed25519: hex('06032b6570'),
}
const none = hex('0500')
const key = new Uint8Array(32).fill(7)
const point = Uint8Array.from([4, ...key, ...key])
const bits = (content: Uint8Array, unused = 0) => der(0x03, Uint8Array.of(unused), content)
const info = (algorithm: readonly Uint8Array[], content: Uint8Array) =>
  der(0x30, der(0x30, ...algorithm), content)
const read = (...given: Parameters<typeof info>) => publicKeyMembers(info(...given))

describe('the key of a certificate', () => {
  it.each([
    ['P-256', { name: 'ECDSA', namedCurve: 'P-256' }],
    ['P-384', { name: 'ECDSA', namedCurve: 'P-384' }],
    ['P-521', { name: 'ECDSA', namedCurve: 'P-521' }],
    ['RSA', { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }],
    ['Ed25519', { name: 'Ed25519' }],
  ])('MTLS-05 of %s has the members of its JWK', async (_kind, kind) => {
    const usages = ['sign', 'verify'] as const
    const { publicKey } = (await crypto.subtle.generateKey(kind, true, [...usages])) as CryptoKeyPair
    const spki = new Uint8Array((await crypto.subtle.exportKey('spki', publicKey)) as ArrayBuffer)
    const { ext: _e, key_ops: _k, alg: _a, ...members } = (await crypto.subtle.exportKey('jwk', publicKey)) as JsonWebKey
    expect(publicKeyMembers(spki)).toEqual(members)
  }) // prettier-ignore

  it('RFC 5480 2.2 is a whole point of a known curve, uncompressed', () => {
    expect(read([oid.ec, oid.p256], bits(point))).toMatchObject({ kty: 'EC', crv: 'P-256' })
    const crooked: readonly Parameters<typeof info>[] = [
      [[oid.ec], bits(point)], [[oid.ec, none], bits(point)], [[oid.ec, oid.ed25519], bits(point)], [[oid.ec, oid.p256], bits(point.slice(0, 33))],
      [[oid.ec, oid.p256], bits(Uint8Array.from([2, ...key, ...key]))], [[oid.ec, oid.p256], bits(Uint8Array.from([...point, 0]))],
      [[oid.ec, oid.p256], bits(hex(''))], [[oid.ec, oid.p256], der(0x04, point)], [[], bits(point)], [[oid.p256], bits(point)],
    ] // prettier-ignore
    for (const given of crooked) expect(read(...given)).toBeUndefined()
  })

  it('RFC 8410 4 is 32 octets of Ed25519, none of their bits unused', () => {
    expect(read([oid.ed25519], bits(key))).toMatchObject({ kty: 'OKP', crv: 'Ed25519' })
    const even = Uint8Array.from([...key.slice(1), 0x80])
    expect(read([oid.ed25519], bits(even, 7))).toBeUndefined()
    for (const length of [0, 31, 33])
      expect(read([oid.ed25519], bits(new Uint8Array(length)))).toBeUndefined()
  })

  it('RFC 8017 A.1.1, RFC 4055 1.2 is two positive numbers of RSA, for all its uses', () => {
    const [n, e] = [der(0x02, hex('00ff01')), der(0x02, hex('010001'))]
    for (const algorithm of [oid.rsa, oid.pss])
      expect(read([algorithm, none], bits(der(0x30, n, e)))).toEqual({ kty: 'RSA', n: '_wE', e: 'AQAB' }) // prettier-ignore
    const contents = [der(0x30, n), der(0x30), der(0x30, n, e, e), der(0x31, n, e), der(0x30, der(0x02, hex('ff01')), e), der(0x30, n, der(0x02, hex('80'))), der(0x30, der(0x04, hex('7f')), e), hex(''), hex('05'), n] // prettier-ignore
    for (const content of contents) expect(read([oid.rsa, none], bits(content))).toBeUndefined()
  })

  it('is none of what is no SubjectPublicKeyInfo', () => {
    for (const other of [hex(''), hex('0500'), hex('3000'), der(0x31, der(0x30, oid.ed25519), bits(key)), der(0x30, der(0x31, oid.ed25519), bits(key)), der(0x30, oid.ed25519, bits(key))])
      expect(publicKeyMembers(other)).toBeUndefined()
  }) // prettier-ignore
})

describe('an address in a certificate', () => {
  it('RFC 5952 has one text', () => {
    const same: readonly (readonly [string, string | undefined])[] = [
      ['192.0.2.7', '192.0.2.7'], ['0.0.0.0', '0.0.0.0'], ['255.255.255.255', '255.255.255.255'], ['256.0.0.1', undefined], ['1.2.3.256', undefined],
      ['999.1.1.1', undefined], ['01.2.3.4', undefined], ['1.2.3', undefined], ['1.2.3.4.5', undefined], ['x1.2.3.4', undefined], ['1.2.3.4x', undefined],
      ['2001:DB8:0::1', '2001:db8::1'], ['::', '::'], ['::ffff:1.2.3.4', '::ffff:102:304'], ['[::1]', undefined], ['::1]/x', undefined], ['::g', undefined],
      ['x::1', undefined], ['::1x', undefined], ['', undefined], ['1::2::3', undefined], ['0000:0000:0000:0000:0000:ffff:192.168.100.228', '::ffff:c0a8:64e4'],
    ] // prettier-ignore
    for (const [text, one] of same) expect([text, canonicalAddress(text)]).toEqual([text, one])
  })

  it('RFC 5280 4.2.1.6 is four octets, or sixteen', () => {
    expect(addressFromOctets(Uint8Array.of(192, 0, 2, 7))).toBe('192.0.2.7')
    expect(addressFromOctets(hex('20010db8000000000000000000000001'))).toBe('2001:db8::1')
    for (const length of [0, 3, 5, 15, 17, 32])
      expect(addressFromOctets(new Uint8Array(length))).toBeUndefined()
  })
})

describe('base64', () => {
  it('RFC 4648 4 is read from its one text', () => {
    expect(fromBase64('AQI=')).toEqual(Uint8Array.of(1, 2))
    expect(fromBase64('')).toEqual(new Uint8Array())
    for (const text of ['AQI', 'AQ==A', 'AQI==', 'A', ' AQI=', 'AQI=\n', 'AQJ=', 'AR==', 'A-_=', 'A===', '=AQI', 'AQ=I', '!!!!', 'AQ I='])
      expect([text, fromBase64(text)]).toEqual([text, undefined])
  }) // prettier-ignore

  it('compares octets whole', () => {
    expect(sameOctets(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
    expect(sameOctets(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false)
    expect(sameOctets(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
  })
})
