import { decodeJwt } from 'jose'
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { openAdmin, registerClient, registerPerson } from '../support/admin.ts'
import type { Admin, Person } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { asking, payment } from '../support/details.ts'
import type { ClientFixture } from '../support/fixtures.ts'
import { pageRefusal, refusal } from '../support/refusal.ts'
import { control, getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { TestClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { strangers } = inject('fixtures')
const key = await makeDpopKey()
const grant = { grant_type: 'client_credentials', scope: 'accounts' }

let admin: Admin
beforeAll(async () => {
  admin = await openAdmin()
})
afterEach(() => control('/faults', {}))

/** Changes a registration while every copy, those that a cold isolate reads too, keeps the old one. */
async function changeUnnoticed(
  { clientId }: ClientFixture,
  metadata: Readonly<Record<string, unknown>>,
): Promise<void> {
  await control('/faults', { kv_stale_s: 600 })
  const answer = await admin.request('PUT', `/clients/${clientId}`, metadata)
  expect(answer.status).toBe(200)
}

describe('a client that is faster than the news of its change', () => {
  it('SP-AS-14 design 2 gets no token with a scope it lost', async () => {
    const { fixture, metadata } = await registerClient(admin)
    const client = testClient(fixture)
    expect((await client.token(grant, { key })).answer.json['scope']).toBe('accounts')
    await changeUnnoticed(fixture, { ...metadata, scope: 'openid profile' })
    const refused = await client.token(grant, { key })
    expect(refusal(refused.answer)).toBe('400 invalid_scope')
    expect(refused.accessToken).toBe('')
    await changeUnnoticed(fixture, metadata)
    const { answer, accessToken } = await client.token(grant, { key })
    expect(answer.json['scope']).toBe('accounts')
    expect((await getResource(`${server.api}/accounts`, accessToken, { key })).status).not.toBe(401)
  })

  it('SP-AS-34 design 2 learns nothing of a person with a code once it lost openid', async () => {
    const { fixture, metadata } = await registerClient(admin)
    const client = testClient(fixture)
    const claims = JSON.stringify({ id_token: { name: null } })
    const asked = { key, fields: { scope: 'openid profile accounts', claims } }
    const kept = await client.redeem(await client.code(asked), { key })
    expect(decodeJwt(String(kept.answer.json['id_token']))['name']).toBe('Alice Liddell')
    const given = await client.code(asked)
    await changeUnnoticed(fixture, { ...metadata, scope: 'accounts' })
    const { answer, refreshToken } = await client.redeem(given, { key })
    expect([answer.status, answer.json['scope'], answer.json['id_token']]).toEqual([
      200,
      'accounts',
      undefined,
    ])
    expect((await client.refresh(refreshToken, { key })).answer.json['scope']).toBe('accounts')
    await changeUnnoticed(fixture, { ...metadata, scope: 'email' })
    const refused = await client.refresh(refreshToken, { key })
    expect([refusal(refused.answer), refused.accessToken]).toEqual(['400 invalid_scope', ''])
  })

  it('SP-AS-05 MTLS-27 gets no token bound to less than it is registered for now', async () => {
    const { fixture, metadata } = await registerClient(admin)
    const client = testClient(fixture)
    const sender = { key, credential: strangers.selfSigned, side: 'mtls' } as const
    const before = await client.token(grant, sender)
    expect(before.claims['cnf']).toEqual({ jkt: key.jkt })
    await changeUnnoticed(fixture, {
      ...metadata,
      dpop_bound_access_tokens: true,
      tls_client_certificate_bound_access_tokens: true,
    })
    const after = await client.token(grant, sender)
    expect(after.answer.status).toBe(200)
    expect(Object.keys(after.claims['cnf'] as object).sort()).toEqual(['jkt', 'x5t#S256'])
    await changeUnnoticed(fixture, { ...metadata, dpop_bound_access_tokens: true })
    const again = await client.token(grant, sender)
    expect(again.claims['cnf']).toEqual({ jkt: key.jkt })
  })

  it('SP-AS-05 MTLS-27 gets no token by a key alone once it is bound to a certificate as well', async () => {
    const { fixture, metadata } = await registerClient(admin)
    const client = testClient(fixture)
    expect((await client.token(grant, { key })).answer.status).toBe(200)
    await changeUnnoticed(fixture, {
      ...metadata,
      dpop_bound_access_tokens: true,
      tls_client_certificate_bound_access_tokens: true,
    })
    const refused = await client.token(grant, { key })
    expect(refusal(refused.answer)).toBe('400 invalid_request')
    await changeUnnoticed(fixture, metadata)
    expect((await client.token(grant, { key })).answer.status).toBe(200)
  })

  it('design 2 gets no refresh token with a code from before it lost that grant type', async () => {
    const { fixture, metadata } = await registerClient(admin)
    const client = testClient(fixture)
    const [one, two] = [await client.code({ key }), await client.code({ key })]
    const before = await client.redeem(one, { key })
    expect([before.answer.status, before.refreshToken === '']).toEqual([200, false])
    const grantTypes = { grant_types: ['authorization_code'] }
    await changeUnnoticed(fixture, { ...metadata, ...grantTypes, scope: 'openid' })
    const after = await client.redeem(two, { key })
    expect(after.answer.status).toBe(200)
    expect(after.answer.json).not.toHaveProperty('refresh_token')
    expect(after.claims['scope']).toBe('openid')
    const refreshed = await client.refresh(before.refreshToken, { key })
    expect(refusal(refreshed.answer)).toBe('400 unauthorized_client')
  })
})

describe('a request that was pushed before its client changed', () => {
  const types = { authorization_details_types: ['payment_initiation'] }
  const changes = [
    ['RAR-17 asks for a type the client lost', { authorization_details_types: undefined }],
    ['MS-JAR-01 is not signed, as the client must now', { require_signed_request_object: true }],
  ] as const

  it.each(changes)('%s, and is shown to nobody', async (_what, change) => {
    const { fixture, metadata } = await registerClient(admin, types)
    const client = testClient(fixture)
    const { requestUri } = await client.par({ key, fields: asking(payment) })
    const url = client.authorizeUrl(requestUri)
    expect((await createBrowser().open(url)).status).toBe(200)
    await changeUnnoticed(fixture, { ...metadata, ...change })
    expect((await createBrowser().open(url)).words).toContain('may not')
    await changeUnnoticed(fixture, metadata)
    expect((await createBrowser().open(url)).status).toBe(200)
  })
})

describe('an approval page that stays open while its person changes', () => {
  const web = testClient('web')

  async function openConsent(person: Person): Promise<Page> {
    const { requestUri } = await web.par()
    const login = await createBrowser().open(web.authorizeUrl(requestUri))
    const consent = await login.submit('login', person)
    expect(consent.words).toContain(`Signed in as ${person.username}`)
    return consent
  }

  const codeOf = (page: Page) => page.redirectedTo?.searchParams.get('code') ?? undefined

  const changes: readonly (readonly [
    string,
    (path: string, password: string) => Promise<unknown>,
  ])[] = [
    ['a new password', (path, password) => admin.request('PUT', path, { password })],
    ['the account disabled and enabled', async (path) => {
      await admin.request('POST', `${path}/disable`)
      await admin.request('POST', `${path}/enable`)
    }],
  ] // prettier-ignore

  it.each(changes)('ATK-A1-19 SP-CR-11 cannot approve after %s', async (_, change) => {
    const person = await registerPerson(admin)
    const path = `/users/${person.username}`
    const [unchanged, stolen] = [await openConsent(person), await openConsent(person)]
    expect(codeOf(await unchanged.submit('approve'))).toBeTruthy()
    const password = `another ${person.password}`
    await change(path, password)
    const refused = await stolen.submit('approve')
    expect(pageRefusal(refused)).toBe('403 access_denied')
    const grants = (await admin.request('GET', `${path}/grants`)).json['grants']
    expect(grants).toHaveLength(1)
    // Whoever knows the password now signs in again.
    const login = await createBrowser().open(web.authorizeUrl((await web.par()).requestUri))
    const known = [person.password, password]
    for (const attempt of known) {
      const consent = await login.submit('login', { ...person, password: attempt })
      if (consent.status === 403) continue
      expect(codeOf(await consent.submit('approve'))).toBeTruthy()
      return
    }
    throw new Error('neither password signs in')
  })
})

describe('a client that is written and deleted at the same time', () => {
  /** Milliseconds the write comes after the deletion. */
  const delays = [0, 45, 90, 135, 180, 225]

  async function stateOf(client: TestClient) {
    const { clientId } = client.fixture
    const listed = await admin.request('GET', `/clients?after=${clientId.slice(0, -1)}`)
    const clients = listed.json['clients'] as readonly { readonly client_id: string }[]
    return {
      authenticates: (await client.token(grant, { key })).answer.status === 200,
      found: (await admin.request('GET', `/clients/${clientId}`)).status === 200,
      listed: clients.some(({ client_id }) => client_id === clientId),
    }
  }

  it.each(delays)('design 2 is there for everybody or for nobody, %i ms apart', async (delay) => {
    const { fixture, metadata } = await registerClient(admin)
    const client = testClient(fixture)
    const path = `/clients/${fixture.clientId}`
    const everywhere = { authenticates: true, found: true, listed: true }
    const gone = { authenticates: false, found: false, listed: false }
    expect(await stateOf(client)).toEqual(everywhere)
    await control('/faults', { storage_delay_ms: 60 })
    const late = new Promise((resolve) => setTimeout(resolve, delay))
    const [deleted, written] = await Promise.all([
      admin.request('DELETE', path),
      late.then(() => admin.request('PUT', path, metadata)),
    ])
    await control('/faults', {})
    expect(deleted.status).toBe(204)
    expect([200, 201]).toContain(written.status)
    const state = await stateOf(client)
    expect(state).toEqual(state.authenticates ? everywhere : gone)
    const disabled = await admin.request('POST', `${path}/disable`)
    expect(disabled.status).toBe(state.authenticates ? 200 : 404)
    expect(refusal((await client.token(grant, { key })).answer)).toBe('401 invalid_client')
    expect((await admin.request('DELETE', path)).status).toBe(state.authenticates ? 204 : 404)
    expect(await stateOf(client)).toEqual(gone)
  })
})
