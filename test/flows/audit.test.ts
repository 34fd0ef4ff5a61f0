import { randomBytes } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { openAdmin, registerPerson } from '../support/admin.ts'
import { consumedIn, loggedIn, problemsIn } from '../support/audit.ts'
import type { AuditRecord } from '../support/audit.ts'
import { createBrowser } from '../support/browser.ts'
import { pushSigned } from '../support/request-objects.ts'
import {
  getResource,
  makeDpopKey,
  nonceOf,
  nowSeconds,
  proof,
  testClient,
} from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const second = testClient('second')
const resourceServer = testClient('resourceServer')
const key = await makeDpopKey()

/** A trace nobody else uses: what was recorded of one request is found by it. */
function newTrace() {
  const traceId = randomBytes(16).toString('hex')
  const spanId = randomBytes(8).toString('hex')
  const headers = [['traceparent', `00-${traceId}-${spanId}-01`]] as const
  const records = () => loggedIn(server.state).filter(({ trace_id }) => trace_id === traceId)
  return { traceId, spanId, headers, records }
}

/** What a piece of work recorded, in all that the server logged meanwhile. */
async function recordedIn(work: () => Promise<unknown>): Promise<readonly AuditRecord[]> {
  const before = loggedIn(server.state).length
  await work()
  return loggedIn(server.state).slice(before)
}

const named = (records: readonly AuditRecord[]) => records.map(({ event }) => event)

describe('the audit stream', () => {
  it('issue 4-8 reaches a queue’s consumer: the very records of the log', async () => {
    const { traceId, spanId, headers, records } = newTrace()
    const pushed = await web.par({ key, headers })
    expect(pushed.answer.status).toBe(201)
    await vi.waitFor(
      () => {
        const consumed = consumedIn(server.state).filter(({ trace_id }) => trace_id === traceId)
        expect(consumed).toEqual(records())
      },
      { timeout: 20_000, interval: 200 },
    )
    expect(records()).toMatchObject([
      {
        event: 'par.accepted',
        severity_text: 'INFO',
        severity_number: 9,
        client_id: web.fixture.clientId,
        endpoint: '/par',
        trace_id: traceId,
        span_id: spanId,
      },
    ])
  })

  it('has a trace of its own where the header of the caller is garbage', async () => {
    const garbage = `00-${'<script>'.repeat(4)}-${'"},{'.repeat(4)}-01`
    const records = await recordedIn(() => web.par({ key, headers: [['traceparent', garbage]] }))
    expect(JSON.stringify(records)).not.toContain('<script')
    const accepted = records.find(({ event }) => event === 'par.accepted')
    expect(accepted?.['trace_id']).toMatch(/^[0-9a-f]{32}$/)
    expect(accepted?.['span_id']).toMatch(/^[0-9a-f]{16}$/)
  })

  it('tells one flow from the push to the end of the grant', async () => {
    const records = await recordedIn(async () => {
      const { accessToken, refreshToken } = await web.redeem(await web.code({ key }), { key })
      await web.refresh(refreshToken, { key })
      await getResource(`${server.api}/accounts`, accessToken, { key })
      await resourceServer.post('/introspect', { token: accessToken })
      await web.post('/revoke', { token: refreshToken })
    })
    for (const event of [
      'par.accepted', 'sign_in.succeeded', 'consent.shown', 'consent.approved', 'token.issued',
      'token.introspected', 'token.revoked',
    ] as const) expect(named(records)).toContain(event) // prettier-ignore
    const [shown, approved] = (['consent.shown', 'consent.approved'] as const).map((wanted) =>
      records.find(({ event }) => event === wanted),
    )
    expect(approved?.['grant']).toBe(shown?.['grant'])
    const introspected = records.filter(({ event }) => event === 'token.introspected')
    expect(introspected.map(({ active }) => active)).toContain(true)
    expect(introspected.some((record) => record['resource_server'] === server.api)).toBe(true)
    expect(introspected.some((one) => one['client_id'] === resourceServer.fixture.clientId)).toBe(true) // prettier-ignore
  })
})

describe('what an operator does', () => {
  it('is recorded, and what became of the keys', async () => {
    const admin = await openAdmin()
    const records = await recordedIn(async () => {
      await admin.request('POST', '/keys/rotate?purpose=evidence')
      const { json } = await admin.request('GET', '/keys?purpose=evidence')
      const keys = json['keys'] as readonly Readonly<Record<'kid' | 'state', string>>[]
      const next = keys.find(({ state }) => state === 'next')
      await admin.request('POST', `/keys/${next?.kid}/revoke`)
    })
    const operations = records.filter(({ event }) => event === 'admin.operation')
    expect(operations.map(({ operation }) => operation)).toEqual([
      'POST /keys/rotate', 'GET /keys', 'POST /keys/:id/revoke',
    ]) // prettier-ignore
    const revoked = records.find(({ event }) => event === 'key.revoked')
    expect(revoked).toMatchObject({ ring: 'evidence', severity_text: 'WARN' })
    const made = records.filter(({ event }) => event === 'key.made')
    expect(made.map(({ kid }) => kid)).toContain(revoked?.['kid'])
  })
})

type Attack = (headers: readonly (readonly [string, string])[]) => Promise<unknown>

const tokenProof = async (claims: Readonly<Record<string, unknown>> = {}) =>
  proof(key, web.url('/token'), { nonce: await nonceOf(web.url('/token')), claims })
