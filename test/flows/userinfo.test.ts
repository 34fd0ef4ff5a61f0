import { decodeProtectedHeader } from 'jose'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { refusal } from '../support/refusal.ts'
import { send } from '../support/http.ts'
import { getResource, makeDpopKey, sign, testClient } from '../support/test-client.ts'
import type { Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const key = await makeDpopKey()
const url = `${server.issuer}/userinfo`

const tokensFor = async (fields: Record<string, string> = {}): Promise<Tokens> =>
  web.redeem(await web.code({ key, fields }), { key })
const ask = (accessToken: string, options = {}) =>
  getResource(url, accessToken, { key, ...options })

describe('userinfo', () => {
  let tokens: Tokens

  beforeAll(async () => {
    tokens = await tokensFor({ scope: 'openid accounts' })
  })

  it('SP-AS-34 tells the holder of a token with openid who the person is, by GET and POST', async () => {
    for (const method of ['GET', 'POST']) {
      const answer = await ask(tokens.accessToken, { method })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('application/json')
      expect(answer.headers.get('cache-control')).toContain('no-store')
      expect(answer.json).toEqual({ sub: 'sub-alice' })
    }
  })

  it('SP-AS-34 takes a token made for another audience of this issuer', async () => {
    const { accessToken, claims } = await web.redeem(
      await web.code({ key, fields: { resource: 'https://other-api.example' } }),
      { key },
    )
    expect(claims['aud']).toBe('https://other-api.example')
    expect((await ask(accessToken)).json['sub']).toBe('sub-alice')
  })

  it('OIDC Core 5.4 5.5 releases claims by scope and by name, and no others', async () => {
    const byScope = await ask((await tokensFor({ scope: 'openid email' })).accessToken)
    expect(byScope.json).toEqual({
      sub: 'sub-alice',
      email: 'alice@example.com',
      email_verified: true,
    })
    const claims = JSON.stringify({ userinfo: { birthdate: null, nonsense: null, sub: null } })
    const byName = await ask((await tokensFor({ scope: 'openid', claims })).accessToken)
    expect(byName.json).toEqual({ sub: 'sub-alice', birthdate: '1852-05-04' })
  })

  it('OIDC Core 5.5 keeps claims asked for the id_token out of userinfo', async () => {
    const claims = JSON.stringify({ id_token: { birthdate: null } })
    const answer = await ask((await tokensFor({ scope: 'openid', claims })).accessToken)
    expect(answer.json).toEqual({ sub: 'sub-alice' })
  })

  it('SP-AS-34 refuses a token without openid with 403', async () => {
    const { accessToken } = await tokensFor({ scope: 'accounts' })
    const answer = await ask(accessToken)
    expect(refusal(answer)).toBe('403 insufficient_scope')
    expect(answer.headers.get('www-authenticate')).toMatch(/^DPoP error="insufficient_scope"/)
  })

  it('SP-RS-01 takes the scheme in any case and a token in the header only', async () => {
    const { accessToken } = tokens
    for (const scheme of ['DPoP', 'dpop', 'DPOP', 'dPOp']) {
      expect((await ask(accessToken, { scheme })).status, scheme).toBe(200)
    }
    const inQuery = await send(`${url}?access_token=${accessToken}`)
    expect(inQuery.status).toBe(400)
    const inBody = await send(url, {
      method: 'POST',
      headers: [['content-type', 'application/x-www-form-urlencoded']],
      body: `access_token=${accessToken}`,
    })
    expect(inBody.status).toBe(401)
  })

  it('SP-RS-03 SP-RS-05 refuses no token, a changed token and a token without its key', async () => {
    const without = await send(url)
    expect(without.status).toBe(401)
    expect(without.headers.get('www-authenticate')).toMatch(/^DPoP algs="/)
    const { accessToken } = tokens
    const at = accessToken.lastIndexOf('.') + 5
    const changed = accessToken[at] === 'A' ? 'B' : 'A'
    const forged = `${accessToken.slice(0, at)}${changed}${accessToken.slice(at + 1)}`
    expect(refusal(await ask(forged))).toBe('401 invalid_token')
    expect(refusal(await ask(accessToken, { key: await makeDpopKey() }))).toBe('401 invalid_token')
    expect(refusal(await getResource(url, accessToken))).toBe('401 invalid_token')
    expect((await ask(accessToken)).status).toBe(200)
  })

  it('SP-SC-03 SP-RS-07 refuses, as the bank does, what another issuer or another key signed', async () => {
    const { accessToken, claims } = tokens
    const { kid } = decodeProtectedHeader(accessToken)
    const stranger = await makeDpopKey()
    const header = { alg: 'ES256', typ: 'at+jwt', kid }
    const foreign = { ...claims, iss: 'https://other-issuer.example' }
    for (const forged of [
      await sign(stranger.jwk, header, claims),
      await sign(stranger.jwk, { ...header, jwk: stranger.publicJwk }, foreign),
      await sign(stranger.jwk, { ...header, kid: 'unknown' }, foreign),
    ]) {
      expect(refusal(await ask(forged))).toBe('401 invalid_token')
      const bank = await getResource(`${server.api}/accounts`, forged, { key })
      expect(refusal(bank)).toBe('401 invalid_token')
    }
    const bank = await getResource(`${server.api}/accounts`, accessToken, { key })
    expect(bank.status).toBe(200)
  })

  it('SP-RS-05 takes a certificate-bound token with its certificate on the mTLS side', async () => {
    const mtls = testClient('mtlsPki')
    const { accessToken } = await mtls.redeem(await mtls.code())
    const { credential } = mtls.fixture
    if (credential === undefined) throw new Error('the client has a certificate')
    const alias = `${server.mtls}/userinfo`
    expect((await getResource(alias, accessToken, { credential })).json['sub']).toBe('sub-alice')
    const { selfSigned } = inject('fixtures').strangers
    const foreign = await getResource(alias, accessToken, { credential: selfSigned })
    expect(refusal(foreign)).toBe('401 invalid_token')
    expect(refusal(await getResource(url, accessToken))).toBe('401 invalid_token')
  })

  it('1.11 gives no CORS permission it was not asked to give', async () => {
    const headers = [['origin', 'https://app.example']] as const
    const answer = await ask(tokens.accessToken, { headers })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })
})
