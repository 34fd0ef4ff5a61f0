import assert from 'node:assert/strict'
import fc from 'fast-check'
import { decryptJwt, encryptJwt } from '../../../src/tokens/jwe.ts'
import { base64url } from '../../../test/rules/support/keys.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { anyJson, mangledText } from '../support/mangle.ts'
import { alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const pair = (await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, [
  'deriveBits',
])) as CryptoKeyPair
const { kty, crv, x, y, d } = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as JsonWebKey
const point = { kty, crv, x, y } as JsonWebKey
const keys = [{ kid: '1', alg: 'ECDH-ES', jwk: { ...point, d } as JsonWebKey }] as const
const order = { jwk: { ...point, kid: '1' } as JsonWebKey, alg: 'ECDH-ES', enc: 'A256GCM' } as const
const sealed = await encryptJwt('a.b.c', order)
const [, ...others] = sealed.split('.')
const header = fc
  .dictionary(fc.constantFrom('alg', 'enc', 'zip', 'kid', 'epk', 'crit', 'apu', 'p2c'), fc.oneof(fc.constantFrom('dir', 'ECDH-ES', 'RSA-OAEP-256', 'PBES2-HS256+A128KW', 'A256GCM', 'A128CBC-HS256', 'DEF', '1', '2'), anyJson(2)))
  .map((members) => [base64url({ alg: 'ECDH-ES', enc: 'A256GCM', kid: '1', ...members }), ...others].join('.')) // prettier-ignore
const texts = fc.oneof(mangledText(fc.constant(sealed)), header, anyText(80))

export const jwe: Parser = {
  name: 'encrypted JWTs',
  source: 'src/tokens/jwe.ts',
  properties: [
    alwaysAsync(
      'only what was encrypted for the key is opened: no changed text, no other header',
      fc.asyncProperty(texts, async (text) => {
        const opened = await decryptJwt(text, keys)
        if (text === sealed) return assert.equal(opened, 'a.b.c')
        assert.ok(opened === undefined || opened === 'no-key')
        return undefined
      }),
      1,
    ),
    alwaysAsync(
      'what was encrypted is opened by its key alone',
      fc.asyncProperty(anyText(100), async (text) => {
        const jwe = await encryptJwt(text, order)
        assert.equal(await decryptJwt(jwe, keys), text.toWellFormed())
        assert.equal(await decryptJwt(jwe, [{ ...keys[0], kid: '2' }]), 'no-key')
      }),
      0.03,
    ),
  ],
}
