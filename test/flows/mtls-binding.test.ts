import { beforeAll, describe, expect, inject, it } from 'vitest'
import { createSelfSigned, credentialOf, openCa } from '../support/certificates.ts'
import type { Answer, Credential } from '../support/http.ts'
import { thumbprintOf } from '../support/mtls.ts'
import { getResource, makeDpopKey, moveClock, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { strangers } = inject('fixtures')
const api = `${server.apiMtls}/accounts`
const userinfo = `${server.mtls}/userinfo`
const client = testClient('mtlsPki')
const own = client.fixture.credential ?? strangers.selfSigned

let accessToken = ''
let refreshToken = ''
beforeAll(async () => {
  const tokens = await client.redeem(await client.code())
  accessToken = tokens.accessToken
  refreshToken = tokens.refreshToken
})

function expectRefusal(answer: Answer): void {
  expect(answer.status).toBe(401)
  expect(answer.json['error']).toBe('invalid_token')
  expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
  expect(answer.json['accounts'] ?? answer.json['sub']).toBeUndefined()
}

describe('a token bound to a certificate', () => {
  it('MTLS-20 names the thumbprint that OpenSSL gives, in the token and at introspection', async () => {
    const resource = 'https://other-api.example'
    const tokens = await client.token({ grant_type: 'client_credentials', resource })
    const confirmation = { 'x5t#S256': thumbprintOf(own) }
    expect(thumbprintOf(own)).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(tokens.claims['cnf']).toEqual(confirmation)
    const body = { token: tokens.accessToken }
    const { json } = await testClient('resourceServer').post('/introspect', body)
    expect(json).toMatchObject({ active: true, cnf: confirmation, token_type: 'Bearer' })
  })

  it('DPOP-AS-08 introspection tells the key of a DPoP-bound token, and asks for no proof', async () => {
    const key = await makeDpopKey()
    const fields = { grant_type: 'client_credentials', resource: 'https://other-api.example' }
    const tokens = await testClient('web').token(fields, { key })
    const body = { token: tokens.accessToken }
    const { json } = await testClient('resourceServer').post('/introspect', body)
    expect(json).toMatchObject({ active: true, cnf: { jkt: key.jkt }, token_type: 'DPoP' })
  })

  for (const [name, url] of [
    ['the bank API', api],
    ['userinfo', userinfo],
  ] as const) {
    for (const scheme of ['Bearer', 'bEARER']) {
      it(`MTLS-23 SP-RS-01 opens ${name} with its certificate under ${scheme}`, async () => {
        const answer = await getResource(url, accessToken, { credential: own, scheme })
        expect(answer.status).toBe(200)
      })
    }

    it(`MTLS-21 is refused at ${name} without certificate and with any other`, async () => {
      expectRefusal(await getResource(url, accessToken))
      for (const credential of [
        strangers.selfSigned,
        strangers.sameAuthority,
        testClient('mtlsPki2').fixture.credential ?? strangers.otherAuthority,
        // The same subject under a new key.
        await renewed(),
      ]) {
        expectRefusal(await getResource(url, accessToken, { credential }))
      }
    })

    it(`MTLS-21 is refused at ${name} on the main host, which sees no certificate`, async () => {
      const main = url.replace(server.apiMtls, server.api).replace(server.mtls, server.issuer)
      expectRefusal(await getResource(main, accessToken))
    })

    it(`DPOP-RS-07 is refused at ${name} under DPoP, with a proof and its certificate`, async () => {
      const key = await makeDpopKey()
      expectRefusal(await getResource(url, accessToken, { key, credential: own }))
      const scheme = 'DPoP'
      expectRefusal(await getResource(url, accessToken, { scheme, credential: own }))
    })

    it(`DPOP-RS-03 is refused at ${name} with its certificate beside a DPoP header that is no proof`, async () => {
      const credential = own
      const answer = await getResource(url, accessToken, { credential, proof: 'garbage' })
      expect([answer.status, answer.json['error']]).toEqual([401, 'invalid_dpop_proof'])
      expect(answer.json['accounts'] ?? answer.json['sub']).toBeUndefined()
      expect((await getResource(url, accessToken, { credential })).status).toBe(200)
    })

    it(`DPOP-RS-06 does not let a DPoP-bound token into ${name} by a certificate`, async () => {
      const key = await makeDpopKey()
      const other = testClient('web')
      const tokens = await other.redeem(await other.code(), { key, side: 'mtls', credential: own })
      expect(tokens.claims['cnf']).toEqual({ jkt: key.jkt })
      expectRefusal(await getResource(url, tokens.accessToken, { credential: own }))
      const answer = await getResource(url, tokens.accessToken, { key, credential: own })
      expect(answer.status).toBe(200)
    })
  }

  it('MTLS-26 outlives its certificate’s validity', async () => {
    const soon = await createSelfSigned({ notAfter: new Date(Date.now() + 60_000) })
    const credential = credentialOf(soon)
    const options = { side: 'mtls', credential } as const
    const tokens = await testClient('web').token({ grant_type: 'client_credentials' }, options)
    await moveClock(120)
    try {
      const answer = await getResource(api, tokens.accessToken, { credential })
      expect(answer.status).toBe(200)
    } finally {
      await moveClock(0)
    }
  })
})

describe('certificates of a client that signs assertions', () => {
  const grant = { grant_type: 'client_credentials' }

  it('MTLS-22 bind, whoever issued them', async () => {
    const signer = testClient('certificateBound')
    const expired = await createSelfSigned({ notAfter: new Date(Date.now() - 60_000) })
    const forServers = await createSelfSigned({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] })
    const rsa = await createSelfSigned({ key: 'RSA' })
    const ed25519 = await createSelfSigned({ key: 'Ed25519' })
    const credentials = [
      ...Object.values(strangers),
      ...[expired, forServers, rsa, ed25519].map(credentialOf),
    ]
    for (const credential of credentials) {
      const tokens = await signer.token(grant, { side: 'mtls', credential })
      expect(tokens.answer.status).toBe(200)
      expect(tokens.answer.json['token_type']).toBe('Bearer')
      expect(tokens.claims['cnf']).toEqual({ 'x5t#S256': thumbprintOf(credential) })
      expect((await getResource(api, tokens.accessToken, { credential })).status).toBe(200)
    }
  })
})

