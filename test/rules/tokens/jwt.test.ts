import fc from 'fast-check'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  decodeJwt,
  importKey,
  signJwt,
  thumbprintOf,
  typeName,
  verifySignature,
} from '../../../src/tokens/jwt.ts'
import { base64url, foreignAlgorithms, makeKey, sign } from '../support/keys.ts'
import type { Alg, TestKey } from '../support/keys.ts'
import { anyText, holds } from '../support/property.ts'

let ec: TestKey
let rsa: TestKey
let ed: TestKey

beforeAll(async () => {
  ec = await makeKey('ES256')
  rsa = await makeKey('PS256')
  ed = await makeKey('EdDSA')
})

describe('typeName', () => {
  it('RFC 7515 4.1.9 is without its optional prefix, in small letters', () => {
    expect(typeName('application/JWT')).toBe('jwt')
    expect(typeName('x-application/jwt')).toBe('x-application/jwt')
    expect(typeName(undefined)).toBeUndefined()
  })
})

describe('decodeJwt', () => {
  it('gives header and claims, and believes neither', () => {
    const text = `${base64url({ alg: 'none' })}.${base64url({ a: 'é' })}.`
    expect(decodeJwt(text)).toEqual({ header: { alg: 'none' }, claims: { a: 'é' } })
  })

  it('ATK-A1-31 takes 8192 characters and no more', () => {
    const head = `${base64url({})}.`
    const jwt = (length: number) => {
      const claims = base64url({
        a: 'x'.repeat(Math.floor(((length - head.length - 1) * 3) / 4) - 8),
      })
      return `${head}${claims}.`.padEnd(length, 'A')
    }
    expect(decodeJwt(jwt(8_192))).toBeDefined()
    expect(decodeJwt(jwt(8_193))).toBeUndefined()
  })

  it('ATK-A1-34 keeps __proto__ a member like any other', () => {
    const claims = Buffer.from('{"__proto__":{"sub":"x"},"a":1,"a":2}').toString('base64url')
    const decoded = decodeJwt(`${base64url({})}.${claims}.`)
    expect(decoded?.claims['sub']).toBeUndefined()
    expect(decoded?.claims['a']).toBe(2)
  })

  it('gives nothing of a part that is not UTF-8', () => {
    const crooked = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])
    const [sound, bad] = [base64url({}), crooked.toString('base64url')]
    expect(decodeJwt(`${sound}.${bad}.AA`)).toBeUndefined()
    expect(decodeJwt(`${bad}.${sound}.AA`)).toBeUndefined()
  })

  it('never throws, and gives objects or nothing', () => {
    const part = fc.oneof(fc.json().map(base64url), fc.jsonValue().map(base64url), anyText(20), fc.uint8Array().map((b) => Buffer.from(b).toString('base64url'))) // prettier-ignore
    const shaped = fc.array(part, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('.'))
    let decoded = 0
    holds(
      fc.property(fc.oneof(anyText(), shaped, fc.tuple(fc.object(), fc.object()).map(([h, c]) => `${base64url(h)}.${base64url(c)}.AA`)), (text) => {
        const jwt = decodeJwt(text)
        if (jwt === undefined) return
        decoded += 1
        for (const value of [jwt.header, jwt.claims]) {
          expect(typeof value === 'object' && value !== null && !Array.isArray(value)).toBe(true)
        }
        expect(text.split('.')).toHaveLength(3)
      }),
      600,
    ) // prettier-ignore
    expect(decoded).toBeGreaterThan(50)
  })
})

describe('a header that came before', () => {
  it('is shared, so nobody can change what the next one reads', async () => {
    const token = await sign(ec, { alg: ec.alg, jwk: ec.publicJwk }, { a: 1 })
    const first = decodeJwt(token)?.header
    const next = decodeJwt(await sign(ec, { alg: ec.alg, jwk: ec.publicJwk }, { a: 2 }))?.header
    expect(next).toBe(first)
    expect(() => Object.assign(first ?? {}, { alg: 'none' })).toThrow(TypeError)
    expect(() => Object.assign(first?.['jwk'] ?? {}, { x: '' })).toThrow(TypeError)
  })

  it('ATK-A1-31 is kept only when it is as small in memory as a header with a key', () => {
    const isKept = (header: object) => {
      const token = `${base64url(header)}.${base64url({})}.AA`
      return decodeJwt(token)?.header === decodeJwt(token)?.header
    }
    expect(isKept({ alg: 'ES256', typ: 'dpop+jwt', jwk: ec.publicJwk, kid: 'k' })).toBe(true)
    expect(isKept({ alg: 'PS256', typ: 'dpop+jwt', jwk: rsa.publicJwk })).toBe(true)
    expect(isKept({ alg: 'ES256', kid: 'x'.repeat(1_024) })).toBe(false)
    expect(isKept({ alg: 'ES256', deep: [[]] })).toBe(true)
    expect(isKept({ alg: 'ES256', deep: [[0]] })).toBe(false)
    expect(isKept({ alg: 'ES256', many: Array(29).fill(0) })).toBe(true)
    expect(isKept({ alg: 'ES256', many: Array(30).fill(0) })).toBe(false)
  })

  it('ATK-A1-31 holds on to nothing else of its token', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const used = () => {
      collect()
      return getHeapStatistics().used_heap_size
    }
    const claims = base64url({ a: 'x'.repeat(5_000) })
    const before = used()
    for (let i = 0; i < 2_000; i += 1) {
      // From bytes, as it comes: one text in one piece.
      const token = Buffer.from(`${base64url({ alg: 'ES256', kid: `held ${i}` })}.${claims}.AA`)
      expect(decodeJwt(token.toString('latin1'))).toBeDefined()
    }
    // The tokens are 13 MB.
    expect(used() - before).toBeLessThan(6_000_000)
  })

  it('says nothing about the claims or the signature', async () => {
    const good = await sign(ec, { alg: ec.alg }, { a: 1 })
    const [head, , signature] = good.split('.')
    const swapped = `${head}.${base64url({ a: 2 })}.${signature}`
    expect(await verifySignature(good, ec.publicKey, ec.alg)).toBe(true)
    expect(decodeJwt(swapped)?.claims).toEqual({ a: 2 })
    expect(await verifySignature(swapped, ec.publicKey, ec.alg)).toBe(false)
  })
})

