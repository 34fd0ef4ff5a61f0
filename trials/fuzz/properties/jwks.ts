import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import fc from 'fast-check'
import { checkPublicJwks, mayVerify, problemWithJwk } from '../../../src/clients/jwks.ts'
import type { PublicJwk } from '../../../src/clients/jwks.ts'
import { encryptionKey, keyEncryptionAlgorithms } from '../../../src/clients/encryption.ts'
import { algorithmOf, importVerifier } from '../../../src/http-signatures/keys.ts'
import { publicKeyMembers } from '../../../src/proof/public-key.ts'
import { makeKey } from '../../../test/rules/support/keys.ts'
import { anyJson, mangled, mangledRecord, mangledText } from '../support/mangle.ts'
import { always, alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const made = await Promise.all((['ES256', 'PS256', 'EdDSA'] as const).map((alg) => makeKey(alg)))
const beside = { kid: '1', use: 'sig', alg: 'ES256', key_ops: ['verify'], x5c: ['AAAA'] }
const sound = made.map(({ publicJwk }) => ({ ...publicJwk, ...beside }))
const text = fc.oneof(fc.constantFrom('EC', 'RSA', 'OKP', 'oct', 'P-256', 'P-384', 'Ed25519', 'X25519', 'sig', 'enc', 'verify', 'AQAB', 'AQ', ''), mangledText(fc.constantFrom(...made.flatMap(({ publicJwk: { x, n } }) => [x ?? n ?? ''])))) // prettier-ignore
const value = fc.oneof({ weight: 3, arbitrary: text }, anyJson(2), fc.array(text, { maxLength: 2 }))
const jwk = fc.oneof(...sound.map((one) => mangledRecord(one, value)), anyJson(2))
const set = fc.oneof(
  { weight: 8, arbitrary: fc.array(jwk, { maxLength: 4 }).map((keys) => ({ keys })) },
  mangledRecord({ keys: sound }),
  anyJson(),
)
const spkis = await Promise.all(
  made.map(async ({ publicKey }) => {
    return new Uint8Array((await crypto.subtle.exportKey('spki', publicKey)) as ArrayBuffer)
  }),
)
const algorithms = ['ES256', 'PS256', 'EdDSA', 'Ed25519'] as const
const privates = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

export const jwks: Parser = {
  name: 'key sets of clients',
  source: 'src/clients/jwks.ts',
  properties: [
    always(
      'what is taken holds known members of public keys alone, and is taken again unchanged',
      fc.property(set, (given) => {
        const checked = checkPublicJwks(given)
        if (!checked.ok) return
        assert.deepEqual(checkPublicJwks(checked.value), checked)
        assert.deepEqual(checkPublicJwks(structuredClone(checked.value)), checked)
        for (const key of checked.value.keys as readonly PublicJwk[]) {
          assert.ok(Object.keys(key).every((name) => !privates.includes(name)))
          for (const alg of algorithms) if (key.use === 'enc') assert.ok(!mayVerify(key, alg))
          for (const alg of keyEncryptionAlgorithms)
            if (key.use !== 'enc') assert.equal(encryptionKey({ keys: [key] }, alg), undefined)
          algorithmOf(key)
        }
      }),
    ),
    alwaysAsync(
      'a key is imported or refused: nothing it holds is a fault',
      fc.asyncProperty(fc.oneof(...sound.map((one) => mangledRecord(one, value))), async (key) => {
        const checked = checkPublicJwks({ keys: [key] })
        if (!checked.ok) return
        const [known = {}] = checked.value.keys as readonly PublicJwk[]
        await importVerifier(known as PublicJwk)
        assert.equal(problemWithJwk(known), undefined)
      }),
      0.2,
    ),
  ],
}

export const publicKeys: Parser = {
  name: 'public keys of certificates',
  source: 'src/proof/public-key.ts',
  properties: [
    always(
      'a key in DER has the members that Node exports for it, or none',
      fc.property(fc.oneof({ weight: 9, arbitrary: mangled(fc.constantFrom(...spkis)) }, fc.constantFrom(...spkis)), (bytes) => {
        const members = publicKeyMembers(bytes)
        const other = exported(bytes)
        // Node checks that a point lies on its curve; here only its form counts.
        if (members === undefined || other === undefined) return
        for (const [name, one] of Object.entries(members)) assert.equal(other[name as 'x'], one)
      }),
    ), // prettier-ignore
    always(
      'the keys themselves are read',
      fc.property(fc.constantFrom(...spkis), (bytes) => {
        assert.deepEqual({ ...exported(bytes) }, { ...publicKeyMembers(bytes) })
      }),
      0.01,
    ),
  ],
}

function exported(bytes: Uint8Array): JsonWebKey | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(bytes), format: 'der', type: 'spki' })
    return key.export({ format: 'jwk' }) as JsonWebKey
  } catch {
    return undefined
  }
}
