import { isoCBOR } from '@simplewebauthn/server/helpers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAuthenticatorData } from '../../../src/people/webauthn/authenticator-data.ts'
import { readCbor } from '../../../src/people/webauthn/cbor.ts'
import { readCoseKey } from '../../../src/people/webauthn/cose-key.ts'
import { encode } from '../../support/authenticator.ts'
import { holds } from '../support/property.ts'

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('CBOR from an authenticator', () => {
  // RFC 8949 appendix A.
  it.each([
    ['00', 0], ['17', 23], ['18 18', 24], ['19 03e8', 1000], ['1a 000f4240', 1_000_000],
    ['20', -1], ['29', -10], ['38 63', -100], ['39 03e7', -1000], ['f4', false], ['f5', true], ['f6', null],
    ['60', ''], ['64 49455446', 'IETF'], ['62 c3bc', 'ü'], ['44 01020304', hex('01020304')],
    ['80', []], ['83 01 02 03', [1, 2, 3]], ['a2 01 02 03 04', new Map([[1, 2], [3, 4]])],
  ] as const)('reads %s', (text, value) => {
    expect(readCbor(hex(text))).toEqual({ value, end: hex(text).length })
  }) // prettier-ignore

  it.each([
    ['nothing', ''],
    ['a padded number', '18 17'],
    ['a padded length', '59 0001 00'],
    ['an indefinite length', '5f 41 00 ff'],
    ['an indefinite map', 'bf 01 02 ff'],
    ['a tag', 'c1 00'],
    ['a float', 'f9 3c00'],
    ['undefined', 'f7'],
    ['64 bits', '1b 0000000100000000'],
    ['a length beyond the end', '44 010203'],
    ['a list beyond the end', '83 01 02'],
    ['an enormous list', '9a ffffffff'],
    ['a key twice', 'a2 01 02 01 03'],
    ['a key that is a list', 'a1 80 00'],
    ['text that is no UTF-8', '61 ff'],
    ['five levels', '81 81 81 81 81 81 00'],
  ])('refuses %s', (_what, text) => {
    expect(readCbor(hex(text))).toBeUndefined()
  })

  it('reads what was written, like a library, and survives any bytes', () => {
    const leaf = fc.oneof(
      fc.integer({ min: -65_536, max: 65_535 }),
      fc.string(),
      fc.boolean(),
      fc.uint8Array().map((bytes) => Uint8Array.from(bytes)),
    )
    const value = fc.oneof(leaf, fc.array(leaf), fc.array(fc.tuple(fc.string(), leaf)).map((pairs) => new Map(pairs)))
    holds(
      fc.property(value, (given) => {
        const bytes = encode(given)
        expect(readCbor(bytes)).toEqual({ value: given, end: bytes.length })
        expect(isoCBOR.decodeFirst(bytes)).toEqual(given)
      }),
    )
    holds(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const read = readCbor(bytes)
        expect(read === undefined || read.end <= bytes.length).toBe(true)
        readAuthenticatorData(bytes)
      }),
    )
  }) // prettier-ignore
})

describe('a COSE key', () => {
  const p256 = { x: new Uint8Array(32).fill(1), y: new Uint8Array(32).fill(2) }
  it.each([
    ['of an unknown algorithm', new Map<number, unknown>([[1, 2], [3, -35], [-1, 2], [-2, p256.x], [-3, p256.y]])],
    ['whose point is not on the curve', new Map<number, unknown>([[1, 2], [3, -7], [-1, 1], [-2, p256.x], [-3, p256.y]])],
    ['with a short coordinate', new Map<number, unknown>([[1, 2], [3, -7], [-1, 1], [-2, p256.x.slice(1)], [-3, p256.y]])],
    ['of another kind than its algorithm', new Map<number, unknown>([[1, 1], [3, -7], [-1, 6], [-2, p256.x]])],
    ['of RSA with 1024 bits', new Map<number, unknown>([[1, 3], [3, -257], [-1, new Uint8Array(128).fill(255)], [-2, Uint8Array.of(1, 0, 1)]])],
    ['of RSA with the exponent 1', new Map<number, unknown>([[1, 3], [3, -257], [-1, new Uint8Array(256).fill(255)], [-2, Uint8Array.of(1)]])],
  ])('%s is refused', async (_what, key) => {
    expect(await readCoseKey(encode(key))).toBeUndefined()
  }) // prettier-ignore
})
