import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import type { Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const second = testClient('second')
const key = await makeDpopKey()

afterEach(() => moveClock(0))

describe('a refresh token', () => {
  let first: Tokens

  beforeAll(async () => {
    first = await web.redeem(await web.code({ key }), { key })
  })

  it('SP-AS-09 1.9 works again and again, and is neither replaced nor repeated', async () => {
    const answers = [
      await web.refresh(first.refreshToken, { key }),
      await web.refresh(first.refreshToken, { key }),
    ]
    await moveClock(3_600)
    answers.push(await web.refresh(first.refreshToken, { key }))
    for (const { answer } of answers) {
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('application/json')
      expect(answer.headers.get('cache-control')).toContain('no-store')
      expect(answer.json['token_type']).toBe('DPoP')
      expect(answer.json['refresh_token']).toBeUndefined()
    }
    expect(new Set(answers.map(({ accessToken }) => accessToken)).size).toBe(3)
  })

  it('SP-AS-09 works for two requests at the same time', async () => {
    const both = await Promise.all([
      web.refresh(first.refreshToken, { key }),
      web.refresh(first.refreshToken, { key }),
    ])
    expect(both.map(({ answer }) => answer.status)).toEqual([200, 200])
  })

  it('SP-SC-01 1.9 is bound to the client, not to a key: a new key binds the new token', async () => {
    const fresh = await makeDpopKey()
    const tokens = await web.refresh(first.refreshToken, { key: fresh })
    expect(tokens.claims['cnf']).toEqual({ jkt: fresh.jkt })
    const accounts = (with_: typeof key) =>
      getResource(`${server.api}/accounts`, tokens.accessToken, { key: with_ })
    expect((await accounts(fresh)).status).toBe(200)
    expect((await accounts(key)).status).toBe(401)
  })

  it('1.9 works with the scope parameter and without it', async () => {
    const scope = 'openid accounts'
    const named = await web.refresh(first.refreshToken, { key, fields: { scope } })
    expect(named.answer.json['scope']).toBe(scope)
    expect((await web.refresh(first.refreshToken, { key })).answer.json['scope']).toBe(scope)
  })

  it('1.9 is refused without client authentication', async () => {
    const anonymous = await web.refresh(first.refreshToken, { key, anonymous: true })
    expect(refusal(anonymous.answer)).toBe('401 invalid_client')
    const fields = { client_id: web.fixture.clientId }
    const named = await web.refresh(first.refreshToken, { key, anonymous: true, fields })
    expect(refusal(named.answer)).toBe('401 invalid_client')
  })

  it('1.9 is refused to another client, and still works for its own', async () => {
    const stolen = await second.refresh(first.refreshToken, { key })
    expect(refusal(stolen.answer)).toBe('400 invalid_grant')
    expect((await web.refresh(first.refreshToken, { key })).answer.status).toBe(200)
  })

  it('SP-CR-06 is refused when a character differs', async () => {
    const { refreshToken } = first
    for (const at of [0, Math.floor(refreshToken.length / 2), refreshToken.length - 2]) {
      const changed = refreshToken[at] === 'A' ? 'B' : 'A'
      const forged = `${refreshToken.slice(0, at)}${changed}${refreshToken.slice(at + 1)}`
      expect(refusal((await web.refresh(forged, { key })).answer)).toBe('400 invalid_grant')
    }
  })

  it('SP-SC-01 lives as long as the consent, and no token outlives it', async () => {
    const given = await web.code({ key })
    const { refreshToken } = await web.redeem(given, { key })
    const life = 90 * 86_400
    await moveClock(life - 100)
    const last = await web.refresh(refreshToken, { key })
    expect(last.answer.status).toBe(200)
    expect(last.answer.json['expires_in']).toBeLessThanOrEqual(101)
    await moveClock(life + 5)
    expect(refusal((await web.refresh(refreshToken, { key })).answer)).toBe('400 invalid_grant')
  })

  it('1.9 of a client known by its certificate needs that certificate', async () => {
    const mtls = testClient('mtlsPki')
    const tokens = await mtls.redeem(await mtls.code())
    const again = await mtls.refresh(tokens.refreshToken)
    expect(again.answer.json['token_type']).toBe('Bearer')
    expect(again.claims['cnf']).toEqual(tokens.claims['cnf'])
    const without = await mtls.refresh(tokens.refreshToken, { side: 'main' })
    expect(refusal(without.answer)).toBe('401 invalid_client')
    const { credential } = testClient('mtlsPki2').fixture
    if (credential === undefined) throw new Error('the client has a certificate')
    const foreign = await mtls.refresh(tokens.refreshToken, { credential })
    expect(refusal(foreign.answer)).toBe('401 invalid_client')
  })
})
