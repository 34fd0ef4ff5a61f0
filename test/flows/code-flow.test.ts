import { describe, expect, it } from 'vitest'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()

describe('the authorization code flow', () => {
  it('SP-AS-21 takes a pushed request to a DPoP-bound token that opens the bank API', async () => {
    const client = testClient('web')
    const key = await makeDpopKey()
    const given = await client.code({ key })
    expect(given.callback.searchParams.get('iss')).toBe(server.issuer)
    const tokens = await client.redeem(given, { key })
    expect(tokens.answer.status).toBe(200)
    expect(tokens.answer.json['token_type']).toBe('DPoP')
    expect(tokens.claims['cnf']).toEqual({ jkt: key.jkt })
    const accounts = await getResource(`${server.api}/accounts`, tokens.accessToken, { key })
    expect(accounts.status).toBe(200)
  })

  it('MTLS-23 takes a pushed request to a certificate-bound token with tls_client_auth', async () => {
    const client = testClient('mtlsPki')
    const tokens = await client.redeem(await client.code())
    expect(tokens.answer.status).toBe(200)
    expect(tokens.answer.json['token_type']).toBe('Bearer')
    const accounts = await getResource(`${server.apiMtls}/accounts`, tokens.accessToken, {
      ...(client.fixture.credential === undefined ? {} : { credential: client.fixture.credential }),
    })
    expect(accounts.status).toBe(200)
  })

  it('MTLS-05 takes a pushed request to a certificate-bound token with self_signed_tls_client_auth', async () => {
    const client = testClient('mtlsSelfSigned')
    const tokens = await client.redeem(await client.code())
    expect(tokens.answer.status).toBe(200)
    expect(Object.keys(tokens.claims['cnf'] as object)).toEqual(['x5t#S256'])
  })
})
