import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { JWK } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { fapi2Security } from '../../../src/profiles/fapi2-security.ts'
import { verifyProof } from '../../../src/proof/dpop.ts'
import type { ProofExpectation } from '../../../src/proof/dpop.ts'
import { codeOf, valueOf } from '../support/issuer.ts'
import { base64url, foreignAlgorithms, makeKey, sign } from '../support/keys.ts'
import type { TestKey } from '../support/keys.ts'
import { anyText, holdsAsync } from '../support/property.ts'

const now = 1_800_000_000
const url = 'https://as.bank.example/token'
const expected: ProofExpectation = { method: 'POST', url, profile: fapi2Security, now: now * 1000 }
const withoutNonces = { ...expected, profile: { ...fapi2Security, nonce: 'off' as const } }

let ec: TestKey
let rsa: TestKey
let ed: TestKey

beforeAll(async () => {
  ec = await makeKey('ES256')
  rsa = await makeKey('PS256')
  ed = await makeKey('EdDSA')
})

const claimsOf = (changes: object = {}) => ({
  jti: 'proof-1', htm: 'POST', htu: url, iat: now, nonce: 'server-nonce', ...changes,
}) // prettier-ignore

/** A sound proof with changes to header and claims, signed by `key`. */
const proofOf = (claims: object = {}, header: object = {}, key = ec) =>
  sign(key, { typ: 'dpop+jwt', alg: key.alg, jwk: key.publicJwk, ...header }, claimsOf(claims))

const judge = async (proof: string | Promise<string>, by: ProofExpectation = expected) =>
  verifyProof(await proof, by)
/** The description of the refusal, which is always `invalid_dpop_proof`. */
const why = async (proof: string | Promise<string>, by?: ProofExpectation) => {
  const result = await judge(proof, by)
  if (result.ok) return undefined
  expect(result.refusal.code).toBe('invalid_dpop_proof')
  return result.refusal.description
}

