import { beforeAll, describe, expect, it } from 'vitest'
import {
  approve,
  makeParties,
  obtain,
  person,
  push,
  redemptionOf,
  settle,
} from '../objects/support/flow.ts'
import {
  assertion,
  bank,
  call,
  nonceOf,
  other,
  post,
  proof,
  read,
  tenant,
} from '../objects/support/issuers.ts'
import type { Admin, IssuerAddress, Party } from '../objects/support/issuers.ts'

let app: Party
let api: Party
const admins = new Map<string, Admin>()

beforeAll(async () => {
  ;({ app, api } = await makeParties())
  for (const issuer of [bank, other, tenant]) {
    const own = { clientId: `only-at-${issuer.id}`, key: app.key }
    admins.set(issuer.id, await settle(issuer, [app, api, own]))
  }
})

const adminOf = (issuer: IssuerAddress): Admin => {
  const admin = admins.get(issuer.id)
  if (admin === undefined) throw new Error('no operator signed in')
  return admin
}

const active = async (issuer: IssuerAddress, token: string): Promise<unknown> => {
  const { json } = await read(await post(issuer, '/introspect', { as: api, fields: { token } }))
  return json['active']
}
const redeem = async (issuer: IssuerAddress, fields: Readonly<Record<string, string>>) =>
  read(await post(issuer, '/token', { as: app, key: app.key, fields }))
const refresh = (issuer: IssuerAddress, token: string) =>
  redeem(issuer, { grant_type: 'refresh_token', refresh_token: token })

/** The same client id, client key, person, operator and resource server at both. */
const pairs: readonly (readonly [string, IssuerAddress, IssuerAddress])[] = [
  ['bank to other', bank, other],
  ['other to bank', other, bank],
  ['bank to tenant', bank, tenant],
  ['tenant to bank', tenant, bank],
]

