import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newClient, openAdmin } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import type { ClientFixture } from '../support/fixtures.ts'
import { openKeyHost, text } from '../support/key-host.ts'
import type { KeyHost } from '../support/key-host.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { Server } from '../support/test-client.ts'

let runtime: Runtime
let server: Server
let admin: Admin
let host: KeyHost
const key = await makeDpopKey()
const ada = { username: 'ada', password: 'ada has a long password' }
const bob = { username: 'bob', password: 'bob has a long password' }

beforeAll(async () => {
  host = await openKeyHost()
  runtime = await startRuntime({
    args: ['--outbound-allow', host.origin, '--no-demo'],
    config: {
      issuer: { authentication: { factors: 1 } },
      users: [{ ...ada, sub: 'sub-ada' }, { ...bob, sub: 'sub-bob' }],
    },
  }) // prettier-ignore
  server = { ...runtime, ca: readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8') }
  admin = await openAdmin(server)
})

afterAll(async () => {
  await runtime.stop()
  await host.close()
})

/** Registers a client of its own with redirect URIs on one host; `put` does so again. */
async function make(redirectHost: string, extra: object = {}) {
  const { fixture, metadata } = await newClient()
  const redirectUri = `https://${redirectHost}/${fixture.clientId}`
  const put = (changes: object = {}) =>
    admin.request('PUT', `/clients/${fixture.clientId}`, {
      ...metadata,
      redirect_uris: [redirectUri],
      subject_type: 'pairwise',
      ...extra,
      ...changes,
    })
  return { fixture: { ...fixture, redirectUri } satisfies ClientFixture, redirectUri, put }
}

async function registered(redirectHost: string, extra: object = {}): Promise<ClientFixture> {
  const { fixture, put } = await make(redirectHost, extra)
  const answer = await put()
  expect(answer.status, answer.text).toBe(201)
  return fixture
}

/** The subjects a client meets in a whole flow: all the same, or the test fails. */
async function subjectAt(fixture: ClientFixture, person = ada): Promise<string> {
  const client = testClient(fixture, server)
  const pushed = await client.par({ key })
  const callback = await client.approve(pushed.requestUri, person)
  const given = { code: callback.searchParams.get('code') ?? '', verifier: pushed.verifier }
  const tokens = await client.redeem(given, { key })
  const refreshed = await client.refresh(tokens.refreshToken, { key })
  const userinfo = await getResource(`${server.issuer}/userinfo`, tokens.accessToken, {
    key,
    on: server,
  })
  const api = await getResource(`${server.api}/accounts`, tokens.accessToken, { key, on: server })
  const told = [
    decodeJwt(String(tokens.answer.json['id_token'])).sub,
    tokens.claims['sub'],
    refreshed.claims['sub'],
    userinfo.json['sub'],
    api.json['owner'],
  ]
  expect(new Set(told).size, JSON.stringify(told)).toBe(1)
  return String(told[0])
}

describe('pairwise subjects (OIDC Core 8.1)', () => {
  it('are the same at every place and time for one sector, and others for another', async () => {
    const [one, sibling, other, open] = await Promise.all([
      registered('one.example'),
      registered('one.example'),
      registered('two.example'),
      registered('one.example', { subject_type: 'public' }),
    ])
    const first = await subjectAt(one)
    expect(first).toMatch(/^user-[A-Za-z0-9_-]{43}$/)
    expect(await subjectAt(one)).toBe(first)
    expect(await subjectAt(sibling)).toBe(first)
    const apart = await subjectAt(other)
    const others = [apart, await subjectAt(one, bob), await subjectAt(other, bob), first]
    expect(new Set(others).size).toBe(4)
    expect(await subjectAt(open)).toBe('sub-ada')
  })

  it('leave what the operator knows of a person as it is', async () => {
    await subjectAt(await registered('one.example'))
    const { json } = await admin.request('GET', '/users/ada')
    expect(json).toMatchObject({ username: 'ada', sub: 'sub-ada' })
    expect(JSON.stringify(json)).not.toContain('salt')
  })
})

describe('the address of a sector (OIDC Registration 5)', () => {
  it('joins clients of several hosts when it lists all their redirect URIs', async () => {
    const uri = `${host.origin}/sector`
    const one = await make('three.example', { sector_identifier_uri: uri })
    const two = await make('four.example', { sector_identifier_uri: uri })
    host.serve('/sector', text(JSON.stringify([one.redirectUri, two.redirectUri, 'x', 1])))
    for (const { put } of [one, two]) expect((await put()).status).toBe(201)
    const [first, second] = [await subjectAt(one.fixture), await subjectAt(two.fixture)]
    expect(first).toBe(second)
    expect(first).not.toBe(await subjectAt(await registered('three.example')))
  })

  it('refuses the registration when it lists too little or nothing, and stores nothing', async () => {
    const { fixture, redirectUri, put } = await make('five.example', {
      sector_identifier_uri: `${host.origin}/wrong`,
    })
    const second = `${redirectUri}/2`
    const answers = [
      text('[]'),
      text(JSON.stringify([second])),
      text(JSON.stringify({ uris: [redirectUri, second] })),
      text(JSON.stringify(`${redirectUri} ${second}`)),
      text('<html>'),
      text(JSON.stringify([redirectUri, second]), 404),
      text('', 302, { location: `${host.origin}/sector` }),
    ]
    const redirect_uris = [redirectUri, second]
    for (const answer of answers) {
      host.serve('/wrong', answer)
      expect(refusal(await put({ redirect_uris }))).toBe('400 invalid_client_metadata')
    }
    expect((await admin.request('GET', `/clients/${fixture.clientId}`)).status).toBe(404)
    host.serve('/wrong', text(JSON.stringify([redirectUri, second])))
    expect((await put({ redirect_uris })).status).toBe(201)
  })

  it('is asked for public subjects too, and again when the registration changes', async () => {
    const { redirectUri, put } = await make('six.example', {
      subject_type: 'public',
      sector_identifier_uri: `${host.origin}/six`,
    })
    host.serve('/six', text(JSON.stringify([redirectUri])))
    expect((await put()).status).toBe(201)
    const more = { redirect_uris: [redirectUri, `${redirectUri}/2`] }
    expect(refusal(await put(more))).toBe('400 invalid_client_metadata')
    expect(host.asked('/six')).toBe(2)
  })
})
