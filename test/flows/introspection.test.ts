import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { refusal } from '../support/refusal.ts'
import { send } from '../support/http.ts'
import { makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import type { Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const resourceServer = testClient('resourceServer')
const key = await makeDpopKey()
const audience = 'https://other-api.example'

afterEach(() => moveClock(0))

const introspect = (token: string, client = resourceServer) => client.post('/introspect', { token })
const tokensFor = async (resource = audience): Promise<Tokens> =>
  web.redeem(await web.code({ key, fields: { resource } }), { key })
const inactive = { active: false }

describe('introspection (RFC 7662)', () => {
  let tokens: Tokens

  beforeAll(async () => {
    tokens = await tokensFor()
  })

  it('SP-AS-05 tells a registered resource server what a token for it holds, its binding included', async () => {
    const answer = await introspect(tokens.accessToken)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('cache-control')).toContain('no-store')
    expect(answer.json).toEqual({ active: true, token_type: 'DPoP', ...tokens.claims })
    expect(answer.json).toMatchObject({
      aud: audience,
      client_id: web.fixture.clientId,
      sub: 'sub-alice',
      cnf: { jkt: key.jkt },
    })
  })

  it('SP-AS-05 tells the binding of a certificate-bound token, whose type is Bearer', async () => {
    const mtls = testClient('mtlsPki')
    const bound = await mtls.redeem(await mtls.code({ fields: { resource: audience } }))
    const { json } = await introspect(bound.accessToken)
    expect(json).toMatchObject({ active: true, token_type: 'Bearer', cnf: bound.claims['cnf'] })
    expect(Object.keys(json['cnf'] as object)).toEqual(['x5t#S256'])
  })

  it('RFC 7662 4 tells nothing about a token for another resource server', async () => {
    const other = await tokensFor(server.api)
    expect((await introspect(other.accessToken)).json).toEqual(inactive)
  })

  it('RFC 7662 2.2 says inactive, and nothing more, to what is no live access token', async () => {
    const { accessToken, refreshToken, answer } = tokens
    const at = accessToken.lastIndexOf('.') + 5
    const forged = `${accessToken.slice(0, at)}${accessToken[at] === 'A' ? 'B' : 'A'}${accessToken.slice(at + 1)}`
    for (const token of ['x', forged, refreshToken, String(answer.json['id_token'])]) {
      const told = await introspect(token)
      expect([told.status, told.json]).toEqual([200, inactive])
    }
  })

  it('SP-RS-03 shows expiry when it comes', async () => {
    const life = Number(tokens.answer.json['expires_in'])
    await moveClock(life - 5)
    expect((await introspect(tokens.accessToken)).json['active']).toBe(true)
    await moveClock(life + 1)
    expect((await introspect(tokens.accessToken)).json).toEqual(inactive)
  })

  it('SP-RS-03 SP-CR-11 shows revocation of a token, and of its grant, at once', async () => {
    const one = await tokensFor()
    const two = await web.refresh(one.refreshToken, { key })
    await web.post('/revoke', { token: one.accessToken })
    expect((await introspect(one.accessToken)).json).toEqual(inactive)
    expect((await introspect(two.accessToken)).json['active']).toBe(true)
    await web.post('/revoke', { token: one.refreshToken })
    expect((await introspect(two.accessToken)).json).toEqual(inactive)
  })

  it('RFC 7662 2.1 is for registered resource servers: another client learns nothing', async () => {
    const told = await introspect(tokens.accessToken, web)
    expect(refusal(told)).toBe('403 access_denied')
    expect(refusal(await introspect('unknown', web))).toBe('403 access_denied')
  })

  it('RFC 7662 2.1 needs a token, a POST and authentication', async () => {
    expect(refusal(await resourceServer.post('/introspect', {}))).toBe('400 invalid_request')
    expect(refusal(await send(`${server.issuer}/introspect`))).toBe('405 method_not_allowed')
    const fields = { token: tokens.accessToken, client_id: resourceServer.fixture.clientId }
    const anonymous = await resourceServer.post('/introspect', fields, { anonymous: true })
    expect(refusal(anonymous)).toBe('401 invalid_client')
  })
})