describe.each(pairs)('handles carried from %s', (_, home, abroad) => {
  it('ATK-A1a-02 SP-AS-08 a client assertion is refused, and not used up', async () => {
    const signed = await assertion(app, home)
    const refused = await push(abroad, app, { assertion: signed })
    expect(await read(refused.response)).toMatchObject({
      status: 401,
      json: { error: 'invalid_client' },
    })
    expect((await push(home, app, { assertion: signed })).response.status).toBe(201)
  })

  it('ATK-A5-05 DPOP-AS-09 a nonce is refused', async () => {
    const nonce = await nonceOf(home)
    const refused = await push(abroad, app, { key: app.key, nonce })
    expect(await read(refused.response)).toMatchObject({
      status: 400,
      json: { error: 'use_dpop_nonce' },
    })
    expect((await push(home, app, { key: app.key, nonce })).response.status).toBe(201)
  })

  it('ATK-A1a-03 DPOP-09 a proof is refused even with the right nonce', async () => {
    const about = { url: `${home.url}/par`, nonce: await nonceOf(abroad) }
    const refused = await push(abroad, app, { proof: await proof(app.key, about) })
    expect(await read(refused.response)).toMatchObject({
      status: 400,
      json: { error: 'invalid_dpop_proof' },
    })
    const own = { url: `${abroad.url}/par`, nonce: about.nonce }
    expect((await push(abroad, app, { proof: await proof(app.key, own) })).response.status).toBe(
      201,
    )
  })

  it('ATK-A1-03 a code is refused with the right verifier and key, and not spent', async () => {
    const pushed = await push(home, app, { key: app.key })
    const fields = redemptionOf(await approve(home, pushed), pushed.verifier)
    expect(await redeem(abroad, fields)).toMatchObject({
      status: 400,
      json: { error: 'invalid_grant' },
    })
    expect(await redeem(home, fields)).toMatchObject({ status: 200, json: { token_type: 'DPoP' } })
  })

  it('ATK-A1-25 a refresh token is refused, and cannot be revoked', async () => {
    const tokens = await obtain(home, app)
    expect(await refresh(abroad, tokens.refresh)).toMatchObject({
      status: 400,
      json: { error: 'invalid_grant' },
    })
    const revocation = { as: app, fields: { token: tokens.refresh } }
    expect((await post(abroad, '/revoke', revocation)).status).toBe(200)
    expect((await refresh(home, tokens.refresh)).status).toBe(200)
    expect((await post(home, '/revoke', revocation)).status).toBe(200)
    expect((await refresh(home, tokens.refresh)).status).toBe(400)
  })

  it('SP-SC-03 an access token is refused at userinfo', async () => {
    const { access: token } = await obtain(home, app)
    const refused = await call(abroad, '/userinfo', { token, key: app.key })
    expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await read(refused)).toMatchObject({ status: 401, json: { error: 'invalid_token' } })
    expect(await read(await call(home, '/userinfo', { token, key: app.key }))).toEqual({
      status: 200,
      json: { sub: `sub-${person.username}` },
    })
  })

  it('ATK-A1-26 ATK-A1-27 an access token is not active, and cannot be revoked', async () => {
    const { access } = await obtain(home, app)
    expect([await active(abroad, access), await active(home, access)]).toEqual([false, true])
    const revocation = { as: app, fields: { token: access } }
    expect((await post(abroad, '/revoke', revocation)).status).toBe(200)
    expect(await active(home, access)).toBe(true)
    expect((await post(home, '/revoke', revocation)).status).toBe(200)
    expect(await active(home, access)).toBe(false)
  })

  it("ATK-A1-27 a client's own token is not active, and cannot be revoked", async () => {
    const { json } = await redeem(home, { grant_type: 'client_credentials', scope: 'accounts' })
    const token = String(json['access_token'])
    expect([await active(abroad, token), await active(home, token)]).toEqual([false, true])
    await post(abroad, '/revoke', { as: app, fields: { token } })
    expect(await active(home, token)).toBe(true)
    await post(home, '/revoke', { as: app, fields: { token } })
    expect(await active(home, token)).toBe(false)
  })

  it('the token of an operator opens no admin API', async () => {
    const { token, key } = adminOf(home)
    const refused = await read(await call(abroad, '/admin/clients', { token, key }))
    expect(refused).toMatchObject({ status: 401, json: { error: 'invalid_token' } })
    expect((await call(home, '/admin/clients', { token, key })).status).toBe(200)
  })

  it('ATK-A3-03 the id of a grant means nothing to the other operator', async () => {
    const { access, refresh: refreshToken } = await obtain(home, app)
    const grants = await read(await adminOf(home).run('GET', `/users/${person.username}/grants`))
    const ids = (grants.json['grants'] as readonly { grant_id: string }[]).map(
      (one) => one.grant_id,
    )
    expect(ids).not.toEqual([])
    for (const id of ids) {
      expect((await adminOf(abroad).run('POST', `/grants/${id}/revoke`)).status).toBe(404)
    }
    const foreign = JSON.stringify(
      await read(await adminOf(abroad).run('GET', `/users/${person.username}/grants`)),
    )
    expect(ids.some((id) => foreign.includes(id))).toBe(false)
    expect(await active(home, access)).toBe(true)
    for (const id of ids) {
      expect((await adminOf(home).run('POST', `/grants/${id}/revoke`)).status).toBe(200)
    }
    expect(await active(home, access)).toBe(false)
    expect((await refresh(home, refreshToken)).status).toBe(400)
  })

  it('a client id of one issuer is not found by the other operator', async () => {
    const id = `only-at-${home.id}`
    for (const [method, path] of [
      ['GET', `/clients/${id}`],
      ['POST', `/clients/${id}/disable`],
      ['POST', `/clients/${id}/enable`],
      ['DELETE', `/clients/${id}`],
    ] as const) {
      expect((await adminOf(abroad).run(method, path)).status).toBe(404)
    }
    const own = await read(await adminOf(home).run('GET', `/clients/${id}`))
    expect(own).toMatchObject({ status: 200, json: { enabled: true } })
    const stranger = { clientId: id, key: app.key }
    expect((await push(abroad, stranger)).response.status).toBe(401)
    expect((await push(home, stranger)).response.status).toBe(201)
  })

  it('a signing key is not found by the other operator', async () => {
    const { json } = await read(await adminOf(home).run('GET', '/keys'))
    const [{ kid = '' } = {}] = json['keys'] as readonly { readonly kid?: string }[]
    expect((await adminOf(abroad).run('POST', `/keys/${kid}/revoke`)).status).toBe(404)
    const after = JSON.stringify(await read(await adminOf(home).run('GET', '/keys')))
    expect(after).toContain(kid)
  })

  it('disabling a client or a person at one issuer changes nothing for the same name at the other', async () => {
    const tokens = await obtain(home, app)
    for (const path of [`/clients/${app.clientId}`, `/users/${person.username}`]) {
      expect((await adminOf(abroad).run('POST', `${path}/disable`)).status).toBe(200)
    }
    expect((await push(abroad, app)).response.status).toBe(401)
    expect((await push(home, app)).response.status).toBe(201)
    expect(await active(home, tokens.access)).toBe(true)
    expect(await approve(home, await push(home, app))).toMatch(/^[\w-]{80,}$/)
    for (const path of [`/clients/${app.clientId}`, `/users/${person.username}`]) {
      expect((await adminOf(abroad).run('POST', `${path}/enable`)).status).toBe(200)
    }
    expect((await push(abroad, app)).response.status).toBe(201)
  })
})
