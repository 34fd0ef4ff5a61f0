import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { places } from '../support/doors.ts'
import type { Door } from '../support/doors.ts'
import { send } from '../support/http.ts'
import { badHashes, badProofs, forge, soundProofs } from '../support/proofs.ts'
import type { ProofTarget } from '../support/proofs.ts'
import { getResource, makeDpopKey, nonceOf, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const client = testClient('web')

describe.each(places)('proofs at $name', ({ name, status, open }) => {
  const resource = status === 401
  let door: Door
  let target: ProofTarget

  beforeAll(async () => {
    const key = await makeDpopKey()
    door = await open(key)
    const { url, method, accessToken } = door
    const jti = randomBytes(16).toString('hex')
    const token = accessToken === undefined ? {} : { accessToken }
    target = { key, url, method, jti, nonce: await nonceOf(url), ...token }
  })

  const cases = resource ? [...badProofs, ...badHashes] : badProofs
  for (const { id, what, says, make } of cases) {
    it(`${id} ${resource ? 'DPOP-RS-03' : 'DPOP-AS-02'} ${name} refuses ${what}`, async () => {
      const answer = await door.knock(make(target))
      expect(answer.status).toBe(status)
      expect(Object.keys(answer.json).sort()).toEqual(['error', 'error_description'])
      expect(answer.json['error']).toBe('invalid_dpop_proof')
      expect(answer.json['error_description']).toMatch(says)
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
      expect(answer.headers.get('cache-control')).toContain('no-store')
      if (resource) {
        const challenge = answer.headers.get('www-authenticate')
        expect(challenge).toMatch(/^DPoP error="invalid_dpop_proof", .*algs="ES256 PS256 EdDSA/)
      }
    })
  }

  it(`DPOP-AS-09 DPOP-14 ${name} has used up nothing for all of these: the same request passes with the same jti`, async () => {
    const answer = await door.knock([forge(target)])
    expect(answer.status).toBe(door.opened)
  })

  it(`DPOP-14 ${name} refuses that proof and that jti from now on`, async () => {
    const answer = await door.knockAnew([forge(target)])
    expect(answer.status).toBe(status)
    expect(answer.json['error']).toBe('invalid_dpop_proof')
    expect(answer.json['error_description']).toBe('The proof was used before')
  })

  for (const { id, what, make } of soundProofs) {
    it(`${id} ${name} accepts ${what}`, async () => {
      const jti = randomBytes(16).toString('hex')
      const answer = await door.knockAnew(make({ ...target, jti }))
      expect(answer.status).toBe(door.opened)
    })
  }

  it(`DPOP-14 ${name} accepts the jti of one key from another key`, async () => {
    const jti = randomBytes(16).toString('hex')
    expect((await door.knockAnew([forge({ ...target, jti })])).status).toBe(door.opened)
    const other = await door.knockAnew([forge({ ...target, jti, key: await makeDpopKey() })])
    // At a resource the token belongs to the first key, which is all that is wrong.
    if (resource) expect(other.json['error']).toBe('invalid_token')
    else expect(other.status).toBe(door.opened)
  })
})

describe('proofs of all algorithms', () => {
  for (const alg of ['ES256', 'PS256', 'EdDSA', 'Ed25519'] as const) {
    it(`DPOP-04 DPOP-AS-01 DPOP-AS-07 binds a token to a key of ${alg}, and the bank API takes it`, async () => {
      const made = await makeDpopKey(alg === 'Ed25519' ? 'EdDSA' : alg)
      const key = { ...made, alg }
      const tokens = await client.token({ grant_type: 'client_credentials' }, { key })
      expect(tokens.answer.status).toBe(200)
      expect(tokens.answer.json['token_type']).toBe('DPoP')
      expect(tokens.claims['cnf']).toEqual({ jkt: key.jkt })
      const accounts = await getResource(`${server.api}/accounts`, tokens.accessToken, { key })
      expect(accounts.status).toBe(200)
    })
  }

  it('DPOP-AS-06 names exactly these algorithms in the metadata', async () => {
    const { json } = await send(`${server.issuer}/.well-known/oauth-authorization-server`)
    const algorithms = json['dpop_signing_alg_values_supported']
    expect(algorithms).toEqual(['ES256', 'PS256', 'EdDSA', 'Ed25519'])
  })

  it('DPOP-01 takes the header by any case of its name', async () => {
    const key = await makeDpopKey()
    const tokens = await client.token({ grant_type: 'client_credentials' }, { key })
    const url = `${server.api}/accounts`
    const target = { key, url, method: 'GET', accessToken: tokens.accessToken }
    const proof = forge({ ...target, nonce: await nonceOf(url), jti: 'upper case' })
    const authorization = ['authorization', `DPoP ${tokens.accessToken}`] as const
    const answer = await send(url, { headers: [authorization, ['DPOP', proof]] })
    expect(answer.status).toBe(200)
  })
})
