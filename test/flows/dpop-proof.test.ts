import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import type { Answer } from '../support/http.ts'
import { send } from '../support/http.ts'
import { badHashes, badProofs, forge, soundProofs } from '../support/proofs.ts'
import type { ProofTarget } from '../support/proofs.ts'
import { getResource, makeDpopKey, nonceOf, testClient } from '../support/test-client.ts'
import type { DpopKey } from '../support/test-client.ts'

const server = inject('server')
const client = testClient('web')

/** An endpoint that takes proofs, with one request that its proof alone decides. */
type Door = {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly accessToken?: string
  /** The same request each time: same assertion, same code. */
  readonly knock: (proofs: readonly string[]) => Promise<Answer>
  /** A request that may be answered often. */
  readonly knockAnew: (proofs: readonly string[]) => Promise<Answer>
  readonly opened: number
}

const asHeaders = (proofs: readonly string[]) =>
  proofs.map((proof): readonly [string, string] => ['dpop', proof])

async function pushDoor(): Promise<Door> {
  const assertion = await client.assertion()
  const fields = client.authorizationFields(randomBytes(32).toString('base64url'))
  return {
    url: client.url('/par'),
    method: 'POST',
    opened: 201,
    knock: (proofs) =>
      client.post('/par', fields, {
        fields: { client_assertion: assertion },
        headers: asHeaders(proofs),
      }),
    knockAnew: (proofs) => client.post('/par', fields, { headers: asHeaders(proofs) }),
  }
}

async function tokenDoor(): Promise<Door> {
  const given = await client.code()
  const assertion = await client.assertion()
  return {
    url: client.url('/token'),
    method: 'POST',
    opened: 200,
    knock: async (proofs) => {
      const fields = { client_assertion: assertion }
      return (await client.redeem(given, { fields, headers: asHeaders(proofs) })).answer
    },
    knockAnew: async (proofs) =>
      client.post('/token', { grant_type: 'client_credentials' }, { headers: asHeaders(proofs) }),
  }
}

async function refreshDoor(): Promise<Door> {
  const { refreshToken } = await client.redeem(await client.code(), { key: await makeDpopKey() })
  const assertion = await client.assertion()
  return {
    url: client.url('/token'),
    method: 'POST',
    opened: 200,
    knock: async (proofs) => {
      const fields = { client_assertion: assertion }
      return (await client.refresh(refreshToken, { fields, headers: asHeaders(proofs) })).answer
    },
    knockAnew: async (proofs) =>
      (await client.refresh(refreshToken, { headers: asHeaders(proofs) })).answer,
  }
}

const resourceDoor = (url: string) => async (key: DpopKey) => {
  const { accessToken } = await client.redeem(await client.code(), { key })
  const knock = (proofs: readonly string[]) =>
    send(url, { headers: [['authorization', `DPoP ${accessToken}`], ...asHeaders(proofs)] })
  return { url, method: 'GET', accessToken, opened: 200, knock, knockAnew: knock } as const
}

type Place = {
  readonly name: string
  readonly status: 400 | 401
  readonly open: (key: DpopKey) => Promise<Door>
}

const places: readonly Place[] = [
  { name: 'PAR', status: 400, open: pushDoor },
  { name: 'the token endpoint (code)', status: 400, open: tokenDoor },
  { name: 'the token endpoint (refresh)', status: 400, open: refreshDoor },
  { name: 'userinfo', status: 401, open: resourceDoor(`${server.issuer}/userinfo`) },
  { name: 'the bank API', status: 401, open: resourceDoor(`${server.api}/accounts`) },
]

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
