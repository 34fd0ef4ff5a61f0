import { beforeAll, describe, expect, it } from 'vitest'
import { createSelfSigned, tlsClientAuth } from '../support/certificates.ts'
import type { TestCertificate } from '../support/certificates.ts'
import { makeParties, metadataFor, push, settle } from '../objects/support/flow.ts'
import {
  assertion,
  bank,
  form,
  nonceOf,
  other,
  proof,
  read,
  send,
  tenant,
} from '../objects/support/issuers.ts'
import type { Admin, IssuerAddress, Json, Party } from '../objects/support/issuers.ts'

const described = async (url: string, headers: Readonly<Record<string, string>> = {}) =>
  read(await send(url, { headers }))

let app: Party
let admin: Admin

beforeAll(async () => {
  ;({ app } = await makeParties())
  for (const issuer of [bank, tenant]) admin = await settle(issuer, [app])
})

/** RFC 8414 3.1: the suffix stands between host and path. OpenID Connect appends it. */
const wellKnown = (issuer: IssuerAddress) => {
  const { origin, pathname } = new URL(issuer.url)
  const path = pathname === '/' ? '' : pathname
  return {
    inserted: `${origin}/.well-known/oauth-authorization-server${path}`,
    appended: `${issuer.url}/.well-known/openid-configuration`,
  }
}

describe('the address of a request', () => {
  it.each([
    'https://unknown.example/token',
    'https://as.example.evil.example/.well-known/oauth-authorization-server',
    'https://evil.as.example/jwks',
    'https://as.example:8443/jwks',
    'http://as.example/jwks',
    'https://mtls.unknown.example/token',
  ])('ATK-A1-35 SP-TLS-01 belongs to no issuer: %s is answered 421', async (url) => {
    const response = await send(url)
    const text = await response.text()
    expect(response.status).toBe(421)
    expect(JSON.parse(text)).toMatchObject({ error: 'misdirected_request' })
    expect(text).not.toContain('as.example')
    expect((await send('https://as.example/jwks')).status).toBe(200)
  })

  it.each([
    ['bank', bank],
    ['other', other],
    ['tenant', tenant],
  ])(
    'SP-AS-01 leads to the metadata of %s in both forms, its issuer byte-equal',
    async (_, issuer) => {
      const { inserted, appended } = wellKnown(issuer)
      const [one, two] = [await described(inserted), await described(appended)]
      expect(one.status).toBe(200)
      expect(one).toEqual(two)
      expect(one.json['issuer']).toBe(issuer.url)
      const endpoints = Object.entries(one.json).filter(([name]) =>
        /_endpoint$|^jwks_uri$/.test(name),
      )
      expect(endpoints.length).toBeGreaterThan(5)
      for (const [, url] of endpoints)
        expect(String(url)).toMatch(new RegExp(`^${issuer.url}/[a-z]+$`))
    },
  )

  it.each([
    'https://as.example/.well-known/oauth-authorization-server/unknown',
    'https://as.example/.well-known/oauth-authorization-server/tenant/',
    'https://as.example/.well-known/oauth-authorization-server/Tenant',
    'https://as.example/.well-known/oauth-authorization-server/tenant%2f..',
    'https://as.example/.well-known/oauth-authorization-server;x',
    'https://as.example/tenants/.well-known/openid-configuration',
    'https://as.example//tenant/.well-known/openid-configuration',
    'https://other.example/tenant/.well-known/openid-configuration',
    'https://other.example/.well-known/oauth-authorization-server/tenant',
  ])('ATK-A1-35 does not lead to metadata by a trick of the path: %s', async (url) => {
    expect((await described(url)).status).toBe(404)
    expect((await described(wellKnown(tenant).inserted)).json['issuer']).toBe(tenant.url)
  })

  it('ATK-A1-35 ATK-A2-04 is what the connection says: forged headers change nothing', async () => {
    const forged = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-forwarded-prefix': '/tenant',
      'x-forwarded-for': '192.0.2.1',
      'x-original-url': '/admin/clients',
      'x-rewrite-url': '/admin/clients',
      'x-original-host': 'other.example',
      forwarded: 'host=evil.example;proto=http',
    }
    const url = wellKnown(bank).inserted
    const plain = await send(url)
    const spoofed = await send(url, { headers: forged })
    expect(await spoofed.text()).toBe(await plain.text())
    expect([...spoofed.headers]).toEqual([...plain.headers])
    const headers = { ...forged, host: 'as.example', 'x-forwarded-host': 'as.example' }
    expect((await send('https://unknown.example/jwks', { headers })).status).toBe(421)
  })

  it('ATK-A1-35 forged headers change neither what htu must name nor where redirects lead', async () => {
    const forged = { 'x-forwarded-host': 'evil.example', host: 'evil.example' }
    const { headers, body = '' } = form({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await assertion(app, bank),
      grant_type: 'client_credentials',
      scope: 'accounts',
    })
    const about = { url: 'https://evil.example/token', nonce: await nonceOf(bank) }
    const wrong = { ...headers, ...forged, dpop: await proof(app.key, about) }
    const right = { ...wrong, dpop: await proof(app.key, { ...about, url: `${bank.url}/token` }) }
    const request = (sent: Readonly<Record<string, string>>) =>
      send(`${bank.url}/token`, { method: 'POST', headers: sent, body })
    expect(await read(await request(wrong))).toMatchObject({
      json: { error: 'invalid_dpop_proof' },
    })
    expect((await request(right)).status).toBe(200)
    const { requestUri } = await push(bank, app)
    const query = new URLSearchParams({
      client_id: app.clientId,
      request_uri: requestUri,
    }).toString()
    const opened = await send(`${bank.url}/authorize?${query}`, { headers: forged })
    expect(opened.headers.get('location')).toMatch(/^https:\/\/as\.example\/login\?/)
  })

  it('ATK-A1-35 tells caches nothing but metadata and keys', async () => {
    const cached = async (path: string, method: string) =>
      (await send(`${bank.url}${path}`, { method })).headers.get('cache-control')
    for (const path of ['/par', '/token', '/introspect', '/revoke', '/userinfo']) {
      expect(await cached(path, 'POST')).toContain('no-store')
    }
    expect(await cached('/jwks', 'GET')).toBe('public, max-age=60')
  })
})

