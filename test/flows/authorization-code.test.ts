import { afterEach, describe, expect, it } from 'vitest'
import { refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const second = testClient('second')
const key = await makeDpopKey()

afterEach(() => moveClock(0))

describe('an authorization code', () => {
  it('SP-AS-11 1.7 is refused after 62 seconds, and works after 55', async () => {
    const [early, late] = [await web.code({ key }), await web.code({ key })]
    await moveClock(55)
    expect((await web.redeem(early, { key })).answer.status).toBe(200)
    await moveClock(62)
    expect(refusal((await web.redeem(late, { key })).answer)).toBe('400 invalid_grant')
  })

  it('SP-AS-28 1.7 is refused a second time, and what the first use brought ends', async () => {
    const given = await web.code({ key })
    const first = await web.redeem(given, { key })
    const accounts = () => getResource(`${server.api}/accounts`, first.accessToken, { key })
    expect((await accounts()).status).toBe(200)
    await moveClock(1)
    expect(refusal((await web.redeem(given, { key })).answer)).toBe('400 invalid_grant')
    expect((await accounts()).status).toBe(401)
    const userinfo = await getResource(`${server.issuer}/userinfo`, first.accessToken, { key })
    expect(refusal(userinfo)).toBe('401 invalid_token')
    const refreshed = await web.refresh(first.refreshToken, { key })
    expect(refusal(refreshed.answer)).toBe('400 invalid_grant')
  })

  it('SP-AS-28 SP-AS-35 is redeemed once when two requests come at the same time', async () => {
    const given = await web.code({ key })
    const answers = await Promise.all([web.redeem(given, { key }), web.redeem(given, { key })])
    const outcomes = answers.map(({ answer }) => refusal(answer)).sort()
    expect(outcomes).toEqual(['200', '400 invalid_grant'])
  })

  it('1.7 is refused to another client, and still works for its own', async () => {
    const given = await web.code({ key })
    const fields = { redirect_uri: web.fixture.redirectUri }
    const stolen = await second.redeem(given, { key, fields })
    expect(refusal(stolen.answer)).toBe('400 invalid_grant')
    expect((await web.redeem(given, { key })).answer.status).toBe(200)
  })

  it.each([
    ['no verifier', { code_verifier: undefined }],
    ['another verifier', { code_verifier: 'w'.repeat(43) }],
    ['a malformed verifier', { code_verifier: 'short' }],
    ['another redirect_uri', { redirect_uri: 'https://web.example/other' }],
  ])('SP-AS-24 1.7 is refused with %s, and stays unspent', async (_, fields) => {
    const given = await web.code({ key })
    expect(refusal((await web.redeem(given, { key, fields })).answer)).toBe('400 invalid_grant')
    expect((await web.redeem(given, { key })).answer.status).toBe(200)
  })

  it('1.7 needs no redirect_uri at the token endpoint', async () => {
    const given = await web.code({ key })
    const { answer } = await web.redeem(given, { key, fields: { redirect_uri: undefined } })
    expect(answer.status).toBe(200)
  })

  it('SP-AS-12 is bound to dpop_jkt, to the key proven at PAR, or to both when they agree', async () => {
    const other = await makeDpopKey()
    const dpop_jkt = key.jkt
    for (const options of [{ fields: { dpop_jkt } }, { key }, { key, fields: { dpop_jkt } }]) {
      const given = await web.code(options)
      const stolen = await web.redeem(given, { key: other })
      expect(refusal(stolen.answer)).toBe('400 invalid_grant')
      expect((await web.redeem(given, { key })).answer.status).toBe(200)
    }
    const mismatch = await web.par({ key: other, fields: { dpop_jkt } })
    expect(refusal(mismatch.answer)).toBe('400 invalid_request')
  })

  it('1.7 is nothing another handle can pass as', async () => {
    const given = await web.code({ key })
    const { refreshToken, accessToken } = await web.redeem(given, { key })
    const pushed = await web.par()
    const handles = [refreshToken, accessToken, pushed.requestUri, pushed.requestUri.slice(34), 'x']
    for (const handle of handles) {
      const answer = await web.redeem({ ...given, code: handle }, { key })
      expect(refusal(answer.answer), handle).toBe('400 invalid_grant')
    }
    for (const handle of [given.code, accessToken, 'x']) {
      expect(refusal((await web.refresh(handle, { key })).answer), handle).toBe('400 invalid_grant')
    }
    // None of this was a second use of the code.
    expect((await web.refresh(refreshToken, { key })).answer.status).toBe(200)
  })
})
