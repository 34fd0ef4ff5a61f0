import { describe, expect, inject, it } from 'vitest'
import { forge } from '../support/proofs.ts'
import { getResource, makeDpopKey, nonceOf, testClient } from '../support/test-client.ts'
import type { DpopKey, RequestOptions, Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const api = `${server.api}/accounts`
const client = testClient('web')

function expectRefusal({ answer, accessToken, refreshToken }: Tokens, error: string): void {
  expect(answer.status).toBe(400)
  expect(answer.json['error']).toBe(error)
  expect([accessToken, refreshToken]).toEqual(['', ''])
}

/** What binds a code to a key at PAR. */
const bindings: readonly (readonly [string, (key: DpopKey) => RequestOptions])[] = [
  ['DPOP-AS-20 DPOP-AS-21 dpop_jkt', ({ jkt }) => ({ fields: { dpop_jkt: jkt } })],
  ['DPOP-AS-22 a proof at PAR', (key) => ({ key })],
  ['DPOP-AS-21 DPOP-AS-22 both', (key) => ({ key, fields: { dpop_jkt: key.jkt } })],
]

describe('a code bound to a key', () => {
  for (const [name, options] of bindings) {
    it(`${name}: is refused to another key and without proof, and redeemed afterwards with its own`, async () => {
      const key = await makeDpopKey()
      const given = await client.code(options(key))
      expectRefusal(await client.redeem(given, { key: await makeDpopKey() }), 'invalid_grant')
      expectRefusal(await client.redeem(given), 'invalid_request')
      // Neither attempt spent the code or counted as its reuse.
      const tokens = await client.redeem(given, { key })
      expect(tokens.answer.status).toBe(200)
      expect(tokens.claims['cnf']).toEqual({ jkt: key.jkt })
      expect((await getResource(api, tokens.accessToken, { key })).status).toBe(200)
    })
  }

  it('DPOP-AS-24 is refused to a certificate alone, where an unbound code would be redeemed', async () => {
    const key = await makeDpopKey()
    const credential = inject('fixtures').strangers.selfSigned
    const bound = await client.code({ key })
    expectRefusal(await client.redeem(bound, { side: 'mtls', credential }), 'invalid_grant')
    const unbound = await client.code()
    const tokens = await client.redeem(unbound, { side: 'mtls', credential })
    expect(tokens.answer.status).toBe(200)
    expect(tokens.answer.json['token_type']).toBe('Bearer')
  })

  it('DPOP-AS-22 is not bound when PAR names no key: any key may redeem it', async () => {
    const key = await makeDpopKey()
    const tokens = await client.redeem(await client.code(), { key })
    expect(tokens.answer.status).toBe(200)
    expect(tokens.claims['cnf']).toEqual({ jkt: key.jkt })
  })
})

describe('keys at PAR', () => {
  it('DPOP-AS-23 refuses a dpop_jkt that is not the key of the proof', async () => {
    const key = await makeDpopKey()
    const { jkt } = await makeDpopKey()
    const pushed = await client.par({ key, fields: { dpop_jkt: jkt } })
    expect(pushed.answer.status).toBe(400)
    expect(pushed.answer.json['error']).toBe('invalid_request')
    expect(pushed.requestUri).toBe('')
  })

  const malformed: Readonly<Record<string, (jkt: string) => string>> = {
    'of 42 characters': (jkt) => jkt.slice(1),
    'of 44 characters': (jkt) => `${jkt}A`,
    'with padding': (jkt) => `${jkt}=`,
    'in plain base64': (jkt) => `+/${jkt.slice(2)}`,
    'in hexadecimal': (jkt) => Buffer.from(jkt, 'base64url').toString('hex'),
    'that is a JWK': () => '{"kty":"EC"}',
    // 43 characters hold 258 bits; the last two of them must be zero.
    'that no 32 octets have as their text': (jkt) => `${jkt.slice(0, -1)}B`,
  }
  for (const [what, change] of Object.entries(malformed)) {
    it(`DPOP-AS-24 refuses a dpop_jkt ${what}`, async () => {
      const { jkt } = await makeDpopKey()
      const pushed = await client.par({ fields: { dpop_jkt: change(jkt) } })
      expect(pushed.answer.status).toBe(400)
      expect(pushed.answer.json['error']).toBe('invalid_request')
      expect(pushed.requestUri).toBe('')
    })
  }

  it('DPOP-AS-22 takes only proofs for PAR itself', async () => {
    const key = await makeDpopKey()
    const nonce = await nonceOf(server.issuer)
    const target = { key, method: 'POST', nonce, jti: 'for another endpoint' }
    const proof = forge({ ...target, url: client.url('/token') })
    const pushed = await client.par({ proof })
    expect(pushed.answer.status).toBe(400)
    expect(pushed.answer.json['error']).toBe('invalid_dpop_proof')
    expect((await client.par({ key })).answer.status).toBe(201)
  })
})

describe('keys at refresh', () => {
  it('DPOP-AS-05 SP-AS-09 binds the new token to a new key, and the old token stays with the old one', async () => {
    const key = await makeDpopKey()
    const next = await makeDpopKey('PS256')
    const first = await client.redeem(await client.code({ key }), { key })
    const second = await client.refresh(first.refreshToken, { key: next })
    expect(second.answer.status).toBe(200)
    expect(second.claims['cnf']).toEqual({ jkt: next.jkt })
    expect((await getResource(api, second.accessToken, { key: next })).status).toBe(200)
    expect((await getResource(api, first.accessToken, { key })).status).toBe(200)
    for (const [token, wrong] of [
      [second.accessToken, key],
      [first.accessToken, next],
    ] as const) {
      const answer = await getResource(api, token, { key: wrong })
      expect(answer.status).toBe(401)
      expect(answer.json['error']).toBe('invalid_token')
    }
    expect((await client.refresh(first.refreshToken, { key })).answer.status).toBe(200)
  })

  it('SP-AS-04 DPOP-AS-03 issues nothing without proof and certificate, for any grant', async () => {
    for (const name of ['web', 'dpopBound'] as const) {
      const one = testClient(name)
      const key = await makeDpopKey()
      const given = await one.code()
      expectRefusal(await one.redeem(given), 'invalid_request')
      const tokens = await one.redeem(given, { key })
      expect(tokens.answer.status).toBe(200)
      expectRefusal(await one.refresh(tokens.refreshToken), 'invalid_request')
      expect((await one.refresh(tokens.refreshToken, { key })).answer.status).toBe(200)
      expectRefusal(await one.token({ grant_type: 'client_credentials' }), 'invalid_request')
    }
  })
})