describe('a DPoP proof', () => {
  it('DPOP-06 DPOP-13 is accepted from all three kinds of keys, with its thumbprint', async () => {
    const kinds = [ec, rsa, ed, { ...ed, alg: 'Ed25519' as const }]
    for (const key of kinds) {
      const proof = valueOf(await judge(proofOf({}, {}, key)))
      expect(proof).toEqual({
        jkt: await calculateJwkThumbprint(key.publicJwk as JWK),
        jti: 'proof-1',
        nonce: 'server-nonce',
        issuedAt: now,
      })
    }
  })

  it('DPOP-15 may have more claims and header parameters, which mean nothing', async () => {
    const header = { kid: 'x', x5c: ['AA'], jku: 'https://evil.example', x5u: 'https://evil.example', foo: 1 } // prettier-ignore
    expect(await why(proofOf({ foo: 1, aud: 'x', sub: 'y', cnf: {} }, header))).toBeUndefined()
    const jwk = { ...ec.publicJwk, kid: 'x', use: 'enc', alg: 'RS256', key_ops: [] }
    expect(valueOf(await judge(proofOf({}, { jwk }))).jkt).toBe(
      await calculateJwkThumbprint(ec.publicJwk as JWK),
    )
  })

  it('DPOP-01 is one and only one', async () => {
    const proof = await proofOf()
    expect(await why(`${proof}, ${proof}`)).toBe('More than one DPoP header was sent')
    expect(await why(`${proof},`)).toBe('More than one DPoP header was sent')
  })

  it('DPOP-02 is a compact JWS of at most 8 kB', async () => {
    const proof = await proofOf()
    const [head = '', body = '', signature = ''] = proof.split('.')
    const others = [
      '', 'x', '..', '.', head, `${head}.${body}`, `${head}.${body}.${signature}.`, `${proof}.${head}.${body}`, `${proof}=`, ` ${proof}`,
      `${proof}\t`, `${head}=.${body}.${signature}`, `${head}.${body}.${signature}!`, `.${body}.${signature}`, `${head}..${signature}`,
      `${base64url([])}.${body}.${signature}`, `${base64url('null')}.${body}.${signature}`, `${head}.${base64url('"x"')}.${signature}`,
      `${head}.${base64url('{')}.${signature}`, `${base64url('\ufeff{}')}.${body}.${signature}`,
    ] // prettier-ignore
    for (const other of others)
      expect(await why(other)).toBe('The DPoP header is not a compact JWS')
    expect(await why(proofOf({ fill: 'x'.repeat(6_300) }))).toMatch(/compact JWS/)
    expect(await why(proofOf({ fill: 'x'.repeat(5_000) }))).toBeUndefined()
  })

  it.each([undefined, '', 'JWT', 'jwt', 'DPOP+JWT', 'dpop+JWT', 'application/dpop+jwt', 'dpop', 'at+jwt', 'client-authentication+jwt', 1, ['dpop+jwt']])(
    'DPOP-03 SP-CR-01 is refused with typ %j',
    async (typ) => {
      expect(await why(proofOf({}, { typ }))).toBe('typ must be dpop+jwt')
    },
  ) // prettier-ignore

  it.each([...foreignAlgorithms, undefined, null, 1, ['ES256'], {}])(
    'DPOP-04 SP-CR-02 SP-CR-03 is refused with alg %j',
    async (alg) => {
      expect(await why(proofOf({}, { alg }))).toBe('alg is not supported')
    },
  )

  it('DPOP-04 is refused with an algorithm that is not of its key', async () => {
    const wrong = [[ec, 'PS256'], [ec, 'EdDSA'], [rsa, 'ES256'], [rsa, 'EdDSA'], [ed, 'ES256'], [ed, 'PS256']] as const // prettier-ignore
    for (const [key, alg] of wrong) {
      expect(await why(proofOf({}, { alg }, key))).toBe('jwk does not fit alg')
    }
  })

  it('DPOP-04 ATK-A1-34 is refused with crit, whether known or not', async () => {
    for (const crit of [['exp'], ['b64'], [], ['nonce'], 'exp', null]) {
      expect(await why(proofOf({}, { crit }))).toBe('The signature does not verify')
    }
    expect(await why(proofOf({}, { crit: ['b64'], b64: false }))).toMatch(/signature/)
  })

  it('DPOP-05 is refused without a usable public key', async () => {
    for (const jwk of [undefined, null, 'x', [], {}, { kty: 'EC' }, { kty: 'oct' }, { ...ec.publicJwk, x: 'AA' }]) {
      expect(await why(proofOf({}, { jwk }))).toMatch(/^jwk/)
    }
    const offCurve = { ...ec.publicJwk, y: ec.publicJwk.x }
    expect(await why(proofOf({}, { jwk: offCurve }))).toMatch(/jwk is not a usable key|signature/)
  }) // prettier-ignore

  it('DPOP-05 is refused with private members, of its own key too', async () => {
    for (const key of [ec, rsa, ed]) {
      const refusal = 'jwk: a key has private members'
      expect(await why(proofOf({}, { jwk: key.privateJwk }, key))).toBe(refusal)
    }
    expect(await why(proofOf({}, { jwk: { kty: 'oct', k: 'AAAA' } }))).toMatch(/private members/)
  })

  it('DPOP-05 SP-CR-04 is refused from an RSA key of 1024 bits', async () => {
    const weak = await makeKey('PS256', 1024)
    expect(await why(proofOf({}, {}, weak))).toBe('jwk: an RSA key is shorter than 2048 bits')
  })

  it('DPOP-05 is refused from an Ed25519 key of small order, for which nobody needs a private key', async () => {
    const neutral = Buffer.alloc(32)
    neutral[0] = 1
    // R is the neutral point and S is 0: it verifies over every text.
    const forged = Buffer.concat([neutral, Buffer.alloc(32)]).toString('base64url')
    const proofWith = (jwk: JsonWebKey) =>
      `${base64url({ typ: 'dpop+jwt', alg: 'EdDSA', jwk })}.${base64url(claimsOf())}.${forged}`
    const weak = { kty: 'OKP', crv: 'Ed25519', x: neutral.toString('base64url') }
    expect(await why(proofWith(weak))).toBe('jwk: an Ed25519 key is of small order')
    expect(await why(proofWith(ed.publicJwk))).toMatch(/signature/)
    expect(await why(proofOf({}, {}, ed))).toBeUndefined()
  })

  it('DPOP-06 is refused when the signature is another key’s, cut, or over other claims', async () => {
    const other = await makeKey('ES256')
    expect(await why(proofOf({}, { jwk: other.publicJwk }))).toMatch(/signature/)
    const proof = await proofOf()
    const [head = '', body = '', signature = ''] = proof.split('.')
    const [, otherBody = ''] = (await proofOf({ jti: 'proof-2' })).split('.')
    const zero = Buffer.alloc(64).toString('base64url')
    for (const bad of [`${head}.${otherBody}.${signature}`, `${head}.${body}.`, `${head}.${body}.${signature.slice(0, 40)}`, `${head}.${body}.${zero}`]) {
      expect(await why(bad)).toMatch(/signature/)
    }
    expect(await why(proof)).toBeUndefined()
  }) // prettier-ignore

  it('is judged by its own key when a stranger sends keys that look alike', async () => {
    const victim = await makeKey('PS256')
    const { n, e } = victim.publicJwk
    const disguised = { ...rsa.publicJwk, x: n, y: e }
    const stranger = valueOf(await judge(proofOf({}, { jwk: disguised }, rsa)))
    expect(stranger.jkt).toBe(await calculateJwkThumbprint(rsa.publicJwk as JWK))
    const honest = valueOf(await judge(proofOf({}, {}, victim)))
    expect(honest.jkt).toBe(await calculateJwkThumbprint(victim.publicJwk as JWK))
  })

  it.each([undefined, null, '', 1, {}, ['x'], 'j'.repeat(257)])(
    'DPOP-07 is refused with jti %j',
    async (jti) => {
      expect(await why(proofOf({ jti }))).toBe('jti is missing or unusable')
      expect(await why(proofOf({ jti: 'j'.repeat(256) }))).toBeUndefined()
    },
  )

  it.each([undefined, null, '', 'post', 'Post', 'GET', 'POST ', 'PUT', 1, ['POST']])(
    'DPOP-07 DPOP-08 is refused with htm %j',
    async (htm) => {
      expect(await why(proofOf({ htm }))).toBe('htm does not match the request method')
    },
  )

  it('DPOP-08 is judged by the method of the request', async () => {
    expect(await why(proofOf({ htm: 'GET' }), { ...expected, method: 'GET' })).toBeUndefined()
    expect(await why(proofOf(), { ...expected, method: 'GET' })).toMatch(/htm/)
  })

  it.each([undefined, null, '', 1, {}, [url], 'https://as.bank.example/par', 'https://evil.example/token', 'http://as.bank.example/token'])(
    'DPOP-07 DPOP-09 ATK-A1a-03 is refused with htu %j',
    async (htu) => {
      expect(await why(proofOf({ htu }))).toBe('htu does not match the request URL')
    },
  ) // prettier-ignore

  it('DPOP-09 may have an htu that is the same address in other words, with query and fragment', async () => {
    for (const htu of [`${url}?a=b#c`, 'HTTPS://AS.bank.example:443/token', `${url}?`])
      expect(await why(proofOf({ htu }))).toBeUndefined()
  })

  it.each([undefined, null, '1800000000', {}, [], true])(
    'DPOP-07 is refused with iat %j',
    async (iat) => {
      expect(await why(proofOf({ iat }))).toBe('iat is missing')
    },
  )

  it('DPOP-10 is accepted here without nonce, which is judged apart, but not with one that is no text', async () => {
    expect(valueOf(await judge(proofOf({ nonce: undefined }))).nonce).toBeUndefined()
    for (const nonce of [null, 1, ['x'], {}]) {
      expect(await why(proofOf({ nonce }))).toBe('nonce is not a text')
    }
  })
})