const credentials = { grant_type: 'client_credentials', scope: 'accounts' }

/** What is tried, and the record it must leave behind with what. */
const attacks: readonly (readonly [string, AuditRecord, Attack])[] = [
  ['an assertion for somebody else', { event: 'client.refused', endpoint: '/par', code: 'invalid_client', client_id: web.fixture.clientId }, (headers) =>
    web.par({ key, headers, claims: { aud: 'https://other.example' } })],
  ['an assertion of a client that does not exist', { event: 'client.refused', endpoint: '/token', detail: 'no such client' }, (headers) =>
    web.token(credentials, { key, headers, claims: { iss: 'strange', sub: 'strange' } })],
  ['an assertion a second time', { event: 'assertion.replayed', endpoint: '/token', client_id: web.fixture.clientId }, async (headers) => {
    const client_assertion = await web.assertion()
    await web.token(credentials, { key, fields: { client_assertion } })
    await web.token(credentials, { key, headers, fields: { client_assertion } })
  }],
  ['a proof a second time', { event: 'proof.replayed', endpoint: '/token', code: 'invalid_dpop_proof' }, async (headers) => {
    const used = await tokenProof()
    await web.token(credentials, { proof: used })
    await web.token(credentials, { proof: used, headers })
  }],
  ['a proof for another address', { event: 'proof.refused', endpoint: '/token', code: 'invalid_dpop_proof' }, async (headers) =>
    web.token(credentials, { headers, proof: await tokenProof({ htu: 'https://other.example/token' }) })],
  ['a proof with a nonce that was made up', { event: 'nonce.refused', endpoint: '/token', severity_text: 'INFO' }, async (headers) =>
    web.token(credentials, { headers, proof: await tokenProof({ nonce: 'made-up' }) })],
  ['a code of another client', { event: 'grant.refused', endpoint: '/token', client_id: second.fixture.clientId }, async (headers) =>
    second.redeem(await web.code({ key }), { key, headers })],
  ['a code with another verifier', { event: 'grant.refused', endpoint: '/token', code: 'invalid_grant' }, async (headers) => {
    const { code } = await web.code({ key })
    await web.redeem({ code, verifier: 'w'.repeat(43) }, { key, headers })
  }],
  ['a code a second time', { event: 'code.reused', client_id: web.fixture.clientId }, async (headers) => {
    const given = await web.code({ key })
    await web.redeem(given, { key })
    await web.redeem(given, { key, headers })
  }],
  ['a stolen access token with a key of one’s own', { event: 'access.refused', endpoint: '/userinfo', code: 'invalid_token' }, async (headers) => {
    const { accessToken } = await web.redeem(await web.code({ key }), { key })
    await getResource(`${server.issuer}/userinfo`, accessToken, { key: await makeDpopKey(), headers })
  }],
  ['a client’s token at the admin API', { event: 'access.refused', endpoint: '/admin/*', client_id: web.fixture.clientId }, async (headers) => {
    const { accessToken } = await web.token(credentials, { key })
    await getResource(`${server.issuer}/admin/keys`, accessToken, { key, headers })
  }],
  ['a request signed for somebody else', { event: 'request_object.refused', endpoint: '/par' }, (headers) =>
    pushSigned(web, server.issuer, { claims: { aud: 'https://other.example' }, post: { key, headers } })],
  ['a request that has expired', { event: 'request_object.refused', endpoint: '/par' }, (headers) =>
    pushSigned(web, server.issuer, { claims: { nbf: nowSeconds() - 600, exp: nowSeconds() - 300 }, post: { key, headers } })],
  ['a redirect to a strange address', { event: 'request.refused', endpoint: '/par', client_id: web.fixture.clientId }, (headers) =>
    web.par({ key, headers, fields: { redirect_uri: 'https://evil.example/cb' } })],
  ['a token of another client given back', { event: 'grant.refused', endpoint: '/revoke', client_id: second.fixture.clientId }, async (headers) => {
    const { accessToken } = await web.token(credentials, { key })
    await second.post('/revoke', { token: accessToken }, { headers })
  }],
  ['introspection by a client that is no resource server', { event: 'request.refused', endpoint: '/introspect', code: 'access_denied' }, (headers) =>
    web.post('/introspect', { token: 'x' }, { headers })],
] // prettier-ignore

describe('a refusal', () => {
  it.each(attacks)('of %s leaves its record', async (_, record, attack) => {
    const { headers, records } = newTrace()
    await attack(headers)
    expect(records()).toContainEqual(expect.objectContaining({ ...record }))
    expect(records().every(({ issuer }) => typeof issuer === 'string')).toBe(true)
  })

  it('of a wrong password leaves its record, with the account and without the name', async () => {
    const person = await registerPerson(await openAdmin())
    const { requestUri } = await web.par({ key })
    const login = await createBrowser().open(web.authorizeUrl(requestUri))
    const records = await recordedIn(() =>
      login.submit('login', { username: person.username, password: 'wrong' }),
    )
    const refused = records.find(({ event }) => event === 'sign_in.refused')
    expect(refused?.['account']).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(records)).not.toContain(person.username)
  })
})

describe('every record so far', () => {
  it('is what docs/audit.schema.json says', () => {
    expect(loggedIn(server.state).length).toBeGreaterThan(50)
    expect(problemsIn(server.state)).toEqual([])
  })
})
