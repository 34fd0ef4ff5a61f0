import { createHash, randomUUID } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { send } from '../support/http.ts'
import type { Answer } from '../support/http.ts'
import { signAny } from '../support/sign-any.ts'
import { getResource, makeDpopKey, moveClock, nonceOf, proof, testClient } from '../support/test-client.ts' // prettier-ignore
import type { DpopKey, Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const api = `${server.api}/accounts`
const userinfo = `${server.issuer}/userinfo`
const client = testClient('web')

let key: DpopKey
let tokens: Tokens

beforeAll(async () => {
  key = await makeDpopKey()
  tokens = await client.redeem(await client.code(), { key })
})

afterEach(async () => moveClock(0))

/** Nothing of the resource leaves, and the challenge says why. */
function expectRefusal(answer: Answer, status: number, error: string): void {
  expect(answer.status).toBe(status)
  expect(answer.json['error']).toBe(error)
  expect(answer.headers.get('www-authenticate')).toContain(`error="${error}"`)
  expect(answer.json['accounts']).toBeUndefined()
  expect(answer.json['sub']).toBeUndefined()
}

const resources = [
  { name: 'the bank API', url: api, scope: 'accounts' },
  { name: 'userinfo', url: userinfo, scope: 'openid' },
] as const

describe.each(resources)('credentials at $name', ({ name, url, scope }) => {
  it(`DPOP-RS-02 ${name} answers a request without credentials by naming the algorithms, and no error`, async () => {
    const answer = await send(url)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^DPoP algs="ES256 PS256 EdDSA[^"]*"$/)
    expect(answer.json).toEqual({})
  })

  for (const scheme of ['DPoP', 'dpop', 'DPOP', 'dPOp']) {
    it(`SP-RS-01 DPOP-RS-01 ${name} takes the scheme as ${scheme}`, async () => {
      expect((await getResource(url, tokens.accessToken, { key, scheme })).status).toBe(200)
    })
  }

  it(`SP-RS-02 ${name} refuses a token in the query, alone and beside the header`, async () => {
    const inQuery = `${url}?access_token=${tokens.accessToken}`
    expectRefusal(await send(inQuery), 400, 'invalid_request')
    const nonce = await nonceOf(url)
    const given = await proof(key, url, { method: 'GET', nonce, accessToken: tokens.accessToken })
    const both = await getResource(inQuery, tokens.accessToken, { proof: given, scheme: 'DPoP' })
    expectRefusal(both, 400, 'invalid_request')
    const alone = await getResource(url, tokens.accessToken, { proof: given, scheme: 'DPoP' })
    expect(alone.status).toBe(200)
  })

  it(`SP-RS-02 ${name} does not look for a token in the body`, async () => {
    const accessToken = tokens.accessToken
    const given = await proof(key, url, { accessToken, nonce: await nonceOf(url) })
    const answer = await send(url, {
      method: 'POST',
      headers: [
        ['content-type', 'application/x-www-form-urlencoded'],
        ['dpop', given],
      ],
      body: `access_token=${accessToken}`,
    })
    expect([401, 405]).toContain(answer.status)
    expect(answer.json['sub']).toBeUndefined()
    expect(answer.json['accounts']).toBeUndefined()
  })

  it(`DPOP-RS-08 ${name} refuses two Authorization headers, and two credentials in one`, async () => {
    const headers = [['authorization', `Bearer ${tokens.accessToken}`]] as const
    const two = await getResource(url, tokens.accessToken, { key, headers })
    expectRefusal(two, 400, 'invalid_request')
    const joined = `${tokens.accessToken}, Bearer ${tokens.accessToken}`
    expectRefusal(await getResource(url, joined, { key }), 400, 'invalid_request')
  })

  it(`DPOP-RS-06 SP-RS-05 ${name} refuses a DPoP-bound token under Bearer, with and without proof`, async () => {
    const { accessToken } = tokens
    expectRefusal(await getResource(url, accessToken), 401, 'invalid_token')
    const withProof = await getResource(url, accessToken, { key, scheme: 'Bearer' })
    expectRefusal(withProof, 401, 'invalid_token')
    expect(withProof.headers.get('www-authenticate')).toMatch(/^Bearer .*, DPoP algs="/)
  })

  it(`DPOP-RS-01 ${name} refuses a DPoP-bound token without proof`, async () => {
    const answer = await getResource(url, tokens.accessToken, { scheme: 'DPoP' })
    expectRefusal(answer, 401, 'invalid_dpop_proof')
  })

  it(`DPOP-13 DPOP-RS-04 ${name} refuses a token with a proof of another key`, async () => {
    const answer = await getResource(url, tokens.accessToken, { key: await makeDpopKey() })
    expectRefusal(answer, 401, 'invalid_token')
  })

  it(`DPOP-13 ${name} refuses the token of another client with this client's key`, async () => {
    const other = testClient('second')
    const theirs = await makeDpopKey()
    const grant = { grant_type: 'client_credentials' }
    const { accessToken } = await other.token(grant, { key: theirs })
    expectRefusal(await getResource(url, accessToken, { key }), 401, 'invalid_token')
  })

  it(`SP-RS-04 DPOP-RS-05 ${name} answers a token of too little scope with 403 and the scope`, async () => {
    const enough = scope === 'openid' ? 'accounts' : 'openid'
    const given = await client.redeem(await client.code({ fields: { scope: enough } }), { key })
    expect(String(given.claims['scope'])).toBe(enough)
    const answer = await getResource(url, given.accessToken, { key })
    expectRefusal(answer, 403, 'insufficient_scope')
    expect(answer.headers.get('www-authenticate')).toContain(`scope="${scope}"`)
    const where = scope === 'openid' ? api : userinfo
    expect((await getResource(where, given.accessToken, { key })).status).toBe(200)
  })

  it(`SP-RS-03 ${name} refuses a token from its last second on`, async () => {
    const given = await client.redeem(await client.code(), { key })
    await moveClock(290)
    expect((await getResource(url, given.accessToken, { key })).status).toBe(200)
    await moveClock(300)
    expectRefusal(await getResource(url, given.accessToken, { key }), 401, 'invalid_token')
  })

  it(`SP-RS-03 ${name} refuses a token at once when it was revoked, and its sibling not`, async () => {
    const given = await client.redeem(await client.code(), { key })
    const sibling = await client.refresh(given.refreshToken, { key })
    expect((await getResource(url, given.accessToken, { key })).status).toBe(200)
    const revoked = await client.post('/revoke', { token: given.accessToken })
    expect(revoked.status).toBe(200)
    expectRefusal(await getResource(url, given.accessToken, { key }), 401, 'invalid_token')
    expect((await getResource(url, sibling.accessToken, { key })).status).toBe(200)
    expect((await client.post('/revoke', { token: given.refreshToken })).status).toBe(200)
    expectRefusal(await getResource(url, sibling.accessToken, { key }), 401, 'invalid_token')
  })
})

/** Tokens that are not what they seem. */
const forgeries: Readonly<Record<string, (token: string, idToken: string) => string>> = {
  'whose claims were changed': (token) => change(token, {}, { scope: 'openid accounts admin' }),
  'whose key was exchanged': (token) => change(token, {}, { cnf: { jkt: key.jkt }, sub: 'x' }),
  'whose signature was changed': (token) => token.replace(/.$/, (c) => (c === 'A' ? 'Q' : 'A')),
  'without signature': (token) => token.replace(/[^.]+$/, ''),
  'under alg none': (token) => `${change(token, { alg: 'none' }).replace(/[^.]+$/, '')}`,
  'of an unknown kid': (token) => change(token, { kid: 'unknown' }),
  'without kid': (token) => change(token, { kid: undefined }),
  'with another typ': (token) => change(token, { typ: 'JWT' }),
  'that is an id_token': (_token, idToken) => idToken,
  'that is an id_token dressed as access token': (_token, idToken) =>
    change(idToken, { typ: 'at+jwt' }),
  'that a stranger signed': (token) => resign(token, {}),
  'that a stranger signed with a key in the header': (token) =>
    resign(token, { kid: undefined, jwk: key.publicJwk }),
  'that is no JWT': () => 'opaque',
  'longer than 8 kB': (token) => `${token}${'A'.repeat(8_192)}`,
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const read = (text = '') =>
  JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>

function change(token: string, header: object, claims: object = {}): string {
  const [head, body, signature] = token.split('.')
  return [part({ ...read(head), ...header }), part({ ...read(body), ...claims }), signature].join(
    '.',
  )
}

function resign(token: string, header: object): string {
  const [head, body] = token.split('.')
  return signAny(key.jwk, { ...read(head), ...header }, read(body))
}

describe('forged tokens', () => {
  for (const { name, url } of resources) {
    for (const [what, make] of Object.entries(forgeries)) {
      it(`SP-RS-03 SP-RS-07 ${name} refuses a token ${what}`, async () => {
        const idToken = String(tokens.answer.json['id_token'])
        const forged = make(tokens.accessToken, idToken)
        expect(forged).not.toBe(tokens.accessToken)
        expectRefusal(await getResource(url, forged, { key }), 401, 'invalid_token')
      })
    }
  }
})

describe('audience', () => {
  it('SP-RS-06 SP-AS-14 the bank API refuses a token for another API, which userinfo takes', async () => {
    const resource = 'https://other-api.example'
    const given = await client.code({ fields: { resource } })
    const other = await client.redeem(given, { key })
    expect(other.claims['aud']).toBe(resource)
    expectRefusal(await getResource(api, other.accessToken, { key }), 401, 'invalid_token')
    expect((await getResource(userinfo, other.accessToken, { key })).status).toBe(200)
  })

  it('SP-RS-06 the admin API refuses a token for the bank API', async () => {
    const answer = await getResource(`${server.issuer}/admin/clients`, tokens.accessToken, { key })
    expectRefusal(answer, 401, 'invalid_token')
  })
})

describe('answers of the bank API', () => {
  it('SP-RS-01 carry a Date and the interaction id that was sent', async () => {
    const id = randomUUID()
    const headers = [
      ['x-fapi-interaction-id', id],
      ['x-fapi-auth-date', new Date().toUTCString()],
      ['x-fapi-customer-ip-address', '2001:db8::1'],
    ] as const
    const answer = await getResource(api, tokens.accessToken, { key, headers })
    expect(answer.status).toBe(200)
    expect(Date.parse(answer.headers.get('date') ?? '')).toBeGreaterThan(0)
    expect(answer.all('date')).toHaveLength(1)
    expect(answer.all('x-fapi-interaction-id')).toEqual([id])
    expect(answer.json['owner']).toBe(inject('fixtures').users.alice.sub)
    const without = await getResource(api, tokens.accessToken, { key })
    expect(without.all('x-fapi-interaction-id')).toEqual([])
    const refused = await send(api, { headers })
    expect(refused.status).toBe(401)
    expect(refused.all('x-fapi-interaction-id')).toEqual([id])
  })

  it('SP-RS-01 do not repeat an interaction id that could be more than an id', async () => {
    const headers = [['x-fapi-interaction-id', '<script>alert(1)</script>']] as const
    const answer = await getResource(api, tokens.accessToken, { key, headers })
    expect(answer.status).toBe(200)
    expect(answer.all('x-fapi-interaction-id')).toEqual([])
  })

  it('DPOP-12 need the hash of the token itself', async () => {
    const ath = createHash('sha256').update(tokens.accessToken).digest('base64url')
    const given = await proof(key, api, {
      method: 'GET',
      nonce: await nonceOf(api),
      claims: { ath },
    })
    const answer = await getResource(api, tokens.accessToken, { proof: given, scheme: 'DPoP' })
    expect(answer.status).toBe(200)
  })
})
