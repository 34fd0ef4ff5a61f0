import { beforeAll, describe, expect, it } from 'vitest'
import { refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { DpopKey, Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const second = testClient('second')
const other = 'https://other-api.example'
const admin = `${server.issuer}/admin`

describe('an attacker who asks for more than was granted', () => {
  let key: DpopKey
  let tokens: Tokens
  beforeAll(async () => {
    key = await makeDpopKey()
    tokens = await web.redeem(await web.code({ fields: { scope: 'openid accounts' } }), { key })
  })

  it.each(['openid accounts email', 'email', 'admin', 'unknown', 'openid accounts constructor'])(
    'ATK-A1-24 cannot refresh into the scope "%s", which costs the refresh token nothing',
    async (scope) => {
      const { answer } = await web.refresh(tokens.refreshToken, { key, fields: { scope } })
      expect(refusal(answer)).toBe('400 invalid_scope')
      expect((await web.refresh(tokens.refreshToken, { key })).answer.status).toBe(200)
    },
  )

  it('ATK-A1-24 cannot come back to the full scope by a narrowed refresh: each is compared with the grant', async () => {
    const narrow = await web.refresh(tokens.refreshToken, { key, fields: { scope: 'openid' } })
    expect(narrow.claims['scope']).toBe('openid')
    const full = await web.refresh(tokens.refreshToken, { key })
    expect(full.claims['scope']).toBe('openid accounts')
    const email = { key, fields: { scope: 'openid email' } }
    expect(refusal((await web.refresh(tokens.refreshToken, email)).answer)).toBe(
      '400 invalid_scope',
    )
  })

  it.each([other, admin, 'https://evil.example', `${server.issuer}/userinfo`, 'x', server.api])(
    'ATK-A1-24 cannot refresh into the resource %s unless it was granted',
    async (resource) => {
      const granted = tokens.claims['aud'] === resource
      const { answer } = await web.refresh(tokens.refreshToken, { key, fields: { resource } })
      expect(refusal(answer)).toBe(granted ? '200' : '400 invalid_target')
    },
  )

  it('ATK-A1-24 cannot redeem a code into another resource, which leaves the code as it was', async () => {
    const given = await web.code()
    for (const resource of [other, admin, 'https://evil.example']) {
      const { answer } = await web.redeem(given, { key, fields: { resource } })
      expect(refusal(answer), resource).toBe('400 invalid_target')
    }
    const both = { key, extra: [['resource', server.api], ['resource', other]] } as const // prettier-ignore
    expect(refusal((await web.redeem(given, both)).answer)).toBe('400 invalid_target')
    expect((await web.redeem(given, { key })).answer.status).toBe(200)
  })

  it('ATK-A1-24 cannot widen a code by scope, claims or audience at the token endpoint', async () => {
    const given = await web.code({ fields: { scope: 'openid' } })
    const fields = {
      scope: 'openid accounts email',
      claims: '{"userinfo":{"email":null}}',
      audience: other,
    }
    for (const details of ['[]', '[{"type":"payment_initiation"}]']) {
      const more = { ...fields, authorization_details: details }
      const { answer } = await web.redeem(given, { key, fields: more })
      expect(refusal(answer)).toBe('400 invalid_authorization_details')
    }
    const widened = await web.redeem(given, { key, fields })
    expect(widened.claims['scope']).toBe('openid')
    expect(widened.claims['aud']).not.toBe(other)
    const info = await getResource(`${server.issuer}/userinfo`, widened.accessToken, { key })
    expect(Object.keys(info.json)).toEqual(['sub'])
  })

  it('ATK-A1-24 cannot push a scope or resource that is unknown, not registered or the operator’s', async () => {
    const bank = String(tokens.claims['aud'])
    for (const scope of ['openid admin', 'admin', 'openid unknown', 'ACCOUNTS', 'accounts\tadmin', 'accounts,admin']) {
      expect(refusal((await web.par({ fields: { scope } })).answer), scope).toBe('400 invalid_scope') // prettier-ignore
    } // prettier-ignore
    for (const resource of [admin, 'https://evil.example', `${bank}/`, bank.toUpperCase(), '*']) {
      expect(refusal((await web.par({ fields: { resource } })).answer), resource).toBe(
        '400 invalid_target',
      )
    }
    expect((await web.par({ fields: { resource: bank } })).answer.status).toBe(201)
  })

  it('ATK-A1-24 cannot get a token for itself with a person’s scopes, the admin scope or its audience', async () => {
    const ask = async (fields: Readonly<Record<string, string>>) => {
      const all = { grant_type: 'client_credentials', ...fields }
      return refusal((await web.token(all, { key })).answer)
    }
    for (const scope of ['openid', 'openid accounts', 'email', 'offline_access', 'admin', 'x']) {
      expect(await ask({ scope }), scope).toBe('400 invalid_scope')
    }
    for (const resource of [admin, `${server.issuer}/userinfo`, 'https://evil.example']) {
      expect(await ask({ scope: 'accounts', resource }), resource).toBe('400 invalid_target')
    }
    expect(await ask({ scope: 'accounts', resource: other })).toBe('200')
  })
})

describe('an attacker who stole a refresh token', () => {
  it('ATK-A1-25 cannot use it as another client, without authentication or without a proof; its owner still can', async () => {
    const key = await makeDpopKey()
    const thief = await makeDpopKey()
    const { refreshToken } = await web.redeem(await web.code(), { key })
    const owner = { client_id: web.fixture.clientId }
    const tries = [
      ['400 invalid_grant', second, { key: thief }],
      ['400 invalid_grant', second, { key }],
      ['401 invalid_client', second, { key: thief, fields: owner }],
      ['401 invalid_client', web, { key: thief, anonymous: true }],
      ['401 invalid_client', web, { key: thief, anonymous: true, fields: owner }],
      ['400 invalid_request', web, {}],
    ] as const
    for (const [expected, client, options] of tries) {
      const { answer } = await client.refresh(refreshToken, options)
      expect(refusal(answer)).toBe(expected)
      expect(answer.text).not.toContain('access_token')
    }
    expect((await web.refresh(refreshToken, { key })).answer.status).toBe(200)
  })

  it('ATK-A1-25 cannot guess one: a changed secret finds nothing', async () => {
    const key = await makeDpopKey()
    const { refreshToken } = await web.redeem(await web.code(), { key })
    const bytes = Buffer.from(refreshToken, 'base64url')
    for (const at of [0, 1, 32, 33, 64]) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      const { answer } = await web.refresh(changed.toString('base64url'), { key })
      expect(refusal(answer)).toBe('400 invalid_grant')
    }
    expect((await web.refresh(refreshToken, { key })).answer.status).toBe(200)
  })
})
