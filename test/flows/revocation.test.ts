import { afterEach, describe, expect, it } from 'vitest'
import { refusal } from '../support/refusal.ts'
import { send } from '../support/http.ts'
import { getResource, makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const second = testClient('second')
const key = await makeDpopKey()

afterEach(() => moveClock(0))

const revoke = (token: string, client = web, fields: Record<string, string | undefined> = {}) =>
  client.post('/revoke', { token }, { fields })
const tokensFor = async () => web.redeem(await web.code({ key }), { key })
const bankStatus = async (accessToken: string) =>
  (await getResource(`${server.api}/accounts`, accessToken, { key })).status
const userinfoStatus = async (accessToken: string) =>
  (await getResource(`${server.issuer}/userinfo`, accessToken, { key })).status

describe('revocation (RFC 7009)', () => {
  it('SP-RS-03 of an access token ends that token at once, and no other', async () => {
    const tokens = await tokensFor()
    const other = await web.refresh(tokens.refreshToken, { key })
    const answer = await revoke(tokens.accessToken)
    expect([answer.status, answer.text]).toEqual([200, ''])
    expect(answer.headers.get('cache-control')).toContain('no-store')
    expect(await bankStatus(tokens.accessToken)).toBe(401)
    expect(await userinfoStatus(tokens.accessToken)).toBe(401)
    expect(await bankStatus(other.accessToken)).toBe(200)
    expect((await web.refresh(tokens.refreshToken, { key })).answer.status).toBe(200)
  })

  it('SP-CR-11 of a refresh token ends it and every access token of the grant', async () => {
    const tokens = await tokensFor()
    const other = await web.refresh(tokens.refreshToken, { key })
    expect((await revoke(tokens.refreshToken)).status).toBe(200)
    expect(refusal((await web.refresh(tokens.refreshToken, { key })).answer)).toBe(
      '400 invalid_grant',
    )
    for (const { accessToken } of [tokens, other]) {
      expect(await bankStatus(accessToken)).toBe(401)
      expect(await userinfoStatus(accessToken)).toBe(401)
    }
  })

  it('SP-RS-03 of a client’s own token ends it', async () => {
    const grant = { grant_type: 'client_credentials', scope: 'accounts' }
    const [one, other] = [await web.token(grant, { key }), await web.token(grant, { key })]
    expect((await revoke(one.accessToken)).status).toBe(200)
    expect(await bankStatus(one.accessToken)).toBe(401)
    expect(await bankStatus(other.accessToken)).toBe(200)
  })

  it.each(['access_token', 'refresh_token', 'something-else'])(
    'RFC 7009 2.1 takes the hint %s as a hint',
    async (token_type_hint) => {
      const tokens = await tokensFor()
      expect((await revoke(tokens.refreshToken, web, { token_type_hint })).status).toBe(200)
      const refreshed = await web.refresh(tokens.refreshToken, { key })
      expect(refusal(refreshed.answer)).toBe('400 invalid_grant')
    },
  )

  it('RFC 7009 2.2 of a token it does not know, or that ended before, succeeds', async () => {
    const tokens = await tokensFor()
    for (const token of ['unknown', 'a.b.c', tokens.refreshToken.slice(0, -1)]) {
      expect((await revoke(token)).status).toBe(200)
    }
    expect((await web.refresh(tokens.refreshToken, { key })).answer.status).toBe(200)
    await revoke(tokens.refreshToken)
    expect((await revoke(tokens.refreshToken)).status).toBe(200)
    await moveClock(3_600)
    expect((await revoke(tokens.accessToken)).status).toBe(200)
  })

  it('RFC 7009 2.1 of another client’s token is refused and ends nothing', async () => {
    const tokens = await tokensFor()
    for (const token of [tokens.accessToken, tokens.refreshToken]) {
      expect(refusal(await revoke(token, second))).toBe('400 invalid_grant')
    }
    expect(await bankStatus(tokens.accessToken)).toBe(200)
    expect((await web.refresh(tokens.refreshToken, { key })).answer.status).toBe(200)
  })

  it('RFC 7009 2.1 needs a token, a POST and the client’s authentication', async () => {
    const tokens = await tokensFor()
    expect(refusal(await revoke('', web, { token: undefined }))).toBe('400 invalid_request')
    expect(refusal(await send(`${server.issuer}/revoke`))).toBe('405 method_not_allowed')
    const anonymous = await web.post('/revoke', { token: tokens.refreshToken }, { anonymous: true })
    expect(refusal(anonymous)).toBe('401 invalid_client')
    const fields = { client_id: web.fixture.clientId, token: tokens.refreshToken }
    const named = await web.post('/revoke', fields, { anonymous: true })
    expect(refusal(named)).toBe('401 invalid_client')
    expect((await web.refresh(tokens.refreshToken, { key })).answer.status).toBe(200)
  })

  it('MTLS-23 takes a client known by its certificate at the alias', async () => {
    const mtls = testClient('mtlsPki')
    const tokens = await mtls.redeem(await mtls.code())
    expect((await revoke(tokens.refreshToken, mtls)).status).toBe(200)
    expect(refusal((await mtls.refresh(tokens.refreshToken)).answer)).toBe('400 invalid_grant')
  })
})
