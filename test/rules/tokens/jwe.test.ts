import { compactDecrypt, importJWK } from 'jose'
import type { JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import type { KeyEncryption } from '../../../src/clients/encryption.ts'
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
})
