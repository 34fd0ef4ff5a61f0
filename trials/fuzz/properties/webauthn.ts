import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readAssertion, verifyAssertion, verifyAttestation } from '../../../src/people/passkeys.ts'
import { readAuthenticatorData } from '../../../src/people/webauthn/authenticator-data.ts'
import { readCbor } from '../../../src/people/webauthn/cbor.ts'
import type { CborValue } from '../../../src/people/webauthn/cbor.ts'
import { checkClientData } from '../../../src/people/webauthn/client-data.ts'
import { readCoseKey } from '../../../src/people/webauthn/cose-key.ts'
import {
  createAuthenticator,
  encode,
  fromText,
  toText,
} from '../../../test/support/authenticator.ts'
import { anyJson, mangled, mangledRecord, mangledText } from '../support/mangle.ts'
import { always, alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const expected = {
  rpId: 'as.example',
  origin: 'https://as.example',
  challenge: toText(new Uint8Array(32)),
}
const authenticator = await createAuthenticator(expected.origin)
const created = await authenticator.create({ challenge: expected.challenge, rp: { id: expected.rpId }, user: { id: 'AAAA' } } as Parameters<typeof authenticator.create>[0]) // prettier-ignore
const asserted = await authenticator.get({ challenge: expected.challenge, rpId: expected.rpId } as Parameters<typeof authenticator.get>[0]) // prettier-ignore
const attestationObject = fromText(
  String((created.response as Record<string, unknown>)['attestationObject']),
)
const stored = await verifyAttestation(JSON.stringify(created), expected)
if (!stored.ok) throw new Error('the sample passkey is not accepted')
const passkey = { ...stored.value, name: 'x', addedAt: 0, lastUsedAt: 0 }
const publicKey = fromText(passkey.publicKey)
const data = fromText(String((asserted.response as Record<string, unknown>)['authenticatorData']))

const tree = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer({ min: -0xffff, max: 0xffff }),
    fc.string({ maxLength: 30 }),
    fc.boolean(),
    fc.uint8Array({ maxLength: 30 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.oneof(fc.integer({ min: -300, max: 300 }), fc.string({ maxLength: 4 })), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
  ),
})).value // prettier-ignore
const heads = fc.uint8Array({ maxLength: 24 })
const bytes = fc.oneof(
  { weight: 3, arbitrary: mangled(tree.map((one) => Uint8Array.from(encode(one)))) },
  { weight: 2, arbitrary: mangled(fc.constantFrom(attestationObject, publicKey, data)) },
  heads,
)

export const cbor: Parser = {
  name: 'CBOR',
  source: 'src/people/webauthn/cbor.ts',
  properties: [
    always(
      'what is read is the only encoding of itself, and ends within the bytes',
      fc.property(bytes, fc.nat({ max: 3 }), (input, from) => {
        const read = readCbor(input, from)
        if (read === undefined) return
        assert.ok(read.end > from && read.end <= input.length)
        const again = encodeAny(read.value)
        assert.equal(Buffer.compare(again, input.subarray(from, read.end)), 0)
      }),
    ),
    always(
      'what is written is read back',
      fc.property(tree, (value) => {
        const input = Uint8Array.from(encode(value))
        const read = readCbor(input)
        assert.equal(read?.end, input.length)
        assert.deepEqual(encodeAny(read?.value ?? null), Buffer.from(input))
        assert.equal(readCbor(input.subarray(0, -1))?.end === input.length - 1, false)
      }),
      0.5,
    ),
  ],
}

/** Written anew with numbers of 32 bits, null and the order that was read. */
function encodeAny(value: CborValue): Buffer {
  if (value === null) return Buffer.of(0xf6)
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...(value as CborValue[]).map(encodeAny)]) // prettier-ignore
  if (value instanceof Map) {
    const pairs = [...(value as ReadonlyMap<number | string, CborValue>)]
    return Buffer.concat([head(5, pairs.length), ...pairs.flat().map(encodeAny)])
  }
  if (typeof value === 'string') {
    const text = Buffer.from(value)
    return Buffer.concat([head(3, text.length), text])
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  return Buffer.of(value === true ? 0xf5 : 0xf4)
}

function head(major: number, argument: number): Buffer {
  const top = major << 5
  if (argument < 24) return Buffer.of(top | argument)
  if (argument < 0x100) return Buffer.of(top | 24, argument)
  if (argument < 0x10000) return Buffer.of(top | 25, argument >> 8, argument & 0xff)
  const wide = Buffer.of(top | 26, 0, 0, 0, 0)
  wide.writeUInt32BE(argument, 1)
  return wide
}

