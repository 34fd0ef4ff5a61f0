import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { contentDigest, matchesDigest } from '../../../src/http-signatures/digest.ts'
import { verifyRequest } from '../../../src/http-signatures/fapi.ts'
import { chooseVerifier } from '../../../src/http-signatures/keys.ts'
import { pickSignature } from '../../../src/http-signatures/message.ts'
import { craft, makeMessageKey } from '../../../test/support/signatures.ts'
import { mangledText } from '../support/mangle.ts'
import { alwaysAsync, always } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const key = makeMessageKey('ec-1')
const now = 1_740_000_000_000
const payment = {
  method: 'POST',
  url: 'https://rs.example/payments?urgent=1',
  headers: { authorization: 'DPoP token', dpop: 'proof', 'content-type': 'application/json' },
  body: '{"amount":"10.00"}',
}
const signed = await craft(payment, { key: key.jwk, created: now / 1000 })
const content = new TextEncoder().encode(payment.body)
const digest = await contentDigest(content)
const hash = createHash('sha256').update(content).digest()

/** What HTTP lets through in a field, as `Headers` keeps it. */
const onTheWire = (text: string): string => text.replace(/[^\x20-\x7e\x80-\xff]/g, '?').trim()
const field = (sound: string) => mangledText(fc.constant(sound)).map(onTheWire)
const piece = fc.constantFrom('sig1', 'sig2', '=', '(', ')', '"@method"', '"@target-uri"', '"authorization"', ';', 'tag', '"fapi-2-request"', ':AAAA:', ',', ' ', '?1', '@1', '%"a"', '\\', '"', '1e9', '99999999999999999', 'created', 'keyid', 'alg', ';req', ';bs', ';key="a"') // prettier-ignore
const built = fc.array(piece, { maxLength: 16 }).map((pieces) => onTheWire(pieces.join('')))
const change = fc.oneof(
  ...['signature', 'signature-input', 'content-digest', 'authorization', 'dpop'].map((name) => field(signed[name] ?? '').map((value) => ({ [name]: value }))),
  built.map((value) => ({ 'signature-input': `sig1=();tag="fapi-2-request"${value}` })),
  fc.tuple(built, built).map(([a, b]) => ({ 'signature-input': a, signature: b })),
) // prettier-ignore

export const messages: Parser = {
  name: 'signed HTTP messages',
  source: 'src/http-signatures/message.ts',
  properties: [
    alwaysAsync(
      'a request verifies only as it was signed: no field, target, method or content changed',
      fc.asyncProperty(change, fc.constantFrom('POST', 'POST', 'POST', 'PUT'), fc.constantFrom('', '', '', '&x'), async (fields, method, more) => {
        const headers = { ...signed, ...fields }
        const request = { method, targetUri: payment.url + more, headers: new Headers(headers), content }
        const verdict = await verifyRequest(request, { keys: (keyId) => chooseVerifier([key.publicJwk], keyId), now })
        const same = method === 'POST' && more === '' && Object.entries(headers).every(([name, value]) => covers(name, value))
        if (same) assert.ok(verdict.ok)
        if (!same && verdict.ok) assert.deepEqual(unsigned(headers), unsigned(signed))
      }),
      0.5,
    ), // prettier-ignore
    always(
      'the fields of a signature are read, unusable or absent',
      fc.property(change, (fields) => {
        const picked = pickSignature(new Headers({ ...signed, ...fields }), 'fapi-2-request')
        assert.ok(['none', 'unusable', 'label'].includes(picked.kind))
      }),
      0.5,
    ),
    alwaysAsync(
      'a digest matches its content alone',
      fc.asyncProperty(field(`${digest}, unixsum=3`), fc.uint8Array({ maxLength: 8 }), async (text, other) => {
        const holds = await matchesDigest(text, content)
        if (holds) assert.ok(claimed(text).some((one) => one.equals(hash)))
        assert.equal(await matchesDigest(text, other), false)
      }),
      0.3,
    ), // prettier-ignore
  ],
}

const covers = (name: string, value: string): boolean => signed[name] === value

/** The byte sequences of a field; bits behind the last byte say nothing (RFC 8941 4.2.7). */
const claimed = (text: string): readonly Buffer[] =>
  [...text.matchAll(/:([^:]*):/g)].map(([, one = '']) => Buffer.from(one, 'base64'))

/** Of a message that verifies only other labels and spaces may differ. */
const unsigned = (headers: Readonly<Record<string, string>>) =>
  ['authorization', 'dpop'].map((name) => headers[name])
