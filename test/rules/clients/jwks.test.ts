import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  checkPublicJwks,
  fitsAlgorithm,
  mayVerify,
  problemWithJwk,
} from '../../../src/clients/jwks.ts'
import { codeOf, valueOf } from '../support/issuer.ts'
import { makeKey } from '../support/keys.ts'
import type { TestKey } from '../support/keys.ts'
import { holds } from '../support/property.ts'

let ec: TestKey
let rsa: TestKey
let ed: TestKey

beforeAll(async () => {
  ec = await makeKey('ES256')
  rsa = await makeKey('PS256')
  ed = await makeKey('EdDSA')
})

/** An RSA key of so many bits, as far as its text tells. */
const rsaOf = (bits: number) => {
  const octets = Buffer.alloc(Math.ceil(bits / 8), 0xff)
  octets[0] = 0xff >> ((8 - (bits % 8)) % 8)
  return { kty: 'RSA', n: octets.toString('base64url'), e: 'AQAB' }
}

describe('problemWithJwk', () => {
  it('SP-CR-02 takes public keys of the three kinds', () => {
    for (const key of [ec, rsa, ed]) expect(problemWithJwk(key.publicJwk)).toBeUndefined()
  })

  it('SP-CR-09 DPOP-05 refuses private keys of the three kinds', () => {
    for (const key of [ec, rsa, ed]) {
      expect(problemWithJwk(key.privateJwk)).toBe('a key has private members')
    }
  })

  it.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])(
    'DPOP-05 refuses a public key with the member %s, whatever its value',
    (member) => {
      for (const value of ['AA', '', null, undefined]) {
        expect(problemWithJwk({ ...ec.publicJwk, [member]: value })).toBe(
          'a key has private members',
        )
      }
    },
  )

  it('SP-CR-03 refuses a symmetric key', () => {
    expect(problemWithJwk({ kty: 'oct', k: 'AAAA' })).toBe('a key has private members')
  })

  it.each([1024, 2040, 2047])('SP-CR-04 refuses an RSA key of %i bits', (bits) => {
    expect(problemWithJwk(rsaOf(bits))).toBe('an RSA key is shorter than 2048 bits')
  })

  it.each([2048, 3072, 4096])('SP-CR-04 takes an RSA key of %i bits', (bits) => {
    expect(problemWithJwk(rsaOf(bits))).toBeUndefined()
  })

  it.each([4097, 8192, 16_384])('ATK-A1-31 refuses an RSA key of %i bits', (bits) => {
    expect(problemWithJwk(rsaOf(bits))).toMatch(/longer than 4096 bits|malformed/)
  })

  it('SP-CR-04 does not count leading zeros of a modulus', () => {
    const { n } = rsaOf(1024)
    const padded = Buffer.concat([Buffer.alloc(128), Buffer.from(n, 'base64url')])
    expect(problemWithJwk({ kty: 'RSA', n: padded.toString('base64url'), e: 'AQAB' })).toMatch(
      /2048/,
    )
  })

  it.each([
    ['no modulus', { n: undefined }],
    ['no exponent', { e: undefined }],
    ['an empty exponent', { e: '' }],
    ['an exponent of 1', { e: 'AQ' }],
    ['an even exponent', { e: 'AQAC' }],
    ['a padded modulus', { n: `${rsaOf(2048).n}=` }],
    ['a number for a modulus', { n: 1 }],
    ['a list for an exponent', { e: ['AQAB'] }],
    ['an exponent of 13 octets', { e: 'A'.repeat(17) }],
  ])('refuses an RSA key with %s', (_what, change) => {
    expect(problemWithJwk({ ...rsaOf(2048), ...change })).toMatch(/RSA key/)
  })

  it.each([
    ['x', undefined], ['y', undefined], ['x', ''], ['y', 'AA'], ['x', 1], ['x', 'A'.repeat(44)], ['y', '!'.repeat(43)],
  ])('SP-CR-05 refuses a P-256 key whose %s is %j', (member, value) => {
    expect(problemWithJwk({ ...ec.publicJwk, [member]: value })).toBe('an EC key is malformed')
  }) // prettier-ignore

  it.each([undefined, '', 'AA', 7, 'A'.repeat(44)])('refuses an Ed25519 key whose x is %j', (x) => {
    expect(problemWithJwk({ ...ed.publicJwk, x })).toBe('an OKP key is malformed')
  })

  it.each([
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ])('SP-CR-05 refuses the Ed25519 key %s, under which anybody can sign', (hex) => {
    const point = Buffer.from(hex, 'hex')
    for (const sign of [0, 0x80]) {
      point[31] = ((point[31] ?? 0) & 0x7f) | sign
      const jwk = { ...ed.publicJwk, x: point.toString('base64url') }
      expect(problemWithJwk(jwk)).toBe('an Ed25519 key is of small order')
    }
    point[1] = (point[1] ?? 0) ^ 1
    const next = { ...ed.publicJwk, x: point.toString('base64url') }
    expect(problemWithJwk(next)).toBeUndefined()
  })

  it.each([null, undefined, 1, 'x', [], {}, { kty: 1 }, { kty: null }, { x: 'AA' }])(
    'refuses %j, which is no key',
    (value) => {
      expect(problemWithJwk(value)).toEqual(expect.any(String))
    },
  )

  it('never throws on anything', () => {
    const jwk = fc.record(
      { kty: fc.constantFrom('EC', 'RSA', 'OKP', 'oct', 1), crv: fc.constantFrom('P-256', 'Ed25519', null), x: fc.anything(), y: fc.anything(), n: fc.anything(), e: fc.anything() },
      { requiredKeys: [] },
    ) // prettier-ignore
    holds(
      fc.property(fc.oneof(fc.anything(), jwk), (value) => {
        const problem = problemWithJwk(value)
        expect(problem === undefined || problem.length > 0).toBe(true)
        expect(codeOf(checkPublicJwks(value)) ?? 'taken').toMatch(
          /^(invalid_client_metadata|taken)$/,
        )
      }),
      500,
    )
  })
})