describe('the times of a DPoP proof', () => {
  it.each([0, 8, 10, 30])('SP-AS-13 may begin %i seconds ahead', async (ahead) => {
    expect(await why(proofOf({ iat: now + ahead }))).toBeUndefined()
    expect(await why(proofOf({ nbf: now + ahead }))).toBeUndefined()
  })

  it.each([61, 75, 3_600, 1e12])(
    'SP-AS-13 DPOP-11 ATK-A5-08 do not begin %i seconds ahead',
    async (ahead) => {
      expect(await why(proofOf({ iat: now + ahead }))).toBe('iat lies too far in the future')
      expect(await why(proofOf({ nbf: now + ahead }))).toBe('nbf lies too far in the future')
    },
  )

  it('DPOP-11 do not bound an old iat where the nonce does', async () => {
    for (const ago of [10, 60, 300, 100_000]) {
      expect(await why(proofOf({ iat: now - ago }))).toBeUndefined()
    }
  })

  it('DPOP-11 bound an old iat where nonces are off', async () => {
    expect(await why(proofOf({ iat: now - 10 }), withoutNonces)).toBeUndefined()
    expect(await why(proofOf({ iat: now - 120 }), withoutNonces)).toBeUndefined()
    expect(await why(proofOf({ iat: now - 121 }), withoutNonces)).toMatch(/too far in the past/)
    expect(await why(proofOf({ iat: now + 61 }), withoutNonces)).toMatch(/future/)
  })

  it('DPOP-11 honour exp and nbf when they are there', async () => {
    expect(await why(proofOf({ nbf: now, exp: now + 300 }))).toBeUndefined()
    expect(await why(proofOf({ exp: now - 5 }))).toBeUndefined()
    expect(await why(proofOf({ exp: now - 10 }))).toBe('exp has passed')
    for (const value of ['1900000000', null, {}]) {
      expect(await why(proofOf({ exp: value }))).toBe('exp has passed')
      expect(await why(proofOf({ nbf: value }))).toMatch(/nbf/)
    }
  })
})

