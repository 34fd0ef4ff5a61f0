import { describe, expect, inject, it } from 'vitest'
import type { ClientName } from '../support/fixtures.ts'
import { thumbprintOf } from '../support/mtls.ts'
import { forge } from '../support/proofs.ts'
import { getResource, makeDpopKey, nonceOf, testClient } from '../support/test-client.ts'
import type { RequestOptions } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { strangers } = inject('fixtures')
const api = `${server.apiMtls}/accounts`
const grant = { grant_type: 'client_credentials' }
/** Binding needs no authority: any certificate will do (MTLS-22). */
const credential = strangers.selfSigned
const x5t = thumbprintOf(credential)

/** What the token is bound to: `jkt`, `x5t`, both, or no token. */
type Outcome = 'jkt' | 'x5t' | 'both' | 'refused'
type Presented = 'nothing' | 'a proof' | 'a certificate' | 'proof and certificate'

const rules: readonly {
  readonly registered: string
  readonly name: ClientName
  readonly outcomes: Readonly<Record<Presented, Outcome>>
}[] = [
  {
    registered: 'neither',
    name: 'web',
    outcomes: { nothing: 'refused', 'a proof': 'jkt', 'a certificate': 'x5t', 'proof and certificate': 'jkt' },
  },
  {
    registered: 'DPoP',
    name: 'dpopBound',
    outcomes: { nothing: 'refused', 'a proof': 'jkt', 'a certificate': 'refused', 'proof and certificate': 'jkt' },
  },
  {
    registered: 'the certificate',
    name: 'certificateBound',
    outcomes: { nothing: 'refused', 'a proof': 'refused', 'a certificate': 'x5t', 'proof and certificate': 'both' },
  },
  {
    registered: 'both',
    name: 'bothBound',
    outcomes: { nothing: 'refused', 'a proof': 'refused', 'a certificate': 'refused', 'proof and certificate': 'both' },
  },
] // prettier-ignore

describe('the sender rule', () => {
  for (const { registered, name, outcomes } of rules) {
    for (const [presented, outcome] of Object.entries(outcomes)) {
      it(`MTLS-27 MTLS-24 DPOP-AS-03 SP-AS-04 a client that registered ${registered} and presents ${presented}: ${outcome}`, async () => {
        const key = await makeDpopKey()
        const options: RequestOptions = {
          side: 'mtls',
          ...(presented.includes('proof') ? { key } : {}),
          ...(presented.includes('certificate') ? { credential } : {}),
        }
        const { answer, claims, accessToken } = await testClient(name).token(grant, options)
        if (outcome === 'refused') {
          expect(answer.status).toBe(400)
          expect(answer.json['error']).toBe('invalid_request')
          expect(accessToken).toBe('')
          return
        }
        const jkt = outcome === 'x5t' ? {} : { jkt: key.jkt }
        const certificate = outcome === 'jkt' ? {} : { 'x5t#S256': x5t }
        expect(answer.status).toBe(200)
        expect(claims['cnf']).toEqual({ ...jkt, ...certificate })
        expect(answer.json['token_type']).toBe(outcome === 'x5t' ? 'Bearer' : 'DPoP')
        const proven = outcome === 'x5t' ? { credential } : { key, credential }
        expect((await getResource(api, accessToken, proven)).status).toBe(200)
      })
    }
  }

  it('MTLS-27 a token bound to both needs both', async () => {
    const key = await makeDpopKey()
    const options = { side: 'mtls', key, credential } as const
    const { accessToken } = await testClient('bothBound').token(grant, options)
    const wrong = [
      { key },
      { key, credential: strangers.sameAuthority },
      { key: await makeDpopKey(), credential },
      { credential },
    ]
    for (const proven of wrong) {
      const answer = await getResource(api, accessToken, proven)
      expect(answer.status).toBe(401)
      expect(answer.json['error']).toBe('invalid_token')
    }
    expect((await getResource(api, accessToken, { key, credential })).status).toBe(200)
  })

  it('MTLS-27 a client of certificates that also sends a proof gets a token bound to both', async () => {
    const key = await makeDpopKey()
    const client = testClient('mtlsPki')
    const own = client.fixture.credential ?? credential
    const { claims, answer } = await client.token(grant, { key })
    expect(answer.json['token_type']).toBe('DPoP')
    expect(claims['cnf']).toEqual({ jkt: key.jkt, 'x5t#S256': thumbprintOf(own) })
  })

  it('DPOP-AS-02 MTLS-27 an invalid proof is an error even where the certificate would do', async () => {
    const key = await makeDpopKey()
    for (const name of ['web', 'certificateBound', 'mtlsPki'] as const) {
      const client = testClient(name)
      const url = client.url('/token', 'mtls')
      const nonce = await nonceOf(url)
      const target = { key, method: 'POST', url, nonce, jti: 'broken' }
      const own = client.fixture.credential ?? credential
      const refused: readonly (readonly [string, string])[] = [
        ['', 'invalid_dpop_proof'],
        [forge(target, { claims: { htm: 'GET' } }), 'invalid_dpop_proof'],
        [forge(target, { claims: { nonce: undefined } }), 'use_dpop_nonce'],
      ]
      for (const [proof, error] of refused) {
        const options = { side: 'mtls', credential: own, headers: [['dpop', proof]] } as const
        const { answer, accessToken } = await client.token(grant, options)
        expect([name, answer.status, answer.json['error']]).toEqual([name, 400, error])
        expect(accessToken).toBe('')
      }
      const { answer } = await client.token(grant, { side: 'mtls', credential: own })
      expect(answer.status).toBe(200)
    }
  })

  it('MTLS-24 a client of certificates may push its request on the main host, without one', async () => {
    const client = testClient('certificateBound')
    const given = await client.code({ side: 'main' })
    const refused = await client.redeem(given, { side: 'main' })
    expect(refused.answer.status).toBe(400)
    expect(refused.answer.json['error']).toBe('invalid_request')
    const tokens = await client.redeem(given, { side: 'mtls', credential })
    expect(tokens.answer.status).toBe(200)
    expect(tokens.claims['cnf']).toEqual({ 'x5t#S256': x5t })
    const without = await client.refresh(tokens.refreshToken, { side: 'mtls' })
    expect(without.answer.status).toBe(400)
    expect(without.answer.json['error']).toBe('invalid_request')
    expect(without.accessToken).toBe('')
  })
})
