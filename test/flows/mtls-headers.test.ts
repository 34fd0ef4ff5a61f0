import { beforeAll, describe, expect, inject, it } from 'vitest'
import { createSelfSigned, credentialOf, extension, openCa } from '../support/certificates.ts'
import type { TestCa } from '../support/certificates.ts'
import type { Answer } from '../support/http.ts'
import { present, spoofedHeaders, thumbprintOf } from '../support/mtls.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { clients, strangers, clientAuthority } = inject('fixtures')
const pki = clients.mtlsPki
const own = pki.credential ?? strangers.selfSigned
const grant = { grant_type: 'client_credentials' }
const headers = spoofedHeaders(own)

function expectError(answer: Answer, status: number, error: string): void {
  expect([answer.status, answer.json['error']]).toEqual([status, error])
  expect(answer.json['access_token'] ?? answer.json['accounts']).toBeUndefined()
}

describe('headers that tell of a certificate', () => {
  it('MTLS-08 prove no client, on either host, without certificate or with another', async () => {
    const fields = { ...grant, client_id: pki.clientId }
    const request = testClient('mtlsPki').authorizationFields('v'.repeat(43))
    for (const side of ['main', 'mtls'] as const) {
      expectError(await present({ side, fields, headers }), 401, 'invalid_client')
      const par = { side, path: '/par', fields: { ...request, ...fields }, headers }
      expectError(await present(par), 401, 'invalid_client')
    }
    const credential = strangers.sameAuthority
    expectError(await present({ fields, headers, credential }), 401, 'invalid_client')
  })

  it('MTLS-08 bind no token: a client that registered the certificate is refused without one', async () => {
    const client = testClient('certificateBound')
    for (const side of ['main', 'mtls'] as const) {
      const { answer } = await client.token(grant, { side, headers })
      expectError(answer, 400, 'invalid_request')
    }
  })

  it('MTLS-08 change nothing beside a real certificate', async () => {
    const fields = { ...grant, client_id: pki.clientId }
    const other = spoofedHeaders(strangers.selfSigned)
    const answer = await present({ fields, headers: other, credential: own })
    expect(answer.status).toBe(200)
    const { accessToken, claims } = await testClient('mtlsPki').token(grant, { headers: other })
    expect(claims['cnf']).toEqual({ 'x5t#S256': thumbprintOf(own) })
    const api = `${server.apiMtls}/accounts`
    const opened = await getResource(api, accessToken, { credential: own, headers: other })
    expect(opened.status).toBe(200)
  })

  it('MTLS-08 open no resource, on any port', async () => {
    const client = testClient('mtlsPki')
    const { accessToken } = await client.redeem(await client.code())
    const credential = strangers.selfSigned
    for (const path of [`${server.api}/accounts`, `${server.issuer}/userinfo`]) {
      expectError(await getResource(path, accessToken, { headers }), 401, 'invalid_token')
    }
    for (const path of [`${server.apiMtls}/accounts`, `${server.mtls}/userinfo`]) {
      expectError(await getResource(path, accessToken, { headers }), 401, 'invalid_token')
      const other = await getResource(path, accessToken, { headers, credential })
      expectError(other, 401, 'invalid_token')
      expect((await getResource(path, accessToken, { credential: own })).status).toBe(200)
    }
  })

  it('MTLS-08 do not turn a DPoP client into one of certificates', async () => {
    const key = await makeDpopKey()
    const { claims } = await testClient('web').token(grant, { key, headers })
    expect(claims['cnf']).toEqual({ jkt: key.jkt })
  })
})