describe('a new certificate at refresh', () => {
  it('MTLS-25 binds the new token, where the client signs assertions', async () => {
    const signer = testClient('certificateBound')
    const { selfSigned: first, sameAuthority: next } = strangers
    const given = await signer.code()
    const tokens = await signer.redeem(given, { side: 'mtls', credential: first })
    const refreshed = await signer.refresh(tokens.refreshToken, { side: 'mtls', credential: next })
    expect(refreshed.answer.status).toBe(200)
    expect(refreshed.claims['cnf']).toEqual({ 'x5t#S256': thumbprintOf(next) })
    const open = (token: string, credential: Credential) => getResource(api, token, { credential })
    expect((await open(refreshed.accessToken, next)).status).toBe(200)
    expectRefusal(await open(refreshed.accessToken, first))
    expect((await open(tokens.accessToken, first)).status).toBe(200)
    expectRefusal(await open(tokens.accessToken, next))
  })

  it('MTLS-25 binds the new token, where the certificate also proves the client', async () => {
    const credential = await renewed()
    const refreshed = await client.refresh(refreshToken, { credential })
    expect(refreshed.answer.status).toBe(200)
    expect(refreshed.claims['cnf']).toEqual({ 'x5t#S256': thumbprintOf(credential) })
    const refused = await client.refresh(refreshToken, { credential: strangers.sameAuthority })
    expect(refused.answer.status).toBe(401)
    expect(refused.answer.json['error']).toBe('invalid_client')
    expect(refused.accessToken).toBe('')
  })
})

/** A new certificate of the same authority, for the same subject. */
async function renewed(): Promise<Credential> {
  const ca = await openCa(inject('fixtures').clientAuthority)
  return credentialOf(await ca.issue({ subject: 'CN=client one,O=TPP,C=DE' }))
}
