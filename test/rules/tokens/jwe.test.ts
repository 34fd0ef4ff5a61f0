import { compactDecrypt, CompactEncrypt, importJWK } from 'jose'
import type { JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import type { KeyEncryption } from '../../../src/clients/encryption.ts'
import type { DecryptionKey } from '../../../src/tokens/decrypt.ts'
import { decryptJwt, encryptJwt } from '../../../src/tokens/jwe.ts'
import { makeKey } from '../support/keys.ts'

const rsa = await makeKey('PS256')
const ec = await makeKey('ES256')
const jwt = 'aaa.bbb.ccc'
const enc = 'A256GCM'

describe('encryptJwt', () => {
  it.each([
    ['RSA-OAEP-256', rsa],
    ['ECDH-ES', ec],
  ] as const)(
    'RFC 7519 5.2 nests a JWT with %s for the holder of the key and nobody else',
    async (alg, key) => {
      const jwk = { ...key.publicJwk, kid: 'k1', use: 'enc' }
      const jwe = await encryptJwt(jwt, { jwk, alg, enc })
      const algorithms = {
        keyManagementAlgorithms: [alg],
        contentEncryptionAlgorithms: [enc],
      }
      const open = async (from: JsonWebKey) =>
        compactDecrypt(jwe, await importJWK(from as JWK, alg), algorithms)
      const { plaintext, protectedHeader } = await open(key.privateJwk)
      expect(new TextDecoder().decode(plaintext)).toBe(jwt)
      expect(protectedHeader).toMatchObject({ alg, enc, cty: 'JWT', kid: 'k1' })
      const stranger = await makeKey(key.alg)
      await expect(open(stranger.privateJwk)).rejects.toThrow()
    },
  )

  it('names no key id where the key has none, and never encrypts the same way twice', async () => {
    const order = { jwk: ec.publicJwk, alg: 'ECDH-ES', enc } as const
    const [one, two] = await Promise.all([encryptJwt(jwt, order), encryptJwt(jwt, order)])
    expect(one).not.toBe(two)
    const header = JSON.parse(Buffer.from(one.split('.')[0] ?? '', 'base64url').toString()) as object // prettier-ignore
    expect(Object.keys(header).sort()).toEqual(['alg', 'cty', 'enc', 'epk'])
  })

  it('throws on a point that is not on the curve and on keys of another kind', async () => {
    const { x } = ec.publicJwk
    const bad: readonly (readonly [JsonWebKey, KeyEncryption])[] = [
      [{ ...ec.publicJwk, ...(x === undefined ? {} : { y: x }) }, 'ECDH-ES'],
      [rsa.publicJwk, 'ECDH-ES'],
      [ec.publicJwk, 'RSA-OAEP-256'],
    ]
    for (const [jwk, alg] of bad) await expect(encryptJwt(jwt, { jwk, alg, enc })).rejects.toThrow()
  })
})

describe('decryptJwt', () => {
  it('RFC 7516 2 opens the one text of what was encrypted, and none with blanks or padding in it', async () => {
    const jwk = { ...ec.publicJwk, kid: 'k1' }
    const keys = [{ kid: 'k1', alg: 'ECDH-ES', jwk: ec.privateJwk }] as const
    const jwe = await encryptJwt(jwt, { jwk, alg: 'ECDH-ES', enc })
    expect(await decryptJwt(jwe, keys)).toBe(jwt)
    const parts = jwe.split('.')
    for (const place of [0, 1, 2, 3, 4]) {
      for (const stray of [' ', '\n', '\r', '=']) {
        const other = parts.map((part, index) => (index === place ? `${part}${stray}` : part))
        expect(await decryptJwt(other.join('.'), keys)).toBeUndefined()
      }
    }
  })

  const keyOf = (kid: string, key = ec, alg: DecryptionKey['alg'] = 'ECDH-ES'): DecryptionKey => ({
    kid,
    alg,
    jwk: key.privateJwk,
  })
  const encrypted = async (header: object = {}, key = ec, plain: string | Uint8Array = jwt) =>
    new CompactEncrypt(typeof plain === 'string' ? new TextEncoder().encode(plain) : plain)
      .setProtectedHeader({ alg: 'ECDH-ES', enc, ...header })
      .encrypt(await importJWK(key.publicJwk as JWK, 'ECDH-ES'))

  it('MS-JAR-14 opens with the key that is named, or with those of the algorithm in turn', async () => {
    const other = await makeKey('ES256')
    const keys = [keyOf('k0', other), keyOf('k1'), keyOf('k2', rsa, 'RSA-OAEP-256')]
    expect(await decryptJwt(await encrypted({ kid: 'k1' }), keys)).toBe(jwt)
    expect(await decryptJwt(await encrypted(), keys)).toBe(jwt)
    expect(await decryptJwt(await encrypted({ kid: 'k0' }), keys)).toBeUndefined()
    expect(await decryptJwt(await encrypted(), keys.slice(0, 1))).toBeUndefined()
  })

  it('says when no key has this name and algorithm', async () => {
    const jwe = await encrypted({ kid: 'k1' })
    expect(await decryptJwt(jwe, [keyOf('k2')])).toBe('no-key')
    expect(await decryptJwt(jwe, [keyOf('k1', rsa, 'RSA-OAEP-256')])).toBe('no-key')
    expect(await decryptJwt(jwe, [])).toBe('no-key')
  })

  it.each(['', 'a', '....', 'a.b.c', '!.b.c.d.e', `${Buffer.from('[]').toString('base64url')}.b.c.d.e`])(
    'opens nothing that is no compact JWE: %j',
    async (text) => {
      expect(await decryptJwt(text, [keyOf('k1')])).toBeUndefined()
    },
  ) // prettier-ignore

  it('opens five parts with a known header only, whatever a key could make of them', async () => {
    const jwe = await encrypted({ kid: 'k1' })
    for (const text of [`${jwe}.x`, jwe.split('.').slice(0, 4).join('.')])
      expect(await decryptJwt(text, [keyOf('other')])).toBeUndefined()
  })

  it('ATK-A1-31 looks at 48 KiB and no more', async () => {
    const jwe = await encrypted({ kid: 'k1' }, ec, 'x'.repeat(36_000))
    const long = (length: number) => jwe.padEnd(length, 'A')
    expect(await decryptJwt(long(48 * 1024), [keyOf('other')])).toBe('no-key')
    expect(await decryptJwt(long(48 * 1024 + 1), [keyOf('other')])).toBeUndefined()
  })

  it('SP-CR-02 takes one content encryption, and text in UTF-8 with its marks', async () => {
    const weak = await encrypted({ kid: 'k1', enc: 'A128CBC-HS256' })
    expect(await decryptJwt(weak, [keyOf('k1')])).toBeUndefined()
    const latin = await encrypted({ kid: 'k1' }, ec, Uint8Array.of(0x61, 0xe4))
    expect(await decryptJwt(latin, [keyOf('k1')])).toBeUndefined()
    const marked = await encrypted({ kid: 'k1' }, ec, '\ufeffa.b.c')
    expect(await decryptJwt(marked, [keyOf('k1')])).toBe('\ufeffa.b.c')
  })
})