describe('the mTLS host', () => {
  let certificate: TestCertificate
  let cf: Readonly<Record<string, unknown>>
  const clientId = 'holder'

  beforeAll(async () => {
    certificate = await createSelfSigned({ subject: 'CN=holder' })
    cf = {
      tlsClientAuth: await tlsClientAuth(certificate.der, {
        certVerified: 'FAILED:self signed certificate',
      }),
    }
    const metadata = {
      ...metadataFor({ clientId, key: app.key }),
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      tls_client_certificate_bound_access_tokens: true,
      jwks: { keys: [certificate.jwk] },
    }
    expect((await admin.run('PUT', `/clients/${clientId}`, metadata)).status).toBe(201)
  })

  const take = async (base: string, connection?: Readonly<Record<string, unknown>>) => {
    const fields = { client_id: clientId, grant_type: 'client_credentials', scope: 'accounts' }
    const request = { method: 'POST', ...form(fields) }
    return read(
      await send(
        `${base}/token`,
        connection === undefined ? request : { ...request, cf: connection },
      ),
    )
  }

  it('MTLS-07 is named by the aliases of an issuer with a path, and answers there', async () => {
    const { json } = await described(wellKnown(tenant).inserted)
    const aliases = json['mtls_endpoint_aliases'] as Json
    expect(aliases['token_endpoint']).toBe('https://mtls.as.example/tenant/token')
    expect(Object.keys(aliases)).not.toContain('authorization_endpoint')
    for (const [name, url] of Object.entries(aliases)) {
      expect(json[name]).toBe(String(url).replace('//mtls.', '//'))
      // Grants are below their endpoint (Grant Management 6.1).
      const below = name === 'grant_management_endpoint' ? '/a-grant' : ''
      expect((await send(`${String(url)}${below}`, { method: 'POST' })).status).not.toBe(404)
    }
    const taken = await take(tenant.mtls, cf)
    expect(taken).toMatchObject({ status: 200, json: { token_type: 'Bearer' } })
    expect((await take(bank.mtls, cf)).json['error']).toBe('invalid_client')
  })

  it('MTLS-07 DPOP-09 wants proofs to name the alias', async () => {
    const dpop = async (url: string) => proof(app.key, { url, nonce: await nonceOf(tenant) })
    const request = async (htu: string) => {
      const { headers, body = '' } = form({
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await assertion(app, tenant),
        grant_type: 'client_credentials',
        scope: 'accounts',
      })
      const sent = { ...headers, dpop: await dpop(htu) }
      return read(await send(`${tenant.mtls}/token`, { method: 'POST', headers: sent, body }))
    }
    expect((await request(`${tenant.url}/token`)).json['error']).toBe('invalid_dpop_proof')
    expect((await request(`${bank.mtls}/token`)).json['error']).toBe('invalid_dpop_proof')
    expect((await request(`${tenant.mtls}/token`)).json['token_type']).toBe('DPoP')
  })

  it('MTLS-08 takes certificates, and the main host does not even look at them', async () => {
    expect(await take(tenant.url, cf)).toMatchObject({
      status: 401,
      json: { error: 'invalid_client' },
    })
    expect(await take(tenant.mtls)).toMatchObject({
      status: 401,
      json: { error: 'invalid_client' },
    })
    expect((await take(tenant.mtls, cf)).status).toBe(200)
  })

  it('MTLS-08 binds no token to a certificate that was shown to the main host', async () => {
    const request = async (base: string) => {
      const { headers = {}, body = '' } = form({
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await assertion(app, tenant),
        grant_type: 'client_credentials',
        scope: 'accounts',
      })
      return read(await send(`${base}/token`, { method: 'POST', headers, body, cf }))
    }
    expect(await request(tenant.url)).toMatchObject({
      status: 400,
      json: { error: 'invalid_request' },
    })
    expect(await request(tenant.mtls)).toMatchObject({
      status: 200,
      json: { token_type: 'Bearer' },
    })
  })

  it.each([bank, tenant])(
    'serves $id no page, no metadata and no admin API',
    async ({ url, mtls }) => {
      const page = await (await send(`${url}/authorize`)).text()
      const style = /\/assets\/[^"]+/.exec(page)?.[0] ?? 'missing'
      const paths = ['/authorize', '/login', '/consent', '/jwks', '/admin/clients', style]
      const files = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']
      for (const path of [...paths, ...files]) {
        for (const method of ['GET', 'POST']) {
          const response = await send(`${mtls}${path}`, { method, cf })
          expect([path, response.status]).toEqual([path, 404])
          expect(response.headers.getSetCookie()).toEqual([])
        }
        expect((await send(`${url}${path}`)).status).not.toBe(404)
      }
    },
  )
})
