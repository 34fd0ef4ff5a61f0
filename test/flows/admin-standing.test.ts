import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { openAdmin, registerClient, registerPerson } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { createBrowser } from '../support/browser.ts'
import { pageRefusal, refusal } from '../support/refusal.ts'
import { control, getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { TestClient, Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { alice } = inject('fixtures').users
const resourceServer = testClient('resourceServer')
const key = await makeDpopKey()
const other = 'https://other-api.example'
const grant = { grant_type: 'client_credentials', scope: 'accounts' }

let admin: Admin
beforeAll(async () => {
  admin = await openAdmin()
})

/** Everything a client can hold: tokens of a person and of its own, a code, pushed requests half way. */
async function hold(client: TestClient) {
  const tokens = await client.redeem(await client.code({ key }), { key })
  const forOther = await client.redeem(await client.code({ key, fields: { resource: other } }), {
    key,
  })
  const login = await createBrowser().open(client.authorizeUrl((await client.par()).requestUri))
  return {
    tokens,
    forOther,
    own: await client.token(grant, { key }),
    code: await client.code({ key }),
    pushed: await client.par(),
    consent: await login.submit('login', alice),
  }
}

/** Which of a client's or person's tokens still work, and where. */
async function alive(held: {
  readonly tokens: Tokens
  readonly forOther?: Tokens
  readonly own?: Tokens
}): Promise<Record<string, unknown>> {
  const { tokens, forOther, own } = held
  const status = async (url: string, token: string) =>
    (await getResource(url, token, { key })).status
  return {
    bank: await status(`${server.api}/accounts`, tokens.accessToken),
    userinfo: await status(`${server.issuer}/userinfo`, tokens.accessToken),
    ...(own && { own: await status(`${server.api}/accounts`, own.accessToken) }),
    ...(forOther && {
      introspected: (await resourceServer.post('/introspect', { token: forOther.accessToken })).json['active'],
    }),
  } // prettier-ignore
}

const working = { bank: 200, userinfo: 200, own: 200, introspected: true }
const ended = { bank: 401, userinfo: 401, own: 401, introspected: false }

describe('a client that the operator disables', () => {
  it('SP-PAR-10 SP-CR-11 is refused at once, everywhere, with all it holds', async () => {
    const { fixture } = await registerClient(admin)
    const client = testClient(fixture)
    const held = await hold(client)
    expect(await alive(held)).toEqual(working)
    const answer = await admin.request('POST', `/clients/${fixture.clientId}/disable`)
    expect(answer.json).toMatchObject({ client_id: fixture.clientId, enabled: false })

    expect(refusal((await client.par()).answer)).toBe('401 invalid_client')
    expect(refusal((await client.token(grant, { key })).answer)).toBe('401 invalid_client')
    expect(refusal((await client.redeem(held.code, { key })).answer)).toBe('401 invalid_client')
    const refreshed = await client.refresh(held.tokens.refreshToken, { key })
    expect(refusal(refreshed.answer)).toBe('401 invalid_client')
    const revoked = await client.post('/revoke', { token: 'any' })
    expect(refusal(revoked)).toBe('401 invalid_client')
    const opened = await createBrowser().open(client.authorizeUrl(held.pushed.requestUri))
    expect(pageRefusal(opened)).toBe('400 unauthorized_client')
    expect(pageRefusal(await held.consent.submit('approve'))).toBe('400 unauthorized_client')
    expect(await alive(held)).toEqual(ended)
  })

  it('SP-CR-11 may begin anew when it is enabled again; what it held has ended', async () => {
    const { fixture } = await registerClient(admin)
    const client = testClient(fixture)
    const held = await hold(client)
    await admin.request('POST', `/clients/${fixture.clientId}/disable`)
    const enabled = await admin.request('POST', `/clients/${fixture.clientId}/enable`)
    expect(enabled.json).toMatchObject({ enabled: true, version: 3 })
    expect(await alive(held)).toEqual(ended)
    const refreshed = await client.refresh(held.tokens.refreshToken, { key })
    expect(refusal(refreshed.answer)).toBe('400 invalid_grant')
    expect(refusal((await client.redeem(held.code, { key })).answer)).toBe('400 invalid_grant')
    const opened = await createBrowser().open(client.authorizeUrl(held.pushed.requestUri))
    expect(pageRefusal(opened)).toBe('400 unauthorized_client')
    expect(await alive(await hold(client))).toEqual(working)
  })

  it('SP-PAR-10 is not enabled by a change of its metadata', async () => {
    const { fixture, metadata } = await registerClient(admin)
    const path = `/clients/${fixture.clientId}`
    await admin.request('POST', `${path}/disable`)
    const changed = await admin.request('PUT', path, { ...metadata, client_name: 'Renamed' })
    expect(changed.json).toMatchObject({ client_name: 'Renamed', enabled: false })
    const { answer } = await testClient(fixture).par()
    expect(refusal(answer)).toBe('401 invalid_client')
  })

  it('introspection ends for a resource server that is disabled itself', async () => {
    // Its registration is restored: other tests use it.
    const path = `/clients/${resourceServer.fixture.clientId}`
    try {
      await admin.request('POST', `${path}/disable`)
      const answer = await resourceServer.post('/introspect', { token: 'any' })
      expect(refusal(answer)).toBe('401 invalid_client')
    } finally {
      await admin.request('POST', `${path}/enable`)
    }
    expect((await resourceServer.post('/introspect', { token: 'any' })).status).toBe(200)
  })
})

describe('a client that is deleted', () => {
  it('SP-PAR-10 SP-CR-11 is gone, and made again it has nothing of what it held', async () => {
    const { fixture, metadata } = await registerClient(admin)
    const path = `/clients/${fixture.clientId}`
    const client = testClient(fixture)
    const held = await hold(client)
    const used = { jti: crypto.randomUUID() }
    expect((await client.par({ claims: used })).answer.status).toBe(201)
    expect((await admin.request('DELETE', path)).status).toBe(204)
    expect(refusal(await admin.request('GET', path))).toBe('404 not_found')
    expect(refusal((await client.par()).answer)).toBe('401 invalid_client')
    expect(await alive(held)).toEqual(ended)

    expect((await admin.request('PUT', path, metadata)).status).toBe(201)
    expect(await alive(held)).toEqual(ended)
    const refreshed = await client.refresh(held.tokens.refreshToken, { key })
    expect(refusal(refreshed.answer)).toBe('400 invalid_grant')
    expect(refusal((await client.redeem(held.code, { key })).answer)).toBe('400 invalid_grant')
    const opened = await createBrowser().open(client.authorizeUrl(held.pushed.requestUri))
    expect(pageRefusal(opened)).toBe('400 unauthorized_client')
    expect(pageRefusal(await held.consent.submit('approve'))).toBe('400 unauthorized_client')
    // A used assertion stays used, too.
    expect(refusal((await client.par({ claims: used })).answer)).toBe('401 invalid_client')
    expect(await alive(await hold(client))).toEqual(working)
  })
})

describe('a client whose registration changes', () => {
  afterEach(() => control('/faults', {}))

  it('design 2 is judged by its new keys from the next request on', async () => {
    const { fixture, metadata } = await registerClient(admin)
    const next = await makeDpopKey()
    const jwks = { keys: [{ ...next.publicJwk, kid: 'next' }] }
    expect((await testClient(fixture).par()).answer.status).toBe(201)
    await admin.request('PUT', `/clients/${fixture.clientId}`, { ...metadata, jwks })
    expect(refusal((await testClient(fixture).par()).answer)).toBe('401 invalid_client')
    const renewed = testClient({ ...fixture, jwk: { ...next.jwk, kid: 'next' } })
    expect((await renewed.par()).answer.status).toBe(201)
  })

  it('design 2 is judged by its object when the copy is stale', async () => {
    const { fixture, metadata } = await registerClient(admin)
    const client = testClient(fixture)
    await client.par()
    await control('/faults', { kv_stale_s: 3600 })
    const narrowed = { ...metadata, grant_types: ['authorization_code'], scope: 'openid' }
    await admin.request('PUT', `/clients/${fixture.clientId}`, narrowed)
    expect(refusal((await client.token(grant, { key })).answer)).toBe('400 unauthorized_client')
    expect(refusal((await client.par()).answer)).toBe('400 invalid_scope')
    expect((await client.par({ fields: { scope: 'openid' } })).answer.status).toBe(201)
    await admin.request('POST', `/clients/${fixture.clientId}/disable`)
    const fields = { scope: 'openid' }
    expect(refusal((await client.par({ fields })).answer)).toBe('401 invalid_client')
  })

  it.each<[string, Record<string, unknown>]>([
    ['its redirect URI', { redirect_uris: ['https://elsewhere.example/cb'] }],
    ['a scope', { scope: 'openid' }],
    ['the flow', { grant_types: ['client_credentials'], redirect_uris: [] }],
  ])('SP-PAR-10 is refused at authorize when it lost %s since the push', async (_, lost) => {
    const { fixture, metadata } = await registerClient(admin)
    const client = testClient(fixture)
    const [pushed, begun] = [await client.par(), await client.par()]
    const login = await createBrowser().open(client.authorizeUrl(begun.requestUri))
    const consent = await login.submit('login', alice)
    await admin.request('PUT', `/clients/${fixture.clientId}`, { ...metadata, ...lost })
    const page = await createBrowser().open(client.authorizeUrl(pushed.requestUri))
    expect(pageRefusal(page)).toBe('400 unauthorized_client')
    expect(pageRefusal(await consent.submit('approve'))).toBe('400 unauthorized_client')
    await admin.request('PUT', `/clients/${fixture.clientId}`, metadata)
    expect((await consent.submit('approve')).redirectedTo?.searchParams.get('code')).toBeTruthy()
  })
})

describe('a person whom the operator disables', () => {
  it('SP-CR-11 SP-RS-03 loses every token at once, and cannot sign in or approve', async () => {
    const web = testClient('web')
    const person = await registerPerson(admin)
    const codeOf = async () => {
      const pushed = await web.par({ key })
      const callback = await web.approve(pushed.requestUri, person)
      return { code: callback.searchParams.get('code') ?? '', verifier: pushed.verifier }
    }
    const tokens = await web.redeem(await codeOf(), { key })
    const code = await codeOf()
    const { requestUri } = await web.par()
    const login = await createBrowser().open(web.authorizeUrl(requestUri))
    const consent = await login.submit('login', person)
    expect(await alive({ tokens })).toEqual({ bank: 200, userinfo: 200 })

    const disabled = await admin.request('POST', `/users/${person.username}/disable`)
    const factors = { password: true, totp: false, passkeys: 0, recovery_codes: 0 }
    expect(disabled.json).toEqual({
      username: person.username,
      sub: person.sub,
      enabled: false,
      factors,
    })
    expect(await alive({ tokens })).toEqual({ bank: 401, userinfo: 401 })
    const refreshed = await web.refresh(tokens.refreshToken, { key })
    expect(refusal(refreshed.answer)).toBe('400 invalid_grant')
    expect(refusal((await web.redeem(code, { key })).answer)).toBe('400 invalid_grant')
    expect(pageRefusal(await consent.submit('approve'))).toBe('403 access_denied')
    const again = await createBrowser().open(web.authorizeUrl((await web.par()).requestUri))
    expect((await again.submit('login', person)).status).toBe(403)

    await admin.request('POST', `/users/${person.username}/enable`)
    expect(refusal((await web.refresh(tokens.refreshToken, { key })).answer)).toBe(
      '400 invalid_grant',
    )
    expect((await web.redeem(await codeOf(), { key })).answer.status).toBe(200)
  })

  it('design 10 keeps sub and name; the operator sees no password and no claims', async () => {
    const person = await registerPerson(admin)
    const path = `/users/${person.username}`
    expect(person.sub).toMatch(/^user-/)
    expect((await admin.request('GET', path)).json).toEqual({
      username: person.username,
      sub: person.sub,
      enabled: true,
      factors: { password: true, totp: false, passkeys: 0, recovery_codes: 0 },
    })
    expect(refusal(await admin.request('PUT', path, { sub: 'another' }))).toBe('409 conflict')
    const listed = await admin.request('GET', `/users?after=${person.username.slice(0, -1)}`)
    expect(JSON.stringify(listed.json['users'])).toContain(person.sub)
    expect(refusal(await admin.request('PUT', path, { password: 'short' }))).toBe(
      '400 invalid_request',
    )
    const claims = { email: 7 }
    expect(refusal(await admin.request('PUT', path, { claims }))).toBe('400 invalid_request')
  })
})

describe('grants', () => {
  it('SP-CR-11 are listed for a person and end when revoked, each by itself', async () => {
    const web = testClient('web')
    const person = await registerPerson(admin)
    const tokensOf = async () => {
      const pushed = await web.par({ key })
      const code = (await web.approve(pushed.requestUri, person)).searchParams.get('code') ?? ''
      return web.redeem({ code, verifier: pushed.verifier }, { key })
    }
    const [one, two] = [await tokensOf(), await tokensOf()]
    const list = async () =>
      (await admin.request('GET', `/users/${person.username}/grants`)).json['grants'] as Readonly<
        Record<string, string>
      >[]
    const grants = await list()
    expect(grants).toHaveLength(2)
    for (const entry of grants) {
      expect(entry).toMatchObject({
        client_id: web.fixture.clientId,
        scope: 'openid accounts',
        resource: [server.api],
        status: 'active',
      })
      expect(Date.parse(entry['expires_at'] ?? '')).toBeGreaterThan(Date.now())
    }
    const states = [await alive({ tokens: one }), await alive({ tokens: two })]
    expect(states).toEqual(Array(2).fill({ bank: 200, userinfo: 200 }))
    await admin.request('POST', `/grants/${grants[0]?.['grant_id'] ?? ''}/revoke`)
    const refreshed = await Promise.all(
      [one, two].map(async ({ refreshToken }) =>
        refusal((await web.refresh(refreshToken, { key })).answer),
      ),
    )
    expect(refreshed.sort()).toEqual(['200', '400 invalid_grant'])
    const banks = await Promise.all(
      [one, two].map(async (tokens) => (await alive({ tokens }))['bank']),
    )
    expect(banks.sort()).toEqual([200, 401])
    expect((await list()).map((entry) => entry['status']).sort()).toEqual(['active', 'revoked'])
  })
})
