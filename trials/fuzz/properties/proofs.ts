import assert from 'node:assert/strict'
import fc from 'fast-check'
import { fapi2Security } from '../../../src/profiles/fapi2-security.ts'
import { sameTarget, verifyProof } from '../../../src/proof/dpop.ts'
import { makeKey, sign } from '../../../test/rules/support/keys.ts'
import { anyJson, mangledRecord, mangledText } from '../support/mangle.ts'
import { alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const now = 1_800_000_000
const url = 'https://as.bank.example/token'
const expected = { method: 'POST', url, profile: fapi2Security, now: now * 1000 }
const key = await makeKey('ES256')
const other = await makeKey('ES256')
const claims = { jti: 'p', htm: 'POST', htu: url, iat: now, nonce: 'n', exp: now + 60, nbf: now }
const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicJwk }
const sound = await sign(key, header, claims)
const value = fc.oneof(
  fc.constantFrom<unknown>(url, `${url}?a`, 'https://as.bank.example/par', 'GET', 'ES256', 'PS256', 'none', now, now + 61, now - 1e6, 1e308, '', other.publicJwk, key.privateJwk),
  anyJson(2),
) // prettier-ignore

export const proofs: Parser = {
  name: 'DPoP proofs',
  source: 'src/proof/dpop.ts',
  properties: [
    alwaysAsync(
      'no changed text of a proof is accepted',
      fc.asyncProperty(mangledText(fc.constant(sound)), async (text) => {
        assert.equal((await verifyProof(text, expected)).ok, text === sound)
      }),
      0.9,
    ),
    alwaysAsync(
      'a signed proof is accepted exactly when each member is what it must be',
      fc.asyncProperty(mangledRecord(claims, value), mangledRecord(header, value), async (inside, head) => {
        const read = await verifyProof(await sign(key, head, inside), expected)
        const { jti, htm, htu, iat, nonce, exp, nbf } = inside
        const time = (one: unknown): one is number => typeof one === 'number'
        const right =
          head['typ'] === 'dpop+jwt' && head['alg'] === 'ES256' && JSON.stringify(head['jwk']) === JSON.stringify(key.publicJwk) &&
          typeof jti === 'string' && jti !== '' && htm === 'POST' && typeof htu === 'string' && sameTarget(htu, url) &&
          time(iat) && iat <= now + fapi2Security.futureSkew && (nonce === undefined || typeof nonce === 'string') &&
          (exp === undefined || (time(exp) && exp > now - fapi2Security.expirySkew)) &&
          (nbf === undefined || (time(nbf) && nbf <= now + fapi2Security.futureSkew))
        assert.equal(read.ok, right)
      }),
      0.2,
    ),
  ],
} // prettier-ignore