describe('verifySignature', () => {
  it('SP-CR-02 verifies the three kinds, both names of Ed25519 included', async () => {
    for (const key of [ec, rsa, ed, { ...ed, alg: 'Ed25519' as const }]) {
      const token = await sign(key, { alg: key.alg }, { a: 1 })
      const imported = await importKey(key.publicJwk, key.alg)
      expect(await verifySignature(token, imported, key.alg)).toBe(true)
    }
  })

  it('SP-CR-01 never lets the header choose: the signature is good, the expected algorithm another', async () => {
    const algs: readonly Alg[] = ['ES256', 'PS256', 'EdDSA', 'Ed25519']
    for (const key of [ec, rsa, ed]) {
      const token = await sign(key, { alg: key.alg }, { a: 1 })
      for (const alg of algs.filter((other) => other !== key.alg)) {
        expect(await verifySignature(token, key.publicKey, alg)).toBe(false)
      }
      expect(await verifySignature(token, key.publicKey, key.alg)).toBe(true)
    }
  })

  it.each(foreignAlgorithms)(
    'SP-CR-03 refuses a good signature under the header alg %j',
    async (alg) => {
      for (const key of [ec, rsa, ed]) {
        expect(await verifySignature(await sign(key, { alg }, { a: 1 }), key.publicKey, key.alg)).toBe(false) // prettier-ignore
      }
    },
  )

  it('SP-CR-03 refuses a good signature of a key that is not for the algorithm', async () => {
    const { subtle } = crypto
    const p384 = (await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, true, ['sign', 'verify'])) as CryptoKeyPair // prettier-ignore
    const input = `${base64url({ alg: 'ES256' })}.${base64url({ a: 1 })}`
    const how = { name: 'ECDSA', hash: 'SHA-256' }
    const signature = await subtle.sign(how, p384.privateKey, Buffer.from(input))
    const token = `${input}.${Buffer.from(signature).toString('base64url')}`
    expect(await verifySignature(token, p384.publicKey, 'ES256')).toBe(false)
    expect(await verifySignature(await sign(ec, { alg: 'ES256' }, { a: 1 }), ec.publicKey, 'ES256')).toBe(true) // prettier-ignore
  })

  it('SP-CR-03 refuses an RSA key of less than 2048 bits', async () => {
    const size = (modulusLength: number) => ({ name: 'RSA-PSS', hash: 'SHA-256', modulusLength, publicExponent: Uint8Array.of(1, 0, 1) }) // prettier-ignore
    const input = `${base64url({ alg: 'PS256' })}.${base64url({ a: 1 })}`
    const verified = async (bits: number) => {
      const pair = (await crypto.subtle.generateKey(size(bits), true, ['sign', 'verify'])) as CryptoKeyPair // prettier-ignore
      const how = { name: 'RSA-PSS', saltLength: 32 }
      const signature = await crypto.subtle.sign(how, pair.privateKey, Buffer.from(input))
      const token = `${input}.${Buffer.from(signature).toString('base64url')}`
      return verifySignature(token, pair.publicKey, 'PS256')
    }
    expect(await verified(1024)).toBe(false)
    expect(await verified(2048)).toBe(true)
  })

  it('SP-CR-03 refuses a token without signature or header alg', async () => {
    const unsigned = `${base64url({ alg: 'none' })}.${base64url({ a: 1 })}.`
    expect(await verifySignature(unsigned, ec.publicKey, 'ES256')).toBe(false)
    expect(await verifySignature(await sign(ec, {}, {}), ec.publicKey, 'ES256')).toBe(false)
  })

  it('SP-CR-03 refuses a MAC made with the public key', async () => {
    const input = `${base64url({ alg: 'HS256' })}.${base64url({ a: 1 })}`
    const raw = Buffer.from(JSON.stringify(ec.publicJwk))
    const hmac = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']) // prettier-ignore
    const tag = Buffer.from(await crypto.subtle.sign('HMAC', hmac, Buffer.from(input)))
    const token = `${input}.${tag.toString('base64url')}`
    expect(await verifySignature(token, ec.publicKey, 'ES256')).toBe(false)
  })

  it('refuses changed claims, a changed header and a changed signature', async () => {
    const token = await sign(ec, { alg: 'ES256' }, { a: 1 })
    const [head = '', body = '', signature = ''] = token.split('.')
    const raw = Buffer.from(signature, 'base64url')
    raw[0] = (raw[0] ?? 0) ^ 1
    const changed = [
      `${head}.${base64url({ a: 2 })}.${signature}`, `${base64url({ alg: 'ES256', b: 1 })}.${body}.${signature}`,
      `${head}.${body}.${raw.toString('base64url')}`, `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`, `${head}.${body}`,
    ] // prettier-ignore
    for (const other of changed)
      expect(await verifySignature(other, ec.publicKey, 'ES256')).toBe(false)
  })

  it.each([' ', '\t', '\n', '\r', '='])(
    'RFC 7515 2 refuses %j in a signature that is good without it',
    async (blank) => {
      const token = await sign(ec, { alg: 'ES256' }, { a: 1 })
      const at = token.length - 20
      expect(await verifySignature(token, ec.publicKey, 'ES256')).toBe(true)
      for (const other of [`${token}${blank}`, token.slice(0, at) + blank + token.slice(at)])
        expect(await verifySignature(other, ec.publicKey, 'ES256')).toBe(false)
    },
  )

  it.each([['exp'], ['b64'], ['unknown'], []].map((crit) => [crit]))(
    'ATK-A1-34 refuses crit %j (RFC 7515 4.1.11, RFC 7797 7)',
    async (crit) => {
      const token = await sign(ec, { alg: 'ES256', crit, exp: 1, b64: true, unknown: 1 }, { a: 1 })
      expect(await verifySignature(token, ec.publicKey, 'ES256')).toBe(false)
    },
  )
})