describe('fitsAlgorithm and mayVerify', () => {
  it('SP-CR-01 give each algorithm its own kind of key', () => {
    const fits = (key: TestKey) =>
      (['ES256', 'PS256', 'EdDSA', 'Ed25519'] as const).filter((alg) =>
        fitsAlgorithm(key.publicJwk, alg),
      )
    expect(fits(ec)).toEqual(['ES256'])
    expect(fits(rsa)).toEqual(['PS256'])
    expect(fits(ed)).toEqual(['EdDSA', 'Ed25519'])
  })

  it.each([
    { kty: 'EC', crv: 'P-384' }, { kty: 'EC', crv: 'secp256k1' }, { kty: 'EC', crv: 'P-521' }, { kty: 'OKP', crv: 'Ed448' },
    { kty: 'OKP', crv: 'X25519' }, { kty: 'oct' }, { kty: 'EC' }, { kty: 'EC', crv: 'Ed25519' }, { kty: 'OKP', crv: 'P-256' },
  ])('SP-CR-02 let %j verify nothing', (jwk) => {
    for (const alg of ['ES256', 'PS256', 'EdDSA', 'Ed25519'] as const) {
      expect(mayVerify(jwk, alg)).toBe(false)
    }
  }) // prettier-ignore

  it('respect use and key_ops (RFC 7517 4.2, 4.3)', () => {
    const jwk = ec.publicJwk
    expect(mayVerify({ ...jwk, use: 'sig', key_ops: ['verify'] }, 'ES256')).toBe(true)
    expect(mayVerify({ ...jwk, use: 'enc' }, 'ES256')).toBe(false)
    expect(mayVerify({ ...jwk, key_ops: ['deriveKey'] }, 'ES256')).toBe(false)
    expect(mayVerify({ ...jwk, key_ops: [] }, 'ES256')).toBe(false)
  })

  it('respect the alg of a key; EdDSA and Ed25519 mean the same (RFC 9864)', () => {
    expect(mayVerify({ ...rsa.publicJwk, alg: 'PS256' }, 'PS256')).toBe(true)
    expect(mayVerify({ ...rsa.publicJwk, alg: 'RS256' }, 'PS256')).toBe(false)
    expect(mayVerify({ ...ed.publicJwk, alg: 'Ed25519' }, 'EdDSA')).toBe(true)
    expect(mayVerify({ ...ed.publicJwk, alg: 'EdDSA' }, 'Ed25519')).toBe(true)
    expect(mayVerify({ ...ed.publicJwk, alg: 'ES256' }, 'EdDSA')).toBe(false)
  })
})

