import { describe, expect, test } from 'vitest'
import { createAdminClient } from '../../cli/admin-client.ts'
import { operatorKey } from './support.ts'
import { stubIssuer } from './stub-issuer.ts'

const keys = await operatorKey()
const operator = { client_id: 'operator.ann', jwk: keys.jwk }

describe('the admin client', () => {
  test('answers a demanded nonce once at the token endpoint and goes straight on at the API', async () => {
    const { issuer, log } = await stubIssuer({ operator: keys.publicJwk })
    const admin = await createAdminClient({ issuer, operator })
    expect(await admin.request('GET', '/keys')).toEqual({ status: 200, body: {} })
    expect(log.slice(1)).toEqual(['POST /token 400', 'POST /token 200', 'GET /admin/keys 200'])
  })

  test('answers a demanded nonce once at the API, with the token it has', async () => {
    const { issuer, log, newNonce } = await stubIssuer({ operator: keys.publicJwk })
    const admin = await createAdminClient({ issuer, operator })
    await admin.request('GET', '/keys')
    newNonce()
    expect((await admin.request('GET', '/keys')).status).toBe(200)
    expect(log.slice(4)).toEqual(['GET /admin/keys 401', 'GET /admin/keys 200'])
  })

  test('asks for a new token when the old one is about to end', async () => {
    const { issuer, log } = await stubIssuer({ operator: keys.publicJwk, lifetime: 10 })
    const admin = await createAdminClient({ issuer, operator })
    await admin.request('GET', '/keys')
    await admin.request('GET', '/keys')
    expect(log.filter((line) => line === 'POST /token 200')).toHaveLength(2)
  })

  test('hands over bodies and refusals as they are', async () => {
    const { issuer } = await stubIssuer({
      operator: keys.publicJwk,
      api: (method, path, body) => ({ status: 409, body: { error: 'x', method, path, body } }),
    })
    const admin = await createAdminClient({ issuer, operator })
    expect(await admin.request('PUT', '/users/ann', { sub: 's' })).toEqual({
      status: 409,
      body: { error: 'x', method: 'PUT', path: '/admin/users/ann', body: { sub: 's' } },
    })
  })

  test('hands over a refusal that comes with a challenge', async () => {
    const { issuer } = await stubIssuer({
      operator: keys.publicJwk,
      api: () => ({
        status: 403,
        body: { error: 'insufficient_scope' },
        headers: { 'www-authenticate': 'DPoP error="insufficient_scope"' },
      }),
    })
    const admin = await createAdminClient({ issuer, operator })
    expect(await admin.request('GET', '/keys')).toEqual({
      status: 403,
      body: { error: 'insufficient_scope' },
    })
  })

  test.each(['http://as.example', 'ftp://as.example', 'as.example'])(
    'refuses to send a key towards %s',
    async (issuer) => {
      await expect(createAdminClient({ issuer, operator })).rejects.toThrow(/issuer/)
    },
  )

  test('says in words that nothing listens', async () => {
    await expect(createAdminClient({ issuer: 'http://127.0.0.1:9', operator })).rejects.toThrow(
      'Cannot reach the issuer http://127.0.0.1:9/: nothing listens there (connection refused).',
    )
  })

  test('says what may be missing when the issuer does not know the operator', async () => {
    const other = await operatorKey()
    const { issuer } = await stubIssuer({ operator: other.publicJwk })
    const admin = await createAdminClient({ issuer, operator })
    await expect(admin.request('GET', '/keys')).rejects.toThrow(/No token from|refused/)
  })
})
