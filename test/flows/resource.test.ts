import { describe, expect, it } from 'vitest'
import { refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import type { RequestOptions } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const key = await makeDpopKey()
const bank = server.api
const other = 'https://other-api.example'

/** A code whose consent is for these resources. */
const codeFor = (resources: readonly string[], fields: Record<string, string> = {}) =>
  web.code({ key, fields, extra: resources.map((resource) => ['resource', resource] as const) })

const wanting = (resource?: string): RequestOptions =>
  resource === undefined ? { key } : { key, fields: { resource } }

const bankStatus = async (accessToken: string): Promise<number> =>
  (await getResource(`${bank}/accounts`, accessToken, { key })).status

describe('the resource of a token (RFC 8707)', () => {
  it('SP-AS-14 is the default one when none was asked for', async () => {
    const tokens = await web.redeem(await codeFor([]), { key })
    expect(tokens.claims['aud']).toBe(bank)
    expect((await web.refresh(tokens.refreshToken, { key })).claims['aud']).toBe(bank)
  })

  it('SP-AS-14 SP-RS-06 is the one that was pushed, and the token opens no other', async () => {
    const tokens = await web.redeem(await codeFor([other]), { key })
    expect(tokens.claims['aud']).toBe(other)
    expect(await bankStatus(tokens.accessToken)).toBe(401)
    const mine = await web.redeem(await codeFor([bank]), { key })
    expect(mine.claims['aud']).toBe(bank)
    expect(await bankStatus(mine.accessToken)).toBe(200)
  })

  it('SP-AS-14 is one of several that were agreed to, as each token request names it', async () => {
    const tokens = await web.redeem(await codeFor([other, bank]), wanting(bank))
    expect(tokens.claims['aud']).toBe(bank)
    expect(await bankStatus(tokens.accessToken)).toBe(200)
    const next = await web.refresh(tokens.refreshToken, wanting(other))
    expect(next.claims['aud']).toBe(other)
    expect(await bankStatus(next.accessToken)).toBe(401)
    expect((await web.refresh(tokens.refreshToken, wanting())).claims['aud']).toBe(other)
  })

  it('is refused when it was not agreed to or is unknown, and nothing is spent', async () => {
    const given = await codeFor([bank])
    for (const resource of [other, 'https://nobody.example', `${server.issuer}/admin`]) {
      const { answer } = await web.redeem(given, wanting(resource))
      expect(refusal(answer)).toBe('400 invalid_target')
    }
    const tokens = await web.redeem(given, wanting(bank))
    expect(tokens.answer.status).toBe(200)
    const { answer } = await web.refresh(tokens.refreshToken, wanting(other))
    expect(refusal(answer)).toBe('400 invalid_target')
    expect((await web.refresh(tokens.refreshToken, wanting(bank))).answer.status).toBe(200)
  })

  it('is one for each token', async () => {
    const extra = [bank, other].map((resource) => ['resource', resource] as const)
    const given = await codeFor([bank, other])
    const { answer } = await web.redeem(given, { key, extra })
    expect(refusal(answer)).toBe('400 invalid_target')
    expect((await web.redeem(given, { key })).answer.status).toBe(200)
  })

  it('is chosen among the known ones by client credentials', async () => {
    const grant = { grant_type: 'client_credentials', scope: 'accounts' }
    expect((await web.token(grant, wanting(other))).claims['aud']).toBe(other)
    for (const resource of ['https://nobody.example', `${server.issuer}/admin`, server.issuer]) {
      const { answer } = await web.token(grant, wanting(resource))
      expect(refusal(answer)).toBe('400 invalid_target')
    }
  })
})

describe('the scope of a token', () => {
  it('SP-AS-14 SP-RS-04 lacks what was not asked for: the API refuses the token with 403', async () => {
    const tokens = await web.redeem(await codeFor([], { scope: 'openid' }), { key })
    const answer = await getResource(`${bank}/accounts`, tokens.accessToken, { key })
    expect(refusal(answer)).toBe('403 insufficient_scope')
    expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
    expect(answer.headers.get('www-authenticate')).toContain('scope="accounts"')
  })

  it('SP-AS-14 may be narrowed by a refresh and never widened', async () => {
    const tokens = await web.redeem(await codeFor([], { scope: 'openid accounts' }), { key })
    const asking = (scope: string) => web.refresh(tokens.refreshToken, { key, fields: { scope } })
    const narrow = await asking('openid')
    expect([narrow.answer.json['scope'], narrow.claims['scope']]).toEqual(['openid', 'openid'])
    expect(await bankStatus(narrow.accessToken)).toBe(403)
    for (const scope of ['openid accounts profile', 'email', 'admin']) {
      expect(refusal((await asking(scope)).answer), scope).toBe('400 invalid_scope')
    }
    const whole = await web.refresh(tokens.refreshToken, { key })
    expect(whole.claims['scope']).toBe('openid accounts')
  })
})
