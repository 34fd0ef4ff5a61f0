import { randomBytes } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { places } from '../support/doors.ts'
import type { Door } from '../support/doors.ts'
import { send } from '../support/http.ts'
import type { Answer } from '../support/http.ts'
import { forge } from '../support/proofs.ts'
import type { ProofTarget } from '../support/proofs.ts'
import { sharedServer } from '../support/worker-server.ts'
import { getResource, makeDpopKey, moveClock, nonceOf, proof, testClient } from '../support/test-client.ts' // prettier-ignore

const server = sharedServer()
const client = testClient('web')
const api = `${server.api}/accounts`

afterEach(async () => moveClock(0))

const nqchar = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** RFC 9449 8 and 9: the error, and exactly one new nonce with it. */
function expectNonceDemand(answer: Answer, status: 400 | 401): string {
  expect(answer.status).toBe(status)
  expect(answer.json['error']).toBe('use_dpop_nonce')
  if (status === 401) {
    expect(answer.headers.get('www-authenticate')).toMatch(/^DPoP error="use_dpop_nonce", .*algs="/)
  }
  const [nonce = '', ...others] = answer.all('dpop-nonce')
  expect(others).toEqual([])
  expect(nonce).toMatch(nqchar)
  return nonce
}

/** A change of some of the nonce's bytes: secret id ‖ role ‖ hint ‖ n ‖ slot ‖ random ‖ MAC. */
const tampered = (at: number, value?: Uint8Array) => (nonce: string) => {
  const bytes = Buffer.from(nonce, 'base64url')
  if (value === undefined) bytes[at] = (bytes[at] ?? 0) ^ 1
  else bytes.set(value, at)
  return bytes.toString('base64url')
}

const badNonces: readonly (readonly [string, (nonce: string) => string | undefined])[] = [
  ['no nonce', () => undefined],
  ['an empty nonce', () => ''],
  ['a nonce of its own making', () => randomBytes(38).toString('base64url')],
  ['a nonce of an unknown secret', tampered(0, Buffer.from('unknown1'))],
  ['a nonce whose role was changed', tampered(8)],
  ['a nonce whose place was changed', tampered(9)],
  ['a nonce whose guard was changed', tampered(11)],
  ['a nonce whose time slot was changed', tampered(15)],
  ['a nonce whose random part was changed', tampered(16)],
  ['a nonce whose MAC was changed', tampered(22)],
  ['a nonce whose last byte was changed', tampered(37)],
  ['a nonce that was cut', (nonce) => nonce.slice(0, -4)],
  ['a nonce with something behind it', (nonce) => `${nonce}AAAA`],
  ['a nonce of 4000 characters', () => 'n'.repeat(4_000)],
]

describe.each(places)('nonces at $name', ({ name, status, open }) => {
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

  const ids = status === 401 ? 'DPOP-10 DPOP-RS-09' : 'DPOP-10 DPOP-AS-09 DPOP-AS-12'
  for (const [what, change] of badNonces) {
    it(`${ids} ${name} asks for a nonce on ${what}`, async () => {
      const changed = forge(target, { claims: { nonce: change(target.nonce) } })
      expectNonceDemand(await door.knock([changed]), status)
    })
  }

  it(`DPOP-RS-09 DPOP-AS-10 ${name} asks for its own nonce on one of the other server`, async () => {
    const other = await nonceOf(door.url.startsWith(server.api) ? server.issuer : api)
    expect(other).not.toBe('')
    const changed = forge(target, { claims: { nonce: other } })
    expectNonceDemand(await door.knock([changed]), status)
  })

  it(`DPOP-AS-09 ${name} takes the same request with the nonce of its refusal, once`, async () => {
    const refused = await door.knock([forge(target, { claims: { nonce: undefined } })])
    const nonce = expectNonceDemand(refused, status)
    const answer = await door.knock([forge({ ...target, nonce })])
    expect(answer.status).toBe(door.opened)
    expect(answer.all('dpop-nonce')).toHaveLength(1)
    expect(answer.headers.get('cache-control')).toContain('no-store')
  })

  it(`DPOP-AS-11 ${name} takes a nonce again with another jti`, async () => {
    for (let count = 0; count < 3; count += 1) {
      const jti = randomBytes(16).toString('hex')
      expect((await door.knockAnew([forge({ ...target, jti })])).status).toBe(door.opened)
    }
  })

  it(`DPOP-AS-10 ${name} takes a nonce of the previous slot, and none that is older`, async () => {
    const old = await nonceOf(door.url)
    await moveClock(180)
    const key = await makeDpopKey()
    const later = await open(key)
    const { accessToken } = later
    const token = accessToken === undefined ? {} : { accessToken }
    const make = (nonce: string) =>
      forge({ ...target, ...token, key, nonce, jti: randomBytes(16).toString('hex') })
    const answer = await later.knockAnew([make(old)])
    expect(answer.status).toBe(later.opened)
    expect(answer.headers.get('dpop-nonce')).not.toBe(old)
    await moveClock(361)
    const fresh = expectNonceDemand(await later.knockAnew([make(old)]), status)
    expect((await later.knockAnew([make(fresh)])).status).toBe(later.opened)
  })
})

describe('handing out nonces', () => {
  it('DPOP-AS-10 shares nonces between the main and the mTLS host of one issuer', async () => {
    const key = await makeDpopKey()
    const fresh = await send(`${server.mtls}/par`, { method: 'POST', ca: server.ca })
    const nonce = fresh.headers.get('dpop-nonce') ?? ''
    const grant = { grant_type: 'client_credentials' }
    for (const side of ['main', 'mtls'] as const) {
      const { answer } = await client.token(grant, { key, side, proofOptions: { nonce } })
      expect(answer.status).toBe(200)
    }
  })

  it('MTLS-07 takes a proof for the host it came to, and not for the other one', async () => {
    const key = await makeDpopKey()
    const nonce = await nonceOf(server.issuer)
    const grant = { grant_type: 'client_credentials' }
    for (const side of ['main', 'mtls'] as const) {
      const other = client.url('/token', side === 'main' ? 'mtls' : 'main')
      const given = await proof(key, other, { nonce })
      const { answer, accessToken } = await client.token(grant, { side, proof: given })
      expect(answer.status).toBe(400)
      expect(answer.json['error']).toBe('invalid_dpop_proof')
      expect(accessToken).toBe('')
    }
  })

  it('DPOP-AS-11 puts one nonce on every answer of endpoints that take proofs', async () => {
    const key = await makeDpopKey()
    const grant = { grant_type: 'client_credentials' }
    const tokens = await client.token(grant, { key })
    const answers: Readonly<Record<string, Answer>> = {
      'PAR 201': (await client.par()).answer,
      'PAR 400': (await client.par({ fields: { response_type: 'token' } })).answer,
      'PAR 401': (await client.par({ anonymous: true })).answer,
      'PAR 405': await send(`${server.issuer}/par`, { method: 'PUT' }),
      'token 200': tokens.answer,
      'token 400': (await client.token(grant)).answer,
      'token 401': (await client.token(grant, { anonymous: true })).answer,
      'userinfo 403': await getResource(`${server.issuer}/userinfo`, tokens.accessToken, { key }),
      'userinfo 401': await send(`${server.issuer}/userinfo`),
      'API 200': await getResource(api, tokens.accessToken, { key }),
      'API 401': await getResource(api, 'not.a.token', { key }),
      'API 401 ': await send(api),
      'API 400': await send(`${api}?access_token=${tokens.accessToken}`),
    }
    for (const [what, answer] of Object.entries(answers)) {
      expect([what, answer.status]).toEqual([what, Number(/\d+/.exec(what)?.[0])])
      expect([what, answer.all('dpop-nonce').length]).toEqual([what, 1])
      expect(answer.headers.get('dpop-nonce')).toMatch(nqchar)
      expect(answer.headers.get('cache-control')).toContain('no-store')
    }
  })

  it('DPOP-AS-13 SP-TLS-09 grants no other origin access anywhere, so no script has to read a nonce', async () => {
    const origin = ['origin', 'https://app.example'] as const
    for (const url of [
      `${server.issuer}/par`,
      `${server.issuer}/token`,
      `${server.issuer}/authorize`,
      api,
    ]) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const preflight = ['access-control-request-method', 'POST'] as const
        const { headers } = await send(url, { method, headers: [origin, preflight] })
        const names = [...headers.keys()].filter((name) => name.startsWith('access-control-'))
        expect(names).toEqual([])
      }
    }
  })
})
