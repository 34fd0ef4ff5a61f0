import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  approve,
  authorizeUrl,
  createVisitor,
  makeParties,
  metadataFor,
  obtain,
  person,
  push,
  redemptionOf,
  settle,
} from '../objects/support/flow.ts'
import { assertion, bank, call, post, read } from '../objects/support/issuers.ts'
import type { Admin, Party } from '../objects/support/issuers.ts'

let app: Party
let api: Party
let admin: Admin

beforeAll(async () => {
  ;({ app, api } = await makeParties())
  admin = await settle(bank, [api])
})

beforeEach(async () => {
  expect(
    (await admin.run('PUT', `/clients/${app.clientId}`, metadataFor(app))).status,
  ).toBeLessThan(300)
})

/** Deletes the client and registers its id again: same metadata, same key. */
async function bearAgain(): Promise<void> {
  expect((await admin.run('DELETE', `/clients/${app.clientId}`)).status).toBe(204)
  expect((await push(bank, app)).response.status).toBe(401)
  expect((await admin.run('PUT', `/clients/${app.clientId}`, metadataFor(app))).status).toBe(201)
}

const take = async (fields: Readonly<Record<string, string>>) =>
  read(await post(bank, '/token', { as: app, key: app.key, fields }))
const active = async (token: string): Promise<unknown> =>
  (await read(await post(bank, '/introspect', { as: api, fields: { token } }))).json['active']

describe('a client id that is deleted and made again', () => {
  it('SP-CR-11 ATK-A1-25 does not revive refresh tokens or access tokens of people', async () => {
    const tokens = await obtain(bank, app)
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh }
    const userinfo = () => call(bank, '/userinfo', { token: tokens.access, key: app.key })
    expect([(await take(refresh)).status, await active(tokens.access)]).toEqual([200, true])
    expect((await userinfo()).status).toBe(200)
    await bearAgain()
    expect(await take(refresh)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } })
    expect(await active(tokens.access)).toBe(false)
    expect((await userinfo()).status).toBe(401)
    const fresh = await obtain(bank, app)
    expect(await active(fresh.access)).toBe(true)
  })

  it('SP-CR-11 does not revive its own tokens', async () => {
    const own = { grant_type: 'client_credentials', scope: 'accounts' }
    const before = String((await take(own)).json['access_token'])
    expect(await active(before)).toBe(true)
    await bearAgain()
    const after = String((await take(own)).json['access_token'])
    expect([await active(before), await active(after)]).toEqual([false, true])
  })

  it('SP-PAR-10 does not revive a code or a request_uri', async () => {
    const pushed = await push(bank, app)
    const fields = redemptionOf(await approve(bank, pushed), pushed.verifier)
    const unopened = await push(bank, app)
    await bearAgain()
    expect(await take(fields)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } })
    const page = await createVisitor().go(authorizeUrl(bank, unopened.requestUri))
    expect(page.response.status).toBe(400)
    expect(page.text).toContain('unauthorized_client')
    const fresh = await createVisitor().go(authorizeUrl(bank, (await push(bank, app)).requestUri))
    expect(fresh.response.status).toBe(200)
  })

  it('ATK-A1-12 does not take an assertion that was used before', async () => {
    const used = await assertion(app, bank)
    expect((await push(bank, app, { assertion: used })).response.status).toBe(201)
    const unused = await assertion(app, bank)
    await bearAgain()
    expect((await push(bank, app, { assertion: used })).response.status).toBe(401)
    expect((await push(bank, app, { assertion: unused })).response.status).toBe(201)
  })
})

describe('a client that is disabled', () => {
  it('SP-PAR-10 SP-CR-11 is refused at every endpoint at once, and nothing revives when it is enabled', async () => {
    const tokens = await obtain(bank, app)
    const own = String(
      (await take({ grant_type: 'client_credentials', scope: 'accounts' })).json['access_token'],
    )
    const pushed = await push(bank, app)
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh }
    await admin.run('POST', `/clients/${app.clientId}/disable`)
    expect((await take(refresh)).json['error']).toBe('invalid_client')
    expect((await push(bank, app)).response.status).toBe(401)
    const page = await createVisitor().go(authorizeUrl(bank, pushed.requestUri))
    expect(page.response.status).toBe(400)
    expect([await active(tokens.access), await active(own)]).toEqual([false, false])
    await admin.run('POST', `/clients/${app.clientId}/enable`)
    expect([await active(tokens.access), await active(own)]).toEqual([false, false])
    expect((await take(refresh)).json['error']).toBe('invalid_grant')
    const again = await createVisitor().go(authorizeUrl(bank, pushed.requestUri))
    expect(again.response.status).toBe(400)
    expect(await active((await obtain(bank, app)).access)).toBe(true)
  })
})

describe('a person who is disabled', () => {
  it('SP-CR-11 ends with every grant, and ended grants do not revive', async () => {
    const tokens = await obtain(bank, app)
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh }
    expect([(await take(refresh)).status, await active(tokens.access)]).toEqual([200, true])
    await admin.run('POST', `/users/${person.username}/disable`)
    expect([(await take(refresh)).status, await active(tokens.access)]).toEqual([400, false])
    await admin.run('POST', `/users/${person.username}/enable`)
    expect([(await take(refresh)).status, await active(tokens.access)]).toEqual([400, false])
    expect(await active((await obtain(bank, app)).access)).toBe(true)
  })
})
