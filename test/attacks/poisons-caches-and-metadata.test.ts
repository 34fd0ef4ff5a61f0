import { request } from 'node:http'
import { describe, expect, inject, it } from 'vitest'
import { createBrowser } from '../support/browser.ts'
import { send } from '../support/http.ts'
import type { Answer } from '../support/http.ts'
import { refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { users } = inject('fixtures')
const web = testClient('web')
const documents = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']

/** Sends a request line and headers no library would. */
function sendRaw(
  path: string,
  headers: readonly string[],
): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(server.issuer)
  return new Promise((resolve, reject) => {
    const out = request({ hostname, port, path, headers: headers as string[], setHost: false, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    }) // prettier-ignore
    out.on('error', reject)
    out.end()
  })
}

describe('an attacker who poisons caches and metadata', () => {
  it('ATK-A1-35 ATK-A2-04 cannot change the metadata by headers about host, address or scheme', async () => {
    const spoofed = [
      'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-forwarded-prefix', 'x-forwarded-server', 'x-host',
      'x-original-url', 'x-original-host', 'x-rewrite-url', 'forwarded', 'x-http-host-override', 'cf-visitor', 'via', 'origin', 'referer',
    ].map((name) => [name, name === 'forwarded' ? 'host=evil.example;proto=https' : 'evil.example'] as const) // prettier-ignore
    for (const path of documents) {
      const plain = await send(`${server.issuer}${path}`)
      const other = await send(`${server.issuer}${path}?issuer=https://evil.example`, { headers: spoofed }) // prettier-ignore
      expect(plain.status).toBe(200)
      expect(other.text).toBe(plain.text)
      expect(other.text).not.toContain('evil')
      expect(plain.json['issuer']).toBe(server.issuer)
    }
    const { answer } = await web.par({ headers: spoofed })
    expect(answer.status).toBe(201)
    expect(answer.text).not.toContain('evil')
  })

  it('ATK-A1-35 gets 421 or 400 for any host but the configured ones', async () => {
    const { host, port } = new URL(server.issuer)
    const hosts = ['evil.example', `evil.example:${port}`, `127.0.0.1:${port}`, `localhost.evil.example:${port}`, 'localhost', `localhost:${Number(port) - 1}`, `${host}.`, `x@${host}`, `${host}/x`, `${host}, evil.example`, ''] // prettier-ignore
    for (const one of hosts) {
      for (const path of [...documents, '/authorize', '/jwks']) {
        const answer = await sendRaw(path, ['host', one])
        expect([400, 421], `${one} ${path}`).toContain(answer.status)
        expect(answer.text).not.toMatch(/evil|"issuer"/)
      }
    }
    const twice = await sendRaw(documents[0] ?? '', ['host', host, 'host', 'evil.example'])
    expect([400, 421]).toContain(twice.status)
    const absolute = await sendRaw(`http://evil.example${documents[0]}`, ['host', host])
    expect([400, 421]).toContain(absolute.status)
    expect((await sendRaw(documents[0] ?? '', ['host', host])).status).toBe(200)
  })

  it('ATK-A1-35 ATK-A1a-05 gets the one document at both addresses, and none at tricks with the path', async () => {
    const [first, second] = await Promise.all(documents.map((path) => send(`${server.issuer}${path}`))) // prettier-ignore
    expect(second?.text).toBe(first?.text)
    const tricks = [
      '/.well-known/openid-configuration/', '/.well-known/openid-configuration/evil', '/.well-known//openid-configuration',
      '//.well-known/openid-configuration', '/.well-known/openid-configuration%2f', '/.well-known/openid-configuration%00',
      '/.well-known/openid-configuration;x', '/.WELL-KNOWN/openid-configuration', '/evil/.well-known/openid-configuration',
      '/.well-known/openid-configuration/https://evil.example', '/.well-known/oauth-authorization-server/evil',
      '/.well-known/jwks.json', '/.well-known/', '/token/.well-known/openid-configuration',
    ] // prettier-ignore
    for (const path of tricks) {
      const answer = await sendRaw(path, ['host', new URL(server.issuer).host])
      expect(answer.status, path).toBe(404)
      expect(answer.text).not.toContain('"issuer"')
    }
  })

  it('ATK-A1-35 gets no answer that a cache may keep, but the public documents', async () => {
    const key = await makeDpopKey()
    const pushed = await web.par({ key })
    const callback = await web.approve(pushed.requestUri)
    const given = { code: callback.searchParams.get('code') ?? '', verifier: pushed.verifier }
    const tokens = await web.redeem(given, { key })
    const userinfo = `${server.issuer}/userinfo`
    const answers: readonly Answer[] = [
      pushed.answer,
      tokens.answer,
      (await web.refresh(tokens.refreshToken, { key })).answer,
      (await web.redeem(given, {})).answer,
      await getResource(userinfo, tokens.accessToken, { key }),
      await getResource(userinfo, 'x', { key }),
      await getResource(`${server.api}/accounts`, tokens.accessToken, { key }),
      await testClient('resourceServer').post('/introspect', { token: tokens.accessToken }),
      await web.post('/revoke', { token: 'x' }),
      await send(`${server.issuer}/token`),
      await send(`${server.issuer}/nothing`),
    ]
    for (const answer of answers) {
      expect(answer.headers.get('cache-control'), answer.text).toContain('no-store')
      expect(answer.headers.get('etag')).toBeNull()
    }
    const sent = await createBrowser().open(web.authorizeUrl((await web.par()).requestUri))
    expect(sent.headers.get('cache-control')).toContain('no-store')
    for (const path of [...documents, '/jwks']) {
      const answer = await send(`${server.issuer}${path}`, { headers: [['cookie', 'x=y'], ['authorization', 'DPoP x']] }) // prettier-ignore
      expect(answer.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/)
      expect(answer.headers.get('set-cookie')).toBeNull()
    }
  })

  it('ATK-A1a-01 finds the issuer in every authorization response, so that a client notices a mix-up', async () => {
    const approved = await web.approve((await web.par()).requestUri)
    const login = await createBrowser().open(web.authorizeUrl((await web.par()).requestUri))
    const cancelled = (await login.submit('cancel')).redirectedTo
    for (const url of [approved, cancelled]) {
      expect(url?.searchParams.getAll('iss')).toEqual([server.issuer])
    }
    const metadata = await send(`${server.issuer}${documents[0]}`)
    expect(metadata.json['authorization_response_iss_parameter_supported']).toBe(true)
  })

  it('ATK-A1-35 finds nothing advertised that is not there, and nothing there that is not advertised', async () => {
    const { json } = await send(`${server.issuer}${documents[0]}`)
    const endpoints = Object.entries(json).filter(([name]) => /_endpoint$|^jwks_uri$/.test(name))
    for (const [name, url] of endpoints) {
      expect(String(url).startsWith(`${server.issuer}/`), name).toBe(true)
      // Grants are below their endpoint (Grant Management 6.1).
      const below = name === 'grant_management_endpoint' ? '/a-grant' : ''
      const { status } = await send(`${String(url)}${below}`)
      expect([200, 400, 401, 405], name).toContain(status)
    }
    const notBuilt = ['registration_endpoint', 'backchannel_authentication_endpoint', 'device_authorization_endpoint', 'check_session_iframe', 'frontchannel_logout_supported'] // prettier-ignore
    for (const name of notBuilt) expect(json[name], name).toBeUndefined()
    const types = json['authorization_details_types_supported'] as readonly string[]
    const known = async (type: string) => {
      const fields = { authorization_details: JSON.stringify([{ type }]) }
      return !(await web.par({ fields })).answer.text.includes('the type is not known here')
    }
    expect(types.length).toBeGreaterThan(0)
    for (const type of types) expect(await known(type), type).toBe(true)
    expect(await known('not_advertised')).toBe(false)
    for (const path of ['/register', '/bc-authorize', '/device', '/grants', '/userinfo/x', '/debug', '/control', '/clock', '/faults', '/metrics', '/.env', '/server.log']) {
      for (const method of ['GET', 'POST']) {
        const answer = await send(`${server.issuer}${path}`, { method })
        expect(answer.status, `${method} ${path}`).toBe(404)
      }
    } // prettier-ignore
    const offered = [json['request_parameter_supported'], json['request_uri_parameter_supported'], json['require_pushed_authorization_requests']] // prettier-ignore
    expect(offered).toEqual([true, false, true])
    expect(JSON.stringify(json)).not.toMatch(/"none"(?!,"login")|RS256|HS256|client_secret|plain/)
  })

  it('ATK-A1a-03 ATK-A4-03 cannot forward a proof made for another server, with a nonce fetched here', async () => {
    const key = await makeDpopKey()
    const given = await web.code()
    const evil = ['https://evil.example/token', `${server.issuer}.evil.example/token`, `${server.api}/token`, `${server.issuer}/par`, `${server.issuer}/token/`, `${server.issuer}/token%2f..`, server.issuer, `${server.mtls}/token`, server.issuer.replace('//', '//x@') + '/token'] // prettier-ignore
    for (const htu of evil) {
      const { answer } = await web.redeem(given, { key, proofOptions: { claims: { htu } } })
      expect(refusal(answer), htu).toBe('400 invalid_dpop_proof')
    }
    expect((await web.redeem(given, { key })).answer.status).toBe(200)
  })

  it('ATK-A1-33 tells no stranger which people or clients exist', async () => {
    const answers = []
    for (const id of ['client-web', 'nobody', 'example-client', 'operator.local']) {
      const fields = { iss: id, sub: id }
      const { answer } = await web.par({ claims: fields, assertionHeader: { kid: 'x' } })
      answers.push([refusal(answer), answer.text])
    }
    expect(new Set(answers.map(String)).size).toBe(1)
    const hints = []
    for (const login_hint of [users.alice.username, 'nobody']) {
      const { requestUri } = await web.par({ fields: { login_hint } })
      const page = await createBrowser().open(web.authorizeUrl(requestUri))
      hints.push(page.text.replace(login_hint, '').replace(/value="[^"]{100,}"/, '').length)
    }
    expect(hints[0]).toBe(hints[1])
  })
})
