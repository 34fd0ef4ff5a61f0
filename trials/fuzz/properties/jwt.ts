import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  decodeJwt,
  isFor,
  thumbprintOf,
  typeName,
  verifySignature,
} from '../../../src/tokens/jwt.ts'
import { base64url, makeKey, sign } from '../../../test/rules/support/keys.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { anyJson, mangledText } from '../support/mangle.ts'
import { always, alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const key = await makeKey('ES256')
const soundHeader = { typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicJwk }
const signed = await sign(key, soundHeader, { jti: 'a', iat: 1, nested: { aud: ['x'] } })
const record = fc.dictionary(fc.constantFrom('alg', 'typ', 'crit', 'b64', 'jwk', 'zip', '__proto__', 'a'), anyJson()) // prettier-ignore
const part = fc.oneof(
  record.map(base64url),
  anyJson().map((value) => base64url(JSON.stringify(value))),
  fc.constantFrom('', '=', 'bnVsbA', 'W10', base64url('{"a":1,"a":2}'), base64url('\ufeff{}'), Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')),
) // prettier-ignore
const compact = fc.tuple(part, part, part).map((parts) => parts.join('.'))
const texts = fc.oneof(
  { weight: 3, arbitrary: compact },
  { weight: 3, arbitrary: mangledText(fc.constant(signed)) },
  mangledText(compact),
  anyText(80),
)

/** RFC 7515 3.1 by Node's own decoder. */
function oracle(text: string): unknown {
  const parts = text.split('.')
  if (parts.length !== 3) return undefined
  const strict = parts.map((one) => {
    const bytes = Buffer.from(one, 'base64url')
    return bytes.toString('base64url') === one ? bytes : undefined
  })
  const [header, claims] = strict.slice(0, 2).map((bytes) => {
    try {
      const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      const value = JSON.parse(decoder.decode(bytes)) as unknown
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
    } catch {
      return undefined
    }
  }) // prettier-ignore
  const sound = header !== undefined && claims !== undefined && strict[2] !== undefined
  return sound ? { header, claims } : undefined
}

export const jwt: Parser = {
  name: 'JWTs',
  source: 'src/tokens/jwt.ts',
  properties: [
    always(
      'a compact JWS is read as a plain decoder reads it, in its one spelling, or not at all',
      fc.property(texts, (text) => {
        assert.deepEqual(decodeJwt(text), oracle(text))
        assert.equal(decodeJwt(text, text.length - 1), undefined)
      }),
    ),
    alwaysAsync(
      'no changed text verifies, and no header makes another algorithm count',
      fc.asyncProperty(fc.oneof(mangledText(fc.constant(signed)), compact), async (text) => {
        assert.equal(await verifySignature(text, key.publicKey, 'ES256'), text === signed)
      }),
      0.4,
    ),
    always(
      'a type is compared without prefix and case, an audience as exactly this text',
      fc.property(anyJson(), fc.constantFrom('at+jwt', 'dpop+jwt', 'x'), (value, name) => {
        assert.equal(typeName(`Application/${name.toUpperCase()}`), name)
        assert.equal(typeName(typeName(value)), typeName(typeName(typeName(value))))
        const named = value === name || (Array.isArray(value) && value.some((one) => one === name))
        assert.equal(isFor(value, name), named)
      }),
      0.3,
    ),
    alwaysAsync(
      'a thumbprint is of the members that make the key, whatever stands beside them',
      fc.asyncProperty(record, async (beside) => {
        const { kty, crv, x, y } = key.publicJwk
        const bare = { kty, crv, x, y } as JsonWebKey
        assert.equal(await thumbprintOf({ ...beside, ...bare }), await thumbprintOf(bare))
      }),
      0.05,
    ),
  ],
}