describe('large certificates', () => {
  const named = (count: number) =>
    createSelfSigned({ dns: Array.from({ length: count }, (_, i) => `host-${i}.large.example`) })
  const client = testClient('certificateBound')

  it('MTLS-20 binds to a certificate of almost 10 KB', async () => {
    const certificate = await named(400)
    expect(certificate.der.length).toBeGreaterThan(9_000)
    expect(certificate.der.length).toBeLessThan(10 * 1024)
    const credential = credentialOf(certificate)
    const tokens = await client.token(grant, { side: 'mtls', credential })
    expect(tokens.claims['cnf']).toEqual({ 'x5t#S256': thumbprintOf(credential) })
    const opened = await getResource(`${server.apiMtls}/accounts`, tokens.accessToken, {
      credential,
    })
    expect(opened.status).toBe(200)
  })

  it('MTLS-20 refuses a certificate of more than 10 KB in clear words, rather than see none', async () => {
    const certificate = await named(500)
    expect(certificate.der.length).toBeGreaterThan(10 * 1024)
    const credential = credentialOf(certificate)
    const side = 'mtls'
    const key = await makeDpopKey()
    const { accessToken } = await testClient('web').token(grant, { key })
    const answers = [
      (await client.token(grant, { side, credential })).answer,
      (await client.par({ side, credential })).answer,
      (await testClient('web').token(grant, { side, credential, key })).answer,
      await getResource(`${server.mtls}/userinfo`, accessToken, { key, credential }),
      await getResource(`${server.apiMtls}/accounts`, accessToken, { key, credential }),
    ]
    for (const answer of answers) {
      expectError(answer, 400, 'invalid_request')
      const description = answer.json['error_description']
      expect(description).toBe('The client certificate cannot be used')
    }
  })
})

describe('strange certificates', () => {
  const malformed: Readonly<Record<string, ReturnType<typeof extension>[]>> = {
    'alternative names that are no DER': [extension('2.5.29.17', 'ffffffff')],
    'alternative names that end early': [extension('2.5.29.17', '3020820b')],
    'alternative names that are empty': [extension('2.5.29.17', '')],
    'an address of three octets': [extension('2.5.29.17', '30058703010203')],
    'a usage that is no list': [extension('2.5.29.37', '0500')],
    'an authority key that is no DER': [extension('2.5.29.35', 'ff')],
    'an extension twice': [extension('1.2.3.4.5', '0500'), extension('1.2.3.4.5', '0500')],
  }
  const client = testClient('certificateBound')
  const fields = { ...grant, client_id: pki.clientId }
  let ca: TestCa
  beforeAll(async () => {
    ca = await openCa(clientAuthority)
  })

  const issue = async (extensions: ReturnType<typeof extension>[], authorityKeyId = true) => {
    const subject = 'CN=client one,O=TPP,C=DE'
    const options = { subject, extendedKeyUsage: [], authorityKeyId, extensions }
    return credentialOf(await ca.issue(options))
  }

  for (const [what, extensions] of Object.entries(malformed)) {
    it(`MTLS-02 MTLS-20 with ${what} neither prove a client nor bind a token`, async () => {
      const credential = await issue(extensions, !what.startsWith('an authority key'))
      const proven = await present({ fields, credential })
      const bound = await client.token(grant, { side: 'mtls', credential })
      for (const answer of [proven, bound.answer]) {
        expectError(answer, 400, 'invalid_request')
        const description = answer.json['error_description']
        expect(description).toBe('The client certificate cannot be used')
      }
    })
  }

  it('MTLS-02 with a critical extension nobody knows bind a token, and prove no client', async () => {
    const credential = await issue([extension('1.2.3.4.5', '0500', true)])
    expectError(await present({ fields, credential }), 401, 'invalid_client')
    const { claims } = await client.token(grant, { side: 'mtls', credential })
    expect(claims['cnf']).toEqual({ 'x5t#S256': thumbprintOf(credential) })
  })

  it('MTLS-02 with an extension that may be ignored do both', async () => {
    const credential = await issue([extension('1.2.3.4.5', '0500')])
    expect((await present({ fields, credential })).status).toBe(200)
    const { claims } = await client.token(grant, { side: 'mtls', credential })
    expect(claims['cnf']).toEqual({ 'x5t#S256': thumbprintOf(credential) })
  })
})
