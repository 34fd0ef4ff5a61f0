import { createPrivateKey } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { anyUsage, clientAuth, createSelfSigned, credentialOf, openCa, serverAuth } from '../support/certificates.ts' // prettier-ignore
import type { CertificateOptions, TestCa } from '../support/certificates.ts'
import type { PrivateJwk } from '../support/fixtures.ts'
import { send } from '../support/http.ts'
import type { Answer, Credential } from '../support/http.ts'
import { askWith, present, thumbprintOf } from '../support/mtls.ts'
import { moveClock, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const { clients, strangers, clientAuthority } = inject('fixtures')
const server = sharedServer()
const subject = 'CN=client one,O=TPP,C=DE'
const pki = clients.mtlsPki
const right = pki.credential
const hour = 3_600_000

let ca: TestCa
beforeAll(async () => {
  ca = await openCa(clientAuthority)
})

afterEach(async () => moveClock(0))

function expectRefusal(answer: Answer): void {
  expect(answer.status).toBe(401)
  expect(answer.json['error']).toBe('invalid_client')
  // The reason stays in the log: a stranger learns nothing about the registration.
  expect(answer.json['error_description']).toBe('Client authentication failed')
  expect(Object.keys(answer.json).sort()).toEqual(['error', 'error_description'])
}

describe('tls_client_auth', () => {
  it('MTLS-02 MTLS-20 accepts the registered certificate and binds the token to it', async () => {
    const answer = await askWith(pki.clientId, right)
    expect(answer.status).toBe(200)
    expect(answer.json['token_type']).toBe('Bearer')
  })

  const issued = (options: CertificateOptions) => async () =>
    credentialOf(await ca.issue({ subject, ...options }))
  const refused: Readonly<Record<string, () => Promise<Credential | undefined>>> = {
    'no certificate': async () => undefined,
    'another subject of the same authority': async () => strangers.sameAuthority,
    'the same subject of another authority': async () => strangers.otherAuthority,
    'the same subject, signed by itself': async () =>
      credentialOf(await createSelfSigned({ subject })),
    'a certificate that has expired': issued({ notAfter: new Date(Date.now() - hour / 2) }),
    'a certificate that is not valid yet': issued({ notBefore: new Date(Date.now() + hour) }),
    'a certificate for servers only': issued({ extendedKeyUsage: [serverAuth] }),
    'a certificate for any usage': issued({ extendedKeyUsage: [anyUsage] }),
    'a certificate that does not name its authority’s key': issued({ authorityKeyId: false }),
    'the authority’s own certificate': async () => clientAuthority,
  }
  for (const [what, make] of Object.entries(refused)) {
    it(`MTLS-02 MTLS-06 refuses ${what}, at the token endpoint and at PAR`, async () => {
      const credential = await make()
      expectRefusal(await askWith(pki.clientId, credential))
      const client = testClient('mtlsPki')
      const fields = { ...client.authorizationFields('v'.repeat(43)), client_id: pki.clientId }
      expectRefusal(await present({ path: '/par', fields, credential }))
      expect((await present({ path: '/par', fields, credential: right })).status).toBe(201)
    })
  }

  const accepted: Readonly<Record<string, CertificateOptions>> = {
    'without extended key usage': { extendedKeyUsage: [] },
    'for clients and servers': { extendedKeyUsage: [serverAuth, clientAuth] },
    'of an RSA key': { key: 'RSA' },
    'of an Ed25519 key': { key: 'Ed25519' },
  }
  for (const [what, options] of Object.entries(accepted)) {
    it(`MTLS-02 accepts a new certificate of the same subject ${what}`, async () => {
      const credential = await issued(options)()
      expect((await askWith(pki.clientId, credential)).status).toBe(200)
    })
  }

  it('MTLS-02 refuses a certificate from the moment it ends, by the deciding clock', async () => {
    const credential = await issued({ notAfter: new Date(Date.now() + hour) })()
    expect((await askWith(pki.clientId, credential)).status).toBe(200)
    await moveClock(3_700)
    expectRefusal(await askWith(pki.clientId, credential))
  })

  it('MTLS-06 a refused redemption leaves the code to its owner', async () => {
    const client = testClient('mtlsPki')
    const given = await client.code()
    for (const credential of [strangers.sameAuthority, strangers.otherAuthority]) {
      expectRefusal((await client.redeem(given, { credential })).answer)
    }
    expect((await client.redeem(given)).answer.status).toBe(200)
  })

  it('MTLS-06 guards revocation and introspection too', async () => {
    const client = testClient('mtlsPki')
    const { answer } = await client.token({ grant_type: 'client_credentials' })
    const token = String(answer.json['access_token'])
    const fields = { client_id: pki.clientId, token }
    for (const path of ['/revoke', '/introspect']) {
      expectRefusal(await present({ path, fields, credential: strangers.sameAuthority }))
    }
    const accounts = { headers: [['authorization', `Bearer ${token}`]], ca: server.ca } as const
    const api = `${server.apiMtls}/accounts`
    const credential = right ?? { cert: '', key: '' }
    expect((await send(api, { ...accounts, credential })).status).toBe(200)
    expect((await present({ path: '/revoke', fields, credential })).status).toBe(200)
    expect((await send(api, { ...accounts, credential })).status).toBe(401)
  })
})

describe('exactly one method, and the registered one', () => {
  const grant = { grant_type: 'client_credentials' }
  const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

  it('MTLS-01 refuses a certificate without client_id', async () => {
    expectRefusal(await present({ fields: grant, credential: right }))
    const fields = { ...grant, client_id: pki.clientId }
    expect((await present({ fields, credential: right })).status).toBe(200)
  })

  it('MTLS-01 refuses the client_id of another client on a certificate, and an unknown one', async () => {
    expectRefusal(await askWith(clients.mtlsPki2.clientId, right))
    expectRefusal(await askWith(clients.mtlsSelfSigned.clientId, right))
    expectRefusal(await askWith('client-unknown', right))
    expect((await askWith(clients.mtlsPki2.clientId, clients.mtlsPki2.credential)).status).toBe(200)
  })

  it('SP-AS-06 refuses a certificate where an assertion is registered', async () => {
    expectRefusal(await askWith(clients.certificateBound.clientId, right))
    const { answer } = await testClient('certificateBound').token(grant, {
      side: 'mtls',
      ...(right === undefined ? {} : { credential: right }),
    })
    expect(answer.status).toBe(200)
  })

  it('SP-AS-06 refuses an assertion where a certificate is registered, alone and beside it', async () => {
    const self = clients.mtlsSelfSigned
    const { credential } = self
    // The key is in the client's key set, so the assertion itself is sound.
    const jwk = createPrivateKey(credential?.key ?? '').export({ format: 'jwk' }) as PrivateJwk
    const signer = testClient({ ...self, jwk, alg: 'ES256' })
    const fields = async () => ({
      ...grant,
      client_id: self.clientId,
      client_assertion_type: assertionType,
      client_assertion: await signer.assertion(),
    })
    expectRefusal(await present({ fields: await fields() }))
    expectRefusal(await present({ fields: await fields(), credential }))
    expectRefusal(await present({ fields: await fields(), side: 'main' }))
    expect((await askWith(self.clientId, credential)).status).toBe(200)
  })

  it('MTLS-07 refuses a client of certificates on the main host, which sees none', async () => {
    const fields = { ...grant, client_id: pki.clientId }
    expectRefusal(await present({ fields, side: 'main' }))
    const { json } = await send(`${server.issuer}/.well-known/oauth-authorization-server`)
    const aliases = json['mtls_endpoint_aliases'] as Readonly<Record<string, string>>
    expect(aliases).toEqual({
      token_endpoint: `${server.mtls}/token`,
      pushed_authorization_request_endpoint: `${server.mtls}/par`,
      introspection_endpoint: `${server.mtls}/introspect`,
      revocation_endpoint: `${server.mtls}/revoke`,
      userinfo_endpoint: `${server.mtls}/userinfo`,
      grant_management_endpoint: `${server.mtls}/grants`,
    })
    for (const name of Object.keys(aliases)) expect(json[name]).toContain(server.issuer)
  })

  it('MTLS-07 serves nothing for browsers on the mTLS host', async () => {
    for (const path of ['/authorize', '/login', '/consent', '/admin/clients', '/jwks']) {
      const answer = await send(`${server.mtls}${path}`, { ca: server.ca })
      expect([path, answer.status]).toEqual([path, 404])
      expect(answer.headers.get('set-cookie')).toBeNull()
    }
  })
})

describe('self_signed_tls_client_auth', () => {
  const self = clients.mtlsSelfSigned

  it('MTLS-05 accepts the certificate of the key set and refuses every other', async () => {
    expect((await askWith(self.clientId, self.credential)).status).toBe(200)
    const sameName = credentialOf(await createSelfSigned({ subject: 'CN=self signed client' }))
    const issued = credentialOf(await ca.issue({ subject: 'CN=self signed client' }))
    for (const credential of [undefined, strangers.selfSigned, sameName, issued, right]) {
      expectRefusal(await askWith(self.clientId, credential))
    }
    expect(thumbprintOf(sameName)).not.toBe(thumbprintOf(self.credential ?? sameName))
  })
})
