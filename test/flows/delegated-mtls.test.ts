import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAdmin, registerClient } from '../support/admin.ts'
import { createSelfSigned } from '../support/certificates.ts'
import { createBrowser } from '../support/browser.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'
import type { TestClient } from '../support/test-client.ts'
import { ana, cross, sessionOf, signInAtBank, startTwoServers } from '../support/two-servers.ts'
import type { TwoServers } from '../support/two-servers.ts'

/*
 * The bank proves itself to its upstream with a client certificate and nothing else. The binding is a
 * function of the local runtime that makes the TLS connection; the upstream sees a real handshake.
 */

let servers: TwoServers
let client: TestClient
const folder = mkdtempSync(join(tmpdir(), 'fapi-edge-test-'))

beforeAll(async () => {
  const own = await createSelfSigned({ subject: 'CN=the bank' })
  const pem = join(folder, 'bank.pem')
  writeFileSync(pem, `${own.pem}\n${own.keyPem}`)
  servers = await startTwoServers({
    login: {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      certificate_binding: 'BANK_CERTIFICATE',
    },
    registration: {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      tls_client_certificate_bound_access_tokens: true,
      dpop_bound_access_tokens: false,
      jwks_uri: undefined,
      jwks: { keys: [own.jwk] },
    },
    bankArgs: (upstream) => [
      '--outbound-allow', `${upstream.issuer},${upstream.mtls}`,
      '--client-certificate', pem,
      '--upstream-ca', join(upstream.state, 'tls', 'ca.pem'),
    ],
  }) // prettier-ignore
  client = testClient((await registerClient(await openAdmin(servers.bank))).fixture, servers.bank)
})

afterAll(async () => {
  await servers?.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe('a sign-in at an upstream that is proven to by a client certificate', () => {
  it('ends with tokens, and takes the claims from userinfo with the same certificate', async () => {
    const claims = JSON.stringify({ id_token: { email: null } })
    const { requestUri, verifier } = await client.par({ fields: { claims } })
    const consent = await signInAtBank(client.authorizeUrl(requestUri), ana)
    const done = await consent.submit('approve')
    const code = done.redirectedTo?.searchParams.get('code') ?? ''
    const { answer } = await client.redeem({ code, verifier }, { key: await makeDpopKey() })
    const idToken = decodeJwt(String(answer.json['id_token']))
    expect(idToken).toMatchObject({ iss: servers.bank.issuer, email: ana.claims.email })
  })

  it('sends nobody there once the upstream knows another certificate', async () => {
    const there = await openAdmin(servers.upstream)
    const known = (await there.request('GET', '/clients/the-bank')).json
    const metadata = known['metadata'] ?? known
    const other = await createSelfSigned({ subject: 'CN=the bank' })
    const changed = { ...(metadata as object), jwks: { keys: [other.jwk] } }
    const put = await there.request('PUT', '/clients/the-bank', changed)
    expect(put.status, put.text).toBe(200)
    const { requestUri } = await client.par()
    const browser = createBrowser()
    const page = await browser.open(client.authorizeUrl(requestUri))
    expect(page.status).toBe(403)
    expect(page.redirectedTo).toBeUndefined()
    expect(sessionOf(servers.bank, browser)).toBeUndefined()
    expect((await there.request('PUT', '/clients/the-bank', metadata)).status).toBe(200)
    const next = await page.follow('again')
    expect((await cross(browser, next)).words).toContain('The Bank')
  })
})