describe('checkPublicJwks', () => {
  it('SP-CR-10 takes keys that share a kid, and keys of kinds it does not use', () => {
    const keys = [
      { ...rsa.publicJwk, kid: 'a' },
      { ...ec.publicJwk, kid: 'a' },
      { kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' },
    ]
    expect(valueOf(checkPublicJwks({ keys })).keys).toEqual(keys)
  })

  it('ATK-A1-31 takes 32 keys and refuses one more', () => {
    const many = (count: number) => ({ keys: Array.from({ length: count }, () => ed.publicJwk) })
    expect(valueOf(checkPublicJwks(many(32))).keys).toHaveLength(32)
    expect(codeOf(checkPublicJwks(many(33)))).toBe('invalid_client_metadata')
  })

  it('refuses the whole set when one key is private, weak or malformed', () => {
    for (const bad of [ec.privateJwk, rsaOf(1024), {}, null]) {
      expect(codeOf(checkPublicJwks({ keys: [ec.publicJwk, bad] }))).toBe('invalid_client_metadata')
    }
  })

  it.each([null, [], {}, { keys: [] }, { keys: {} }, { keys: 'x' }, 'x', { keys: [[]] }])(
    'refuses %j, which is no set of keys',
    (value) => {
      expect(codeOf(checkPublicJwks(value))).toBe('invalid_client_metadata')
    },
  )

  it('refuses members of other types, and a list in which one is no text', () => {
    for (const member of [{ kid: 1 }, { use: ['sig'] }, { alg: null }, { key_ops: 'verify' }, { key_ops: ['verify', 1] }, { x5c: [1, 'AA'] }])
      expect(codeOf(checkPublicJwks({ keys: [{ ...ec.publicJwk, ...member }] }))).toBe('invalid_client_metadata')
    const listed = valueOf(checkPublicJwks({ keys: [{ ...ec.publicJwk, key_ops: ['verify'] }] }))
    expect(Object.keys(listed.keys[0] ?? {}).sort()).toEqual(['crv', 'key_ops', 'kty', 'x', 'y'])
  }) // prettier-ignore

  it('refuses a kid with half a character, which no record could hold', () => {
    const named = (kid: string) => checkPublicJwks({ keys: [{ ...ec.publicJwk, kid }] })
    expect(codeOf(named('half \ud83d'))).toBe('invalid_client_metadata')
    expect(codeOf(named('whole \ud83d\ude00'))).toBeUndefined()
  })

  it('keeps the members of a key that mean something, and no other', () => {
    const known = {
      ...ec.publicJwk,
      kid: '1',
      use: 'sig',
      alg: 'ES256',
      key_ops: ['verify'],
      x5c: ['AA'],
    }
    const strange = { x5u: 'https://evil.example', exp: 1, note: 'x'.repeat(1_000), constructor: 1 }
    const { keys } = valueOf(checkPublicJwks({ keys: [{ ...known, ...strange }], more: 1 }))
    expect(keys).toEqual([known])
  })

  it.each([
    ['kid', 1], ['kid', null], ['use', ['sig']], ['alg', {}], ['key_ops', 'verify'], ['key_ops', [1]], ['x5c', 'AA'], ['x5c', {}],
  ])('refuses a key whose %s is %j', (member, value) => {
    const keys = [{ ...ec.publicJwk, [member]: value }]
    expect(codeOf(checkPublicJwks({ keys }))).toBe('invalid_client_metadata')
    expect(codeOf(checkPublicJwks({ keys: [ec.publicJwk] }))).toBeUndefined()
  }) // prettier-ignore
})
