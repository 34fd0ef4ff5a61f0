import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { createBrowser } from '../support/browser.ts'
import {
  getResource,
  makeDpopKey,
  moveClock,
  nowSeconds,
  testClient,
} from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const key = await makeDpopKey()

afterEach(() => moveClock(0))

/** The id_token of a whole flow; undefined when none came. */
async function idTokenFor(fields: Record<string, string> = {}): Promise<string | undefined> {
  const { answer } = await web.redeem(await web.code({ key, fields }), { key })
  expect(answer.status).toBe(200)
  const { id_token: text } = answer.json
  return text === undefined ? undefined : String(text)
}

const claimsFor = async (fields: Record<string, string> = {}): Promise<JWTPayload> =>
  decodeJwt((await idTokenFor(fields)) ?? '')

describe('the id_token', () => {
  it('SP-AS-34 SP-CR-08 1.8 is signed by the one published key its header names', async () => {
    const text = (await idTokenFor({ nonce: 'n-1' })) ?? ''
    const keys = createRemoteJWKSet(new URL(`${server.issuer}/jwks`))
    const { payload, protectedHeader } = await jwtVerify(text, keys, {
      issuer: server.issuer,
      audience: web.fixture.clientId,
      algorithms: ['ES256'],
      requiredClaims: ['sub', 'iat', 'exp', 'auth_time', 'acr', 'amr', 'nonce'],
      typ: 'JWT',
    })
    expect(Object.keys(protectedHeader).sort()).toEqual(['alg', 'kid', 'typ'])
    expect(payload).toMatchObject({ sub: 'sub-alice', aud: web.fixture.clientId, nonce: 'n-1' })
  })

  it('1.8 has times around now, and a subject of at most 255 ASCII characters', async () => {
    const before = nowSeconds()
    const { iat = 0, exp = 0, auth_time, sub = '' } = await claimsFor()
    expect(iat).toBeGreaterThanOrEqual(before)
    expect(iat).toBeLessThanOrEqual(nowSeconds())
    expect(exp).toBeGreaterThan(iat)
    expect(auth_time).toSatisfy((time: number) => time >= before && time <= iat)
    expect(sub).toMatch(/^[\x21-\x7e]{1,255}$/)
  })

  it('1.8 tells when the person signed in, not when the token was made', async () => {
    const given = await web.code({ key })
    const signedIn = nowSeconds()
    await moveClock(50)
    const { answer } = await web.redeem(given, { key })
    const { auth_time, iat = 0 } = decodeJwt(String(answer.json['id_token']))
    expect(auth_time).toSatisfy((time: number) => Math.abs(time - signedIn) <= 2)
    expect(iat).toBeGreaterThanOrEqual(signedIn + 49)
  })

  it('1.5 1.8 has no nonce when none was pushed', async () => {
    expect(await claimsFor()).not.toHaveProperty('nonce')
  })

  it('SP-AS-34 1.7 does not exist without openid', async () => {
    expect(await idTokenFor({ scope: 'accounts' })).toBeUndefined()
  })

  it('1.5 carries no identity claims that were not asked for by name', async () => {
    const claims = await claimsFor({ scope: 'openid profile email accounts' })
    expect(Object.keys(claims).sort()).toEqual([
      'acr',
      'amr',
      'aud',
      'auth_time',
      'exp',
      'iat',
      'iss',
      'sid',
      'sub',
    ])
  })

  it('1.5 carries those asked for by the claims parameter; unknown ones break nothing', async () => {
    const id_token = { given_name: null, email: { essential: true }, 'x-random-unknown': null }
    const claims = await claimsFor({ claims: JSON.stringify({ id_token }) })
    expect(claims).toMatchObject({ given_name: 'Alice', email: 'alice@example.com' })
    expect(claims).not.toHaveProperty('x-random-unknown')
    expect(claims).not.toHaveProperty('family_name')
  })

  it('1.5 never lets the claims parameter choose what the server says about itself', async () => {
    const id_token = { sub: null, aud: { value: 'x' }, iss: { value: 'https://x.example' } }
    const claims = JSON.stringify({ id_token })
    expect(await claimsFor({ claims })).toMatchObject({
      sub: 'sub-alice',
      aud: web.fixture.clientId,
      iss: server.issuer,
    })
  })

  it('OIDC Core 5.5.1 is for nobody else when the claims parameter names a sub', async () => {
    const naming = (sub: object) => ({ claims: JSON.stringify({ id_token: { sub } }) })
    for (const sub of [{ value: 'sub-alice' }, { values: ['sub-carol', 'sub-alice'] }]) {
      expect(await claimsFor(naming(sub))).toMatchObject({ sub: 'sub-alice' })
    }
    const pushed = await web.par({ key, fields: naming({ value: 'sub-carol', essential: true }) })
    expect(pushed.answer.status).toBe(201)
    const page = await createBrowser({ fetch: createFetch({ ca: server.ca }) }).open(
      web.authorizeUrl(pushed.requestUri),
    )
    const { username, password } = inject('fixtures').users.alice
    const answer = (await page.submit('login', { username, password })).redirectedTo
    expect(answer?.searchParams.get('error')).toBe('login_required')
    expect(answer?.searchParams.has('code')).toBe(false)
  })

  it('OIDC Core 5.5.1 tells auth_time when it is essential, as always', async () => {
    const claims = JSON.stringify({ id_token: { auth_time: { essential: true } } })
    expect(await claimsFor({ claims })).toHaveProperty('auth_time', expect.any(Number))
  })

  it('SP-RS-07 SP-CR-01 is no access token', async () => {
    const text = (await idTokenFor()) ?? ''
    for (const url of [`${server.issuer}/userinfo`, `${server.api}/accounts`]) {
      expect((await getResource(url, text, { key })).status).toBe(401)
    }
  })
})
