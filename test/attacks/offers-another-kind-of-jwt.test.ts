import { beforeAll, describe, expect, it } from 'vitest'
import { signTexts, storageCost } from '../support/attack.ts'
import { createBrowser } from '../support/browser.ts'
import type { PrivateJwk } from '../support/fixtures.ts'
import { pageRefusal, refusal } from '../support/refusal.ts'
import {
  getResource, makeDpopKey, nonceOf, nowSeconds, proof, sign, testClient,
} from '../support/test-client.ts' // prettier-ignore
import type { DpopKey, Tokens } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const resourceServer = testClient('resourceServer')
const userinfo = `${server.issuer}/userinfo`
const accounts = `${server.api}/accounts`

let key: DpopKey
let person: Tokens
let machine: Tokens
let idToken = ''

beforeAll(async () => {
  key = await makeDpopKey()
  person = await web.redeem(await web.code(), { key })
  const fields = { grant_type: 'client_credentials', scope: 'accounts' }
  machine = await web.token(fields, { key })
  idToken = String(person.answer.json['id_token'])
})

/** A JWT of the client's own with everything an assertion needs, under another type. */
function typed(typ: unknown): Promise<string> {
  const { jwk, clientId } = web.fixture
  const now = nowSeconds()
  const claims = { iss: clientId, sub: clientId, aud: server.issuer, iat: now, exp: now + 60, jti: String(Math.random()) } // prettier-ignore
  return sign(jwk as PrivateJwk, { alg: 'ES256', kid: jwk?.['kid'], typ }, claims)
}

describe('an attacker who offers one kind of JWT as another', () => {
  it('ATK-A1-14 ATK-A1a-07 cannot use a proof, an id_token or an access token as client assertion', async () => {
    const others = [
      await proof(key, web.url('/par'), { nonce: await nonceOf(web.url('/par')) }),
      idToken,
      person.accessToken,
      machine.accessToken,
      String((await web.par()).requestUri),
    ]
    for (const client_assertion of others) {
      const { answer } = await web.par({ fields: { client_assertion } })
      expect(refusal(answer)).toBe('401 invalid_client')
      expect(storageCost(answer).rows).toBe(0)
    }
  })

  it('ATK-A1-14 cannot use a JWT of the client with the typ of another kind as assertion', async () => {
    const types = [
      'dpop+jwt', 'at+jwt', 'application/at+jwt', 'oauth-authz-req+jwt', 'logout+jwt', 'secevent+jwt',
      'token-introspection+jwt', 'entity-statement+jwt', 'oauth-client-attestation+jwt', 'JOSE', '', ' JWT',
      'jwt ', null, 1, ['JWT'], { JWT: true },
    ] // prettier-ignore
    for (const typ of types) {
      const { answer } = await web.par({ fields: { client_assertion: await typed(typ) } })
      expect(refusal(answer), JSON.stringify(typ)).toBe('401 invalid_client')
    }
    for (const typ of [undefined, 'JWT', 'client-authentication+jwt']) {
      const { answer } = await web.par({ fields: { client_assertion: await typed(typ) } })
      expect(answer.status, typ).toBe(201)
    }
  })

  it('ATK-A1-14 cannot use an assertion, an access token or an id_token as DPoP proof', async () => {
    const { jwk } = web.fixture
    const { kty, crv, x, y } = jwk as PrivateJwk
    const nonce = await nonceOf(web.url('/token'))
    const asAssertion = await web.assertion({ assertionHeader: { jwk: { kty, crv, x, y } }, claims: { nonce } }) // prettier-ignore
    const fields = { grant_type: 'client_credentials', scope: 'accounts' }
    for (const text of [asAssertion, person.accessToken, idToken, 'x', '', 'a.b.c']) {
      const { answer } = await web.token(fields, { proof: text })
      expect(refusal(answer)).toMatch(/^400 invalid_(dpop_proof|request)$/)
    }
    expect((await web.token(fields, { key })).answer.status).toBe(200)
  })

  it('ATK-A1-14 cannot use an id_token, an assertion or a proof as access token', async () => {
    const nonce = await nonceOf(userinfo)
    const others = [
      idToken,
      await web.assertion(),
      await proof(key, userinfo, { method: 'GET', nonce }),
      person.refreshToken,
    ]
    for (const text of others) {
      for (const target of [userinfo, accounts]) {
        const answer = await getResource(target, text, { key })
        expect(answer.status).toBe(401)
        expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
        expect(answer.text).not.toMatch(/iban|sub-alice/)
      }
    }
    expect((await getResource(userinfo, person.accessToken, { key })).status).toBe(200)
    expect((await getResource(accounts, person.accessToken, { key })).status).toBe(200)
  })

  it('ATK-A1-14 cannot use an access token signed by a client, or an id_token renamed', async () => {
    const [, claims = ''] = person.accessToken.split('.')
    const payload = Buffer.from(claims, 'base64url').toString()
    const [head = ''] = person.accessToken.split('.')
    const header = Buffer.from(head, 'base64url').toString()
    const own = await makeDpopKey()
    const forged = [
      await signTexts(own.jwk, header, payload),
      await signTexts(own.jwk, JSON.stringify({ alg: 'ES256', typ: 'at+jwt', jwk: own.publicJwk }), payload), // prettier-ignore
      `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${claims}.`,
      `${head}.${claims}.`,
      `${Buffer.from(header.replace('at+jwt', 'JWT')).toString('base64url')}.${claims}.${person.accessToken.split('.')[2]}`,
      `${head}.${idToken.split('.').slice(1).join('.')}`,
    ]
    for (const text of forged) {
      const answer = await getResource(userinfo, text, { key })
      expect(answer.status).toBe(401)
      expect(answer.json['error']).toBe('invalid_token')
    }
    expect((await getResource(userinfo, person.accessToken, { key })).status).toBe(200)
  })

  it('ATK-A1-14 cannot use an access token, a client assertion or a foreign id_token as id_token_hint', async () => {
    const foreign = `${idToken.split('.').slice(0, 2).join('.')}.${person.accessToken.split('.')[2]}`
    for (const id_token_hint of [person.accessToken, await web.assertion(), foreign, 'x']) {
      const { answer } = await web.par({ fields: { id_token_hint } })
      expect(refusal(answer)).toBe('400 invalid_request')
    }
    expect((await web.par()).answer.status).toBe(201)
  })

  it('ATK-A1-14 cannot use a token as the sealed state of an interaction', async () => {
    for (const text of [person.accessToken, idToken, person.refreshToken, await web.assertion()]) {
      for (const path of ['/login', '/consent']) {
        const page = await createBrowser().open(`${server.issuer}${path}?interaction=${text}`)
        expect(pageRefusal(page)).toBe('400 invalid_request')
      }
    }
  })

  it('ATK-A1-14 ATK-A1-26 gets "inactive" for everything that is not an access token of that audience', async () => {
    const foreign = { grant_type: 'client_credentials', resource: 'https://other-api.example' }
    const fitting = await web.token({ ...foreign, scope: 'accounts' }, { key })
    const others = [
      idToken, person.refreshToken, person.accessToken, await web.assertion(), 'x', 'a.b.c',
      `${fitting.accessToken}x`, `x${fitting.accessToken}`,
    ] // prettier-ignore
    for (const token of others) {
      const answer = await resourceServer.post('/introspect', { token })
      expect(answer.status).toBe(200)
      expect(answer.json).toEqual({ active: false })
    }
    const live = await resourceServer.post('/introspect', { token: fitting.accessToken })
    expect(live.json['active']).toBe(true)
  })
})
