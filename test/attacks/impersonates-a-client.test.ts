import { randomBytes } from 'node:crypto'
import { describe, expect, inject, it } from 'vitest'
import { storageCost } from '../support/attack.ts'
import type { ClientName, PrivateJwk } from '../support/fixtures.ts'
import { assertionBy, forgeries } from '../support/forgeries.ts'
import { refusal } from '../support/refusal.ts'
import { makeDpopKey, nowSeconds, testClient } from '../support/test-client.ts'
import type { RequestOptions, TestClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { clients, strangers } = inject('fixtures')
const web = testClient('web')

/** A place that proves its clients, and a request that it answers when the client is proven. */
type Place = {
  readonly path: string
  readonly client: TestClient
  readonly fields: Readonly<Record<string, string>>
  readonly status: number
}

const credentials = { grant_type: 'client_credentials', scope: 'accounts' }
const places: readonly Place[] = [
  { path: '/par', client: web, fields: web.authorizationFields('v'.repeat(43)), status: 201 },
  { path: '/token', client: web, fields: credentials, status: 200 },
  {
    path: '/introspect',
    client: testClient('resourceServer'),
    fields: { token: 'x' },
    status: 200,
  },
  { path: '/revoke', client: web, fields: { token: 'x' }, status: 200 },
]

const keyOf = (name: ClientName): PrivateJwk => {
  const { jwk } = clients[name]
  if (jwk === undefined) throw new Error(`${name} has no key`)
  return jwk
}

/** What breaks a rule of this server in particular. */
const stricter: typeof forgeries = {
  ...forgeries,
  'expired eleven seconds ago': ({ now }) => ({ claims: { exp: now - 11 } }),
  'valid for eleven minutes': ({ now }) => ({ claims: { exp: now + 660 } }),
  'valid for ever': () => ({ claims: { exp: 9_999_999_999 } }),
  'the sub of an operator': () => ({ claims: { iss: 'operator.local', sub: 'operator.local' } }),
}

/** Values of `kid` that are keys of nobody (a missing one is allowed: all keys are tried). */
const kids = [
  'second-1', '', ' web-1', 'WEB-1', 'web-1\u0000', '../../../dev/null', "' OR '1'='1", '*', '__proto__', 'constructor',
  'https://evil.example/key', 'x'.repeat(2_000), null, 0, true, [], ['web-1'], {}, { kid: 'web-1' },
] // prettier-ignore

/** Values of `aud` that also name this server in somebody's eyes (ATK-A1a-02). */
const audiences: readonly unknown[] = [
  [server.issuer], [server.issuer, server.issuer], [server.issuer, 'https://evil.example'],
  ['https://evil.example', server.issuer], [], {}, { url: server.issuer }, null, true, 0, '', ' ',
  `${server.issuer}/token`, `${server.issuer}/par`, `${server.issuer}/introspect`, `${server.issuer}/revoke`,
  `${server.issuer}/`, `${server.issuer}//`, `${server.issuer}?`, `${server.issuer}#`, ` ${server.issuer}`,
  `${server.issuer} `, `${server.issuer} https://evil.example`, server.issuer.toUpperCase(),
  server.issuer.replace('http', 'Http'), server.issuer.replace('localhost', 'LOCALHOST'),
  server.issuer.replace('localhost', '127.0.0.1'), server.issuer.replace('http:', 'https:'), server.mtls,
  `${server.issuer}/.well-known/openid-configuration`, 'https://evil.example', web.fixture.clientId, 'fapi-edge',
] // prettier-ignore

const basic = (id: string): string => `Basic ${Buffer.from(`${id}:secret`).toString('base64')}`

/** Refused in the one way that tells a stranger nothing, and nothing was stored. */
async function expectRefused(place: Place, options: RequestOptions, why: string): Promise<void> {
  const answer = await place.client.post(place.path, place.fields, options)
  expect(refusal(answer), why).toBe('401 invalid_client')
  expect(answer.json['error_description'], why).toBe('Client authentication failed')
  expect(storageCost(answer).rows, why).toBe(0)
  expect(answer.headers.get('www-authenticate'), why).toBeNull()
}

describe.each(places)('an attacker who impersonates a client at $path', (place) => {
  const { path, client, fields, status } = place

  it('ATK-A1-12 ATK-A1-13 is refused with every forged or missing proof, always in the same words', async () => {
    for (const [name, forge] of Object.entries(stricter)) {
      const given = { issuer: server.issuer, now: nowSeconds(), victim: client.fixture, other: clients.second } // prettier-ignore
      await expectRefused(place, await forge(given), name)
    }
    const key = await makeDpopKey()
    expect((await client.post(path, fields, { key })).status).toBe(status)
  })

  it('ATK-A1-12 is refused with every kid that is not one of the client, whatever it is', async () => {
    for (const kid of kids) {
      await expectRefused(place, { assertionHeader: { kid } }, JSON.stringify(kid))
    }
    const key = await makeDpopKey()
    const nameless = { key, assertionHeader: { kid: undefined } }
    expect((await client.post(path, fields, nameless)).status).toBe(status)
  })

  it('ATK-A1a-02 is refused with every aud but the issuer as one string', async () => {
    for (const aud of audiences) {
      await expectRefused(place, { claims: { aud } }, JSON.stringify(aud))
    }
    const key = await makeDpopKey()
    expect((await client.post(path, fields, { key })).status).toBe(status)
  })

  it('ATK-A1-12 is refused with a jti that was used, under any signature and at any endpoint', async () => {
    const jti = randomBytes(16).toString('base64url')
    const key = await makeDpopKey()
    const first = await client.post(path, fields, { key, claims: { jti } })
    expect(first.status).toBe(status)
    // A new signature over other times makes it another JWT, not another jti.
    const again = { claims: { jti, exp: nowSeconds() + 120 } }
    for (const { path: other, fields: others } of places) {
      const redirect = other === '/par' ? { redirect_uri: client.fixture.redirectUri } : {}
      const answer = await client.post(other, { ...others, ...redirect }, { ...again, key })
      expect(refusal(answer), other).toBe('401 invalid_client')
      expect(answer.text).not.toMatch(/access_token|request_uri/)
    }
    expect((await client.post(path, fields, { key })).status).toBe(status)
  })
})

describe('an attacker who mixes up methods', () => {
  const certificateClients = ['mtlsPki', 'mtlsSelfSigned'] as const

  it('ATK-A1-13 cannot prove a private_key_jwt client by a certificate alone', async () => {
    const tries = [strangers.selfSigned, strangers.sameAuthority, clients.mtlsPki.credential]
    for (const credential of tries) {
      if (credential === undefined) throw new Error('no certificate')
      const options = { anonymous: true, credential, side: 'mtls' } as const
      const answer = await web.post('/par', { client_id: web.fixture.clientId }, options)
      expect(refusal(answer)).toBe('401 invalid_client')
    }
    const bound = await web.par({ side: 'mtls', credential: strangers.selfSigned })
    expect(bound.answer.status).toBe(201)
  })

  it.each(certificateClients)('ATK-A1-13 cannot prove %s by an assertion', async (name) => {
    const client = testClient(name)
    const given = { issuer: server.issuer, now: nowSeconds(), victim: client.fixture, other: clients.web } // prettier-ignore
    const client_assertion = assertionBy(keyOf('web'), given)
    const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const assertion = { client_assertion, client_assertion_type }
    const both = await client.par({ fields: assertion })
    expect(refusal(both.answer)).toBe('401 invalid_client')
    const main = await client.par({ side: 'main', fields: assertion })
    expect(refusal(main.answer)).toBe('401 invalid_client')
    expect((await client.par()).answer.status).toBe(201)
  })

  it.each(certificateClients)(
    'ATK-A1-12 ATK-A1-13 cannot prove %s without its certificate, with another or with a secret beside',
    async (name) => {
      const client = testClient(name)
      const wrong: readonly RequestOptions[] = [
        { side: 'main' },
        { credential: strangers.selfSigned },
        { credential: strangers.sameAuthority },
        { credential: strangers.otherAuthority },
        { credential: clients.mtlsPki2.credential ?? strangers.selfSigned },
        { fields: { client_secret: 'secret' } },
        { headers: [['authorization', basic(client.fixture.clientId)]] },
        { fields: { client_id: undefined } },
        { fields: { client_id: clients.web.clientId } },
        { fields: { client_id: clients.mtlsPki2.clientId } },
      ]
      for (const options of wrong) {
        const { answer } = await client.par(options)
        expect(refusal(answer)).toBe('401 invalid_client')
        expect(storageCost(answer).rows).toBe(0)
      }
      expect((await client.par()).answer.status).toBe(201)
    },
  )

  it('ATK-A2-04 cannot put a certificate into a header', async () => {
    const { cert } = clients.mtlsPki.credential ?? { cert: '' }
    const der = cert.replace(/-----[^-]+-----|\s/g, '')
    const client = testClient({ clientId: clients.mtlsPki.clientId, redirectUri: clients.mtlsPki.redirectUri }) // prettier-ignore
    const blob = JSON.stringify({ tlsClientAuth: { certPresented: '1', certVerified: 'SUCCESS', certRFC9440: `:${der}:` } }) // prettier-ignore
    const names = [
      'client-cert', 'x-client-cert', 'x-ssl-cert', 'x-ssl-client-cert', 'x-forwarded-client-cert',
      'cf-client-cert-der-base64', 'ssl-client-cert', 'x-arr-clientcert', 'x-amzn-mtls-clientcert',
    ] // prettier-ignore
    const headers = names.map((name) => [name, name === 'client-cert' ? `:${der}:` : der] as const)
    const spoofed = [...headers, ['mf-cf-blob', blob], ['cf-client-cert-verified', 'true']] as const
    for (const side of ['main', 'mtls'] as const) {
      const answer = await client.post('/par', web.authorizationFields('v'.repeat(43)), {
        side,
        anonymous: true,
        fields: { client_id: clients.mtlsPki.clientId },
        headers: spoofed,
      })
      expect(refusal(answer)).toBe('401 invalid_client')
    }
    expect((await testClient('mtlsPki').par({ headers: spoofed })).answer.status).toBe(201)
  })
})
