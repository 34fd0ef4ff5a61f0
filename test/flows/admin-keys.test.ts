import { decodeProtectedHeader } from 'jose'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openAdmin } from '../support/admin.ts'
import { refusal } from '../support/refusal.ts'
import { send } from '../support/http.ts'
import { control, getResource, makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const resourceServer = testClient('resourceServer')
const key = await makeDpopKey()

type Key = Readonly<
  Record<'kid' | 'purpose' | 'alg' | 'use' | 'state' | 'active_from' | 'remove_at', string>
>

let refreshToken = ''
beforeAll(async () => {
  refreshToken = (await web.redeem(await web.code({ key }), { key })).refreshToken
})
afterEach(async () => {
  await moveClock(0)
  await control('/faults', {})
})

const keysOf = (answer: { readonly json: Readonly<Record<string, unknown>> }) =>
  answer.json['keys'] as readonly Key[]
const listKeys = async () =>
  keysOf(await (await openAdmin()).request('GET', '/keys?purpose=signing'))
/** Of keys that sign. */
const published = async () =>
  keysOf(await send(`${server.issuer}/jwks`)).flatMap(({ kid, use }) =>
    use === 'sig' ? [kid] : [],
  )
const kidOf = (token: string) => decodeProtectedHeader(token).kid ?? ''
const newToken = async () => (await web.refresh(refreshToken, { key })).accessToken
const bank = async (token: string) =>
  (await getResource(`${server.api}/accounts`, token, { key })).status
const userinfo = async (token: string) =>
  (await getResource(`${server.issuer}/userinfo`, token, { key })).status

describe('signing keys', () => {
  it('SP-CR-11 are listed with their states; one signs, and private halves never leave', async () => {
    const answer = await (await openAdmin()).request('GET', '/keys?purpose=signing')
    const keys = keysOf(answer)
    expect(keys.filter(({ state }) => state === 'active')).toHaveLength(1)
    expect(kidOf(await newToken())).toBe(keys.find(({ state }) => state === 'active')?.kid)
    for (const one of keys) expect(one).toMatchObject({ alg: 'ES256', use: 'sig' })
    expect(answer.text).not.toMatch(/"(d|k|p|q|sealed)"/)
    expect((await published()).sort()).toEqual(keys.map(({ kid }) => kid).sort())
  })

  it('SP-CR-11 SP-RS-03 when revoked, end their tokens everywhere within a minute', async () => {
    const audience = 'https://other-api.example'
    const given = await web.code({ key, fields: { resource: audience } })
    const forOther = (await web.redeem(given, { key })).accessToken
    const introspect = async () =>
      (await resourceServer.post('/introspect', { token: forOther })).json['active']
    const old = await newToken()
    const kid = kidOf(old)
    expect([await bank(old), await userinfo(old), await introspect()]).toEqual([200, 200, true])
    const admin = await openAdmin()
    const all = keysOf(await admin.request('POST', `/keys/${kid}/revoke`))
    const left = all.filter(({ purpose }) => purpose === 'signing')
    expect(left.some((one) => one.kid === kid)).toBe(false)
    expect(left.filter(({ state }) => state === 'active')).toHaveLength(1)
    await moveClock(60)
    expect([await bank(old), await userinfo(old), await introspect()]).toEqual([401, 401, false])
    expect(await published()).not.toContain(kid)
    // The operator's own token was signed with that key, too.
    expect(refusal(await admin.request('GET', '/keys'))).toBe('401 invalid_token')
    // Nothing else ended: the same consent brings a token under the next key, at once.
    const renewed = await newToken()
    expect(kidOf(renewed)).not.toBe(kid)
    expect([await bank(renewed), await userinfo(renewed)]).toEqual([200, 200])
  })

  it('SP-CR-11 sign again at once after a revocation, even while copies are stale', async () => {
    const kid = kidOf(await newToken())
    await control('/faults', { kv_stale_s: 3600 })
    await (await openAdmin()).request('POST', `/keys/${kid}/revoke`)
    const renewed = await newToken()
    expect(kidOf(renewed)).not.toBe(kid)
    expect(await published()).toContain(kidOf(renewed))
    expect(await userinfo(renewed)).toBe(200)
  })

  it('design 8 can be sealed again under the current secret, and still sign', async () => {
    const answer = await (await openAdmin()).request('POST', '/keys/rewrap?purpose=signing')
    const count = (await listKeys()).length
    expect(answer.json).toEqual({ rewrapped: count, lost: 0 })
    expect(await userinfo(await newToken())).toBe(200)
  })

  it('SP-CR-11 rotate without a gap: published first, signing later, and old tokens stay valid', async () => {
    const before = (await listKeys()).find(({ state }) => state === 'active')?.kid ?? ''
    const old = await newToken()
    const rotated = keysOf(await (await openAdmin()).request('POST', '/keys/rotate'))
    const next = rotated.find(({ state }) => state === 'next')
    expect(next?.purpose).toBe('signing')
    expect(await published()).toContain(next?.kid)
    // At least twice the life of the JWKS, a minute, passes before it signs.
    const wait = (Date.parse(next?.active_from ?? '') - Date.now()) / 1000
    expect(wait).toBeGreaterThan(119)
    expect(kidOf(await newToken())).toBe(before)
    await moveClock(wait - 60)
    expect(kidOf(await newToken())).toBe(before)
    const last = await newToken()
    await moveClock(wait + 60)
    expect(kidOf(await newToken())).toBe(next?.kid)
    expect([await bank(last), await userinfo(last)]).toEqual([200, 200])
    expect((await listKeys()).find(({ kid }) => kid === before)?.state).toBe('retiring')
    expect(await published()).toContain(before)
    await moveClock(0)
    expect([await bank(old), await userinfo(old)]).toEqual([200, 200])
  })

  it('SP-CR-11 drop the retired key once its last token has expired', async () => {
    const retiring = (await listKeys()).filter(({ remove_at }) => remove_at !== undefined)
    expect(retiring.length).toBeGreaterThan(0)
    const [first] = retiring.map(({ remove_at }) => Date.parse(remove_at)).sort((a, b) => a - b)
    await moveClock(Math.ceil(((first ?? 0) - Date.now()) / 1000) + 5)
    await control('/alarms', { class: 'KeyRing' })
    // What isolates remember is renewed within a minute.
    await moveClock(Math.ceil(((first ?? 0) - Date.now()) / 1000) + 70)
    const kept = await published()
    const gone = retiring.filter(({ remove_at }) => Date.parse(remove_at) === first)
    expect(gone.filter(({ kid }) => kept.includes(kid))).toEqual([])
    expect(kept.length).toBeGreaterThan(0)
    expect(await bank(await newToken())).toBe(200)
  })
})