const answer = (sound: object) =>
  fc.oneof(
    mangledText(fc.constant(JSON.stringify(sound))),
    mangledRecord(sound as Record<string, unknown>).map((one) => JSON.stringify(one)),
    fc.tuple(fc.constant(sound as { response: Record<string, unknown> }), fc.constantFrom('authenticatorData', 'signature', 'clientDataJSON', 'attestationObject', 'userHandle'), heads).map(
      ([one, name, octets]) => {
        const before = fromText(String(one.response[name] ?? ''))
        const changed = before.map((octet, at) => octet ^ (octets[at % (octets.length + 1)] ?? 0))
        return JSON.stringify({ ...one, response: { ...one.response, [name]: toText(changed) } })
      },
    ),
  ) // prettier-ignore

/** What an answer says once it is read: differing spellings of one answer are the same. */
const meaning = (text: string): string => JSON.stringify(readAssertion(text), (_name, value: unknown) => (value instanceof Uint8Array ? toText(value) : value)) // prettier-ignore

export const webauthn: Parser = {
  name: 'passkeys',
  source: 'src/people/passkeys.ts',
  properties: [
    always(
      'authenticator data is read to its last byte or not at all',
      fc.property(fc.oneof(mangled(fc.constantFrom(data, attestationObject)), mangled(fc.constant(data)), heads), (input) => {
        const read = readAuthenticatorData(input)
        if (read === undefined) return
        assert.equal(Buffer.compare(read.rpIdHash, input.subarray(0, 32)), 0)
        assert.equal(read.credential !== undefined, ((input[32] ?? 0) & 0x40) !== 0)
        assert.equal(readAuthenticatorData(Uint8Array.from([...input, 0])), undefined)
      }),
      0.4,
    ), // prettier-ignore
    alwaysAsync(
      'an assertion is accepted only for the challenge, the site and the signature it was made with',
      fc.asyncProperty(answer(asserted), async (text) => {
        const read = readAssertion(text)
        if (read === undefined) return
        const verdict = await verifyAssertion(read, passkey, expected)
        // The owner's name in it is not signed, and is judged by who the account is.
        const { userHandle: _, ...signed } = read
        const same = meaning(JSON.stringify(asserted)).includes(JSON.stringify({ ...signed }, (_n, v: unknown) => (v instanceof Uint8Array ? toText(v) : v)).slice(1, -1).replace(/^"id":"[^"]*",/, '')) // prettier-ignore
        assert.equal(verdict.ok, same)
      }),
      0.2,
    ),
    alwaysAsync(
      'an attestation is accepted for its challenge and site alone, with the key it holds',
      fc.asyncProperty(answer(created), async (text) => {
        const verdict = await verifyAttestation(text, expected)
        if (!verdict.ok) return
        assert.equal(toText(fromText(verdict.value.id)), verdict.value.id)
        assert.ok((await readCoseKey(fromText(verdict.value.publicKey))) !== undefined)
      }),
      0.2,
    ),
    alwaysAsync(
      'a COSE key is a verifier or nothing',
      fc.asyncProperty(mangled(fc.constant(publicKey)), async (input) => {
        const verify = await readCoseKey(Uint8Array.from(input))
        if (verify !== undefined) assert.equal(await verify(new Uint8Array(70), new Uint8Array(3)), false)
      }),
      0.1,
    ),
    always(
      'client data of another ceremony, challenge, origin or frame is refused',
      fc.property(mangledRecord({ type: 'webauthn.get', challenge: expected.challenge, origin: expected.origin, crossOrigin: false }, anyJson(2)), (given) => {
        const ceremony = { type: 'webauthn.get', challenge: expected.challenge, origin: expected.origin } as const
        const verdict = checkClientData(Buffer.from(JSON.stringify(given)) as Uint8Array<ArrayBuffer>, ceremony)
        const same = ['type', 'challenge', 'origin'].every((name) => given[name] === ceremony[name as 'type'])
        const framed = (given['crossOrigin'] ?? false) !== false || Object.hasOwn(given, 'topOrigin')
        if (given['crossOrigin'] !== null) assert.equal(verdict.ok, same && !framed)
      }),
      0.2,
    ),
  ],
} // prettier-ignore