describe('importKey and thumbprintOf', () => {
  it('refuse a key that is not for the algorithm', async () => {
    await expect(importKey(ec.publicJwk, 'EdDSA')).rejects.toThrow()
    await expect(importKey({ kty: 'oct', k: 'AAAA' }, 'ES256')).rejects.toThrow()
    await expect(importKey({ ...ec.publicJwk, y: 'AA' }, 'ES256')).rejects.toThrow()
  })

  it('RFC 7638 3.1 give the thumbprint of the example', async () => {
    const n = '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw' // prettier-ignore
    const jwk = { kty: 'RSA', e: 'AQAB', n, alg: 'RS256', kid: '2011-04-29' }
    expect(await thumbprintOf(jwk)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })
})

describe('signJwt', () => {
  it('SP-CR-08 writes the header it was given and nothing else', async () => {
    const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k' } as const
    const token = await signJwt(ec.privateKey, header, { sub: 'é' })
    expect(decodeJwt(token)).toEqual({ header, claims: { sub: 'é' } })
    expect(await verifySignature(token, ec.publicKey, 'ES256')).toBe(true)
  })
})

describe('verifySignature, given what almost verifies', () => {
  it('takes three parts and no more, each in its one text', async () => {
    const token = await sign(ec, { alg: 'ES256' }, {})
    const [head = '', body = '', signature = ''] = token.split('.')
    expect(await verifySignature(token, ec.publicKey, 'ES256')).toBe(true)
    const others = [`${token}.x`, `${token}.`, `${head}.${body}`, head, '', `!.${body}.${signature}`, `.${body}.${signature}`, `${head}.${body}.!`]
    for (const other of others)
      expect(await verifySignature(other, ec.publicKey, 'ES256')).toBe(false)
  }) // prettier-ignore

  it('SP-CR-02 takes a key of exactly its algorithm, for verifying', async () => {
    const token = await sign(ec, { alg: 'ES256' }, {})
    expect(await verifySignature(token, ec.privateKey, 'ES256')).toBe(false)
    expect(await verifySignature(token, ed.publicKey, 'ES256')).toBe(false)
    const input = `${base64url({ alg: 'PS256' })}.${base64url({})}`
    const kinds = [['RSA-PSS', 'SHA-384'], ['RSA-PSS', 'SHA-512'], ['RSASSA-PKCS1-v1_5', 'SHA-256']] as const // prettier-ignore
    for (const [name, hash] of kinds) {
      const kind = { name, hash, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }
      const pair = (await crypto.subtle.generateKey(kind, true, ['sign', 'verify'])) as CryptoKeyPair // prettier-ignore
      const how = { name, saltLength: 32 }
      const bytes = await crypto.subtle.sign(how, pair.privateKey, Buffer.from(input))
      const jws = `${input}.${Buffer.from(bytes).toString('base64url')}`
      expect(await verifySignature(jws, pair.publicKey, 'PS256')).toBe(false)
    }
  })
})
