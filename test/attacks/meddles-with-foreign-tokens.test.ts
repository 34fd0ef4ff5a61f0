import { describe, expect, inject, it } from 'vitest'
import { openAdmin, newClient } from '../support/admin.ts'
import { refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { DpopKey, Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')
const second = testClient('second')
const resourceServer = testClient('resourceServer')
const accounts = `${server.api}/accounts`
const userinfo = `${server.issuer}/userinfo`

const signIn = async (key: DpopKey, scope: string, resource?: string): Promise<Tokens> => {
  const fields = { scope, ...(resource === undefined ? {} : { resource }) }
  return web.redeem(await web.code({ fields }), { key })
}

describe('an attacker who meddles with tokens of others', () => {
  it('ATK-A1-26 cannot revoke them as another client or as nobody: they stay alive', async () => {
    const key = await makeDpopKey()
    const tokens = await signIn(key, 'openid accounts')
    for (const token of [tokens.accessToken, tokens.refreshToken]) {
      for (const token_type_hint of [undefined, 'access_token', 'refresh_token', 'x']) {
        const answer = await second.post('/revoke', { token, token_type_hint })
        expect(refusal(answer)).toBe('400 invalid_grant')
      }
      const bare = await second.post('/revoke', { token }, { anonymous: true })
      expect(refusal(bare)).toBe('401 invalid_client')
      const named = { anonymous: true, fields: { client_id: web.fixture.clientId } }
      expect(refusal(await second.post('/revoke', { token }, named))).toBe('401 invalid_client')
    }
    expect((await getResource(accounts, tokens.accessToken, { key })).status).toBe(200)
    expect((await web.refresh(tokens.refreshToken, { key })).answer.status).toBe(200)
    expect((await web.post('/revoke', { token: tokens.accessToken })).status).toBe(200)
    expect((await getResource(accounts, tokens.accessToken, { key })).status).toBe(401)
    expect((await web.refresh(tokens.refreshToken, { key })).answer.status).toBe(200)
    expect((await web.post('/revoke', { token: tokens.refreshToken })).status).toBe(200)
    expect(refusal((await web.refresh(tokens.refreshToken, { key })).answer)).toBe(
      '400 invalid_grant',
    )
  })

  it('ATK-A1-26 gets the same 200 for every token that is none, and it ends nothing', async () => {
    const key = await makeDpopKey()
    const tokens = await signIn(key, 'openid accounts')
    const wrong = `${tokens.refreshToken.slice(0, -1)}${tokens.refreshToken.endsWith('A') ? 'Q' : 'A'}`
    for (const token of ['x', wrong, `${tokens.accessToken}x`, 'a.b.c']) {
      const answer = await web.post('/revoke', { token })
      expect([answer.status, answer.text]).toEqual([200, ''])
    }
    expect((await getResource(accounts, tokens.accessToken, { key })).status).toBe(200)
  })

  it('ATK-A1-27 ATK-A1-26 cannot introspect as an ordinary client, not even tokens of its own', async () => {
    const key = await makeDpopKey()
    const tokens = await signIn(key, 'accounts', 'https://other-api.example')
    for (const client of [web, second]) {
      const answer = await client.post('/introspect', { token: tokens.accessToken })
      expect(refusal(answer)).toBe('403 access_denied')
      expect(answer.text).not.toMatch(/active|sub-alice|accounts/)
    }
    const bare = await web.post('/introspect', { token: tokens.accessToken }, { anonymous: true })
    expect(refusal(bare)).toBe('401 invalid_client')
    const live = await resourceServer.post('/introspect', { token: tokens.accessToken })
    expect(live.json).toMatchObject({ active: true, sub: users.alice.sub, scope: 'accounts' })
    expect(live.headers.get('cache-control')).toContain('no-store')
  })

  it('ATK-A1-26 learns nothing as the resource server of another audience', async () => {
    const key = await makeDpopKey()
    const bank = await signIn(key, 'openid accounts')
    const answer = await resourceServer.post('/introspect', { token: bank.accessToken })
    expect(answer.json).toEqual({ active: false })
    expect((await getResource(accounts, bank.accessToken, { key })).status).toBe(200)
  })

  it('ATK-A5-07 cannot replay a token at a resource server it was not made for', async () => {
    const key = await makeDpopKey()
    const other = await signIn(key, 'openid accounts', 'https://other-api.example')
    const answer = await getResource(accounts, other.accessToken, { key })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
    const admin = await getResource(`${server.issuer}/admin/clients`, other.accessToken, { key })
    expect(admin.status).toBe(401)
    expect(admin.text).not.toContain('client_id')
    expect((await getResource(userinfo, other.accessToken, { key })).status).toBe(200)
  })

  it('ATK-A1-21 cannot pass off a token a client got for itself as one of a person', async () => {
    const key = await makeDpopKey()
    const machine = await web.token(
      { grant_type: 'client_credentials', scope: 'accounts' },
      { key },
    )
    expect(machine.answer.status).toBe(200)
    expect(machine.claims['sub']).toBe(web.fixture.clientId)
    expect(machine.claims['auth_time']).toBeUndefined()
    expect(machine.answer.json['id_token']).toBeUndefined()
    expect(machine.refreshToken).toBe('')
    const answer = await getResource(userinfo, machine.accessToken, { key })
    expect(answer.status).toBe(403)
    expect(answer.json['error']).toBe('insufficient_scope')
    expect(answer.json['sub']).toBeUndefined()
  })

  it('ATK-A1-21 cannot get a client registered under the name of a person, nor a person under a client', async () => {
    const admin = await openAdmin()
    const { metadata } = await newClient()
    const put = (client_id: string) =>
      admin.request('PUT', `/clients/${encodeURIComponent(client_id)}`, { ...metadata, client_id })
    expect(refusal(await put(users.alice.sub))).toBe('409 conflict')
    expect(refusal(await put('user-0123456789'))).toBe('400 invalid_client_metadata')
    expect(refusal(await put('operator.local'))).toBe('400 invalid_client_metadata')
    const person = { password: 'a long enough password', sub: web.fixture.clientId }
    expect(refusal(await admin.request('PUT', '/users/mallory', person))).toBe('409 conflict')
    expect((await admin.request('GET', '/users/mallory')).status).toBe(404)
    expect((await admin.request('GET', `/clients/${users.alice.sub}`)).status).toBe(404)
    expect((await put(String(metadata['client_id']))).status).toBe(201)
  })

  it('ATK-A1-21 cannot reach the admin API with any token that is not an operator’s', async () => {
    const key = await makeDpopKey()
    const person = await signIn(key, 'openid accounts')
    const machine = await web.token(
      { grant_type: 'client_credentials', scope: 'accounts' },
      { key },
    )
    for (const token of [person.accessToken, machine.accessToken]) {
      for (const path of ['/clients', '/users', '/keys', '/users/alice/grants']) {
        const answer = await getResource(`${server.issuer}/admin${path}`, token, { key })
        expect(answer.status).toBe(401)
        expect(answer.json['error']).toBe('invalid_token')
      }
    }
    expect((await (await openAdmin()).request('GET', '/keys')).status).toBe(200)
  })
})
