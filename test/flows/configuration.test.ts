import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAdminClient } from '../../cli/admin-client.ts'
import type { OperatorKey } from '../../cli/admin-client.ts'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { newClient } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import { send } from '../support/http.ts'
import { freePorts, startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'
import { refusal } from '../support/refusal.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'

/*
 * A second server, started again and again on the same state: an https issuer with a path, so that the
 * forms which the shared server does not have are seen, too.
 */

const ports = await freePorts(5)
const issuer = `https://localhost:${ports[0]}/bank`
const redirectHost = 'https://app.example'

const [kept, renamed, deleted, removed, added, contested] = await Promise.all(
  Array.from({ length: 6 }, () => newClient({ redirect_uris: [`${redirectHost}/cb`] })),
).then((made) => made as [Made, Made, Made, Made, Made, Made])
type Made = Awaited<ReturnType<typeof newClient>>

const person = { username: 'dora', password: 'the first password of dora', sub: 'sub-dora' }
const other = { username: 'emil', password: 'the first password of emil' }

let runtime: Runtime
let ca = ''

const names = (clients: readonly Made[]) => clients.map(({ metadata }) => metadata)

async function start(config: object): Promise<void> {
  runtime = await startRuntime({
    config: { issuer: { authentication: { factors: 1 } }, ...config },
    ports,
    tls: true,
    args: ['--issuer', issuer, '--no-demo'],
    ...(ca === '' ? {} : { state: runtime.state }),
  })
  ca = readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8')
}

async function restart(config: object): Promise<void> {
  await runtime.stop()
  await start(config)
}

async function admin(method: string, path: string, body?: unknown) {
  const file = readFileSync(join(runtime.state, 'operator.json'), 'utf8')
  const operator = JSON.parse(file) as OperatorKey
  const answer = await (
    await createAdminClient({ issuer, operator, ca })
  ).request(method, path, body)
  return { status: answer.status, body: answer.body as Readonly<Record<string, unknown>> }
}

const show = async ({ fixture }: Made) => (await admin('GET', `/clients/${fixture.clientId}`)).body
const clientOf = ({ fixture }: Made) => {
  const at = { issuer, mtls: `${runtime.mtls}/bank`, ca }
  return testClient({ ...fixture, redirectUri: `${redirectHost}/cb` }, at)
}

/** Whether a person can sign in with a password. */
async function signsIn({ username, password }: { username: string; password: string }) {
  const client = clientOf(renamed)
  const browser = createBrowser({ fetch: createFetch({ ca }) })
  const { requestUri } = await client.par()
  const login = await browser.open(client.authorizeUrl(requestUri))
  const page = await login.submit('login', { username, password })
  return page.forms.some(({ buttons }) => buttons.some(({ id }) => id === 'approve'))
}

const firstFile = {
  clients: names([kept, renamed, deleted, removed]),
  users: [person, other],
}

beforeAll(() => start(firstFile))
afterAll(() => runtime.stop())

describe('an https issuer with a path', () => {
  it('SP-AS-01 1.1 publishes metadata at the inserted and the appended address, and nowhere else', async () => {
    const { origin } = new URL(issuer)
    const read = (url: string) => send(url, { ca })
    for (const url of [
      `${origin}/.well-known/oauth-authorization-server/bank`,
      `${origin}/.well-known/openid-configuration/bank`,
      `${issuer}/.well-known/openid-configuration`,
    ]) {
      const answer = await read(url)
      expect(answer.status, url).toBe(200)
      expect(answer.json['issuer']).toBe(issuer)
      expect(answer.json['token_endpoint']).toBe(`${issuer}/token`)
    }
    expect((await read(`${origin}/.well-known/openid-configuration`)).status).toBe(421)
    expect((await read(`${origin}/token`)).status).toBe(421)
    expect((await read(`${origin}/banking/token`)).status).toBe(421)
  })

  it('SP-TLS-07 SP-AS-08 serves a whole flow there, with HSTS and host-bound cookies', async () => {
    const client = clientOf(kept)
    const key = await makeDpopKey()
    const pushed = await client.par({ key })
    expect(pushed.answer.status).toBe(201)
    expect(refusal((await client.par({ claims: { aud: new URL(issuer).origin } })).answer)).toBe(
      '401 invalid_client',
    )
    const browser = createBrowser({ fetch: createFetch({ ca }) })
    const login = await browser.open(client.authorizeUrl(pushed.requestUri))
    const consent = await login.submit('login', person)
    for (const { headers } of [login, consent, await browser.open(`${issuer}/authorize`)]) {
      const [, age] = /^max-age=(\d+)/.exec(headers.get('strict-transport-security') ?? '') ?? []
      expect(Number(age)).toBeGreaterThanOrEqual(31_536_000)
    }
    const cookies = browser.cookies.list()
    expect(cookies.length).toBe(2)
    for (const cookie of cookies) {
      expect(cookie.name).toMatch(/^__Host-fapi-local-/)
      expect(cookie).toMatchObject({ secure: true, httpOnly: true, path: '/', sameSite: 'lax' })
    }
    const callback = (await consent.submit('approve')).redirectedTo
    expect(callback?.searchParams.get('iss')).toBe(issuer)
    const given = { code: callback?.searchParams.get('code') ?? '', verifier: pushed.verifier }
    const tokens = await client.redeem(given, { key })
    expect(tokens.claims).toMatchObject({ iss: issuer, sub: 'sub-dora' })
  })
})

describe('the configuration file', () => {
  it('design 10 creates what is absent', async () => {
    for (const client of [kept, renamed, deleted, removed]) {
      expect(await show(client)).toMatchObject({ enabled: true, version: 1 })
    }
    expect(await signsIn(person)).toBe(true)
    expect(await signsIn(other)).toBe(true)
  })

  it('design 10 undoes nothing that the admin API changed, when the file stays as it was', async () => {
    const path = ({ fixture }: Made) => `/clients/${fixture.clientId}`
    await admin('POST', `${path(kept)}/disable`)
    await admin('PUT', path(renamed), { ...renamed.metadata, client_name: 'Named by the operator' })
    await admin('DELETE', path(deleted))
    await admin('POST', '/users/emil/disable')
    const password = 'the second password of dora'
    await admin('PUT', '/users/dora', { password })
    await admin('PUT', path(contested), {
      ...contested.metadata,
      client_name: 'Made by the operator',
    })

    await restart(firstFile)
    expect(await show(kept)).toMatchObject({ enabled: false, version: 2 })
    expect(await show(renamed)).toMatchObject({ client_name: 'Named by the operator', version: 2 })
    expect((await admin('GET', path(deleted))).status).toBe(404)
    expect(await signsIn(other)).toBe(false)
    expect(await signsIn({ ...person, password })).toBe(true)
    expect(await signsIn(person)).toBe(false)
    expect(refusal((await clientOf(kept).par()).answer)).toBe('401 invalid_client')
  })

  it('design 10 changes only the entries that changed in it, and never enables', async () => {
    const password = 'the third password of emil'
    await restart({
      clients: [
        { ...kept.metadata, client_name: 'Named by the file' },
        ...names([renamed, added, contested]),
      ],
      users: [person, { ...other, password }],
    })
    expect(await show(kept)).toMatchObject({ client_name: 'Named by the file', enabled: false })
    expect(await show(renamed)).toMatchObject({ client_name: 'Named by the operator', version: 2 })
    expect(await show(added)).toMatchObject({ enabled: true, version: 1 })
    // Somebody else made this one first: it is theirs.
    expect(await show(contested)).toMatchObject({ client_name: 'Made by the operator', version: 1 })
    // What left the file stays where it is.
    expect(await show(removed)).toMatchObject({ enabled: true, version: 1 })
    expect((await admin('GET', '/users/emil')).body).toMatchObject({ enabled: false })
    expect(await signsIn({ ...other, password })).toBe(false)
    await admin('POST', '/users/emil/enable')
    expect(await signsIn({ ...other, password })).toBe(true)
  })

  it('design 10 goes through the same validator as the admin API, and stops with one sentence', async () => {
    const { metadata, fixture } = await newClient({ token_endpoint_auth_method: 'none' })
    await runtime.stop()
    const failed = start({ clients: [metadata] })
    await expect(failed).rejects.toThrow(
      new RegExp(`client '${fixture.clientId}'.*token_endpoint_auth_method`),
    )
    await start(firstFile)
    expect((await admin('GET', `/clients/${fixture.clientId}`)).status).toBe(404)
  })
})