describe('ath', () => {
  const token = 'header.payload.signature'
  const ath = createHash('sha256').update(token).digest('base64url')
  const atResource = { ...expected, accessToken: token }

  it('DPOP-12 is the hash of the presented token', async () => {
    expect(await why(proofOf({ ath }), atResource)).toBeUndefined()
  })

  it.each([
    ['missing', undefined], ['null', null], ['empty', ''], ['the token', token], ['of another token', createHash('sha256').update('x').digest('base64url')],
    ['hex', createHash('sha256').update(token).digest('hex')], ['padded', `${ath}=`], ['a list', [ath]], ['cut', ath.slice(0, -1)],
  ])('DPOP-12 ATK-A5-03 is not %s', async (_what, value) => {
    expect(await why(proofOf({ ath: value }), atResource)).toBe('ath does not match the access token')
  }) // prettier-ignore

  it('DPOP-15 means nothing where no token is presented', async () => {
    expect(await why(proofOf({ ath: 'anything' }))).toBeUndefined()
  })
})

describe('any text as a proof', () => {
  it('never throws and is refused as invalid_dpop_proof', async () => {
    const part = fc.oneof(fc.json().map(base64url), anyText(20), fc.constant(''))
    const shaped = fc.tuple(part, part, part).map((parts) => parts.join('.'))
    const header = fc.record({ typ: fc.constant('dpop+jwt'), alg: fc.constantFrom('ES256', 'PS256', 'EdDSA'), jwk: fc.oneof(fc.jsonValue(), fc.record({ kty: fc.constantFrom('EC', 'RSA', 'OKP'), crv: fc.constantFrom('P-256', 'Ed25519'), x: fc.string(), y: fc.string(), n: fc.string(), e: fc.string() })) }) // prettier-ignore
    const nearly = header.map((head) => `${base64url(head)}.${base64url(claimsOf())}.AAAA`)
    await holdsAsync(
      fc.asyncProperty(fc.oneof(anyText(), shaped, nearly), async (text) => {
        expect(codeOf(await judge(text))).toBe('invalid_dpop_proof')
      }),
      400,
    )
  })
})
