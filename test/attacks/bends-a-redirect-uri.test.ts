import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { newClient, openAdmin } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { storageCost } from '../support/attack.ts'
import { refusal } from '../support/refusal.ts'
import { testClient } from '../support/test-client.ts'

/** Near misses of `https://web.example/cb` that could be addresses of somebody's own. */
const others = [
  'https://web.example', 'https://web.example/', 'https://web.example/cb/', 'https://web.example//cb',
  'https://web.example/CB', 'https://web.example/c', 'https://web.example/cb2', 'https://web.example/cb/evil',
  'https://web.example/cb;x', 'https://web.example/cb;jsessionid=1', 'https://web.example/cb?',
  'https://web.example/cb?x=1', 'https://web.example/cb?next=https://evil.example',
  'https://web.example/cb?code=x', 'https://web.example/cb?state=x', 'https://web.example/cb?iss=x',
  'https://web.example/cb&x', 'https://web.example/cb%20', 'https://web.example/%63b', 'https://web.example/cb%09',
  'https://web.example/cb%3f', 'https://web.example/cb%23', 'https://web.example/cb%252f..%252fevil',
  'https://web.example/cb/%E2%80%AE', 'https://web.example/cb:443', 'https://web.example:8443/cb',
  'https://web.example:80/cb', 'https://web.example:65535/cb', 'https://evil.example/cb',
  'https://evil.example/https://web.example/cb', 'https://evil.example/cb?https://web.example/cb',
  'https://evil.example/web.example/cb', 'https://web.example.evil.example/cb', 'https://evilweb.example/cb',
  'https://a.web.example/cb', 'https://www.web.example/cb', 'https://web.example./cb', 'https://web-example/cb',
  'https://webexample/cb', 'https://web.exampl/cb', 'https://web.examplee/cb', 'https://xn--wb-yia.example/cb',
  'https://xn--eb-omc.example/cb', 'https://localhost/cb', 'https://127.0.0.1/cb', 'https://[::1]/cb',
  'https://169.254.169.254/cb', 'https://second.example/cb?dummy1=lorem&dummy2=ipsum',
  'https://web.example/cb,https://evil.example/cb',
] // prettier-ignore

/** Addresses nobody may even register. */
const never = [
  'http://web.example/cb', 'http://localhost/cb', 'http://localhost:7777/cb', 'http://127.0.0.2/cb',
  'http://127.0.0.1.evil.example/cb', 'http://127.1/cb', 'http://2130706433/cb', 'http://0x7f.0.0.1/cb',
  'http://0177.0.0.1/cb', 'http://0.0.0.0/cb', 'http://[::ffff:127.0.0.1]/cb', 'http://evil.example/cb',
  'ws://web.example/cb', 'wss://web.example/cb', 'ftp://web.example/cb', 'file:///etc/passwd',
  'javascript:alert(1)', 'javascript://web.example/cb%0aalert(1)', 'JaVaScRiPt:alert(1)', 'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>', 'data:text/html;base64,PHNjcmlwdD4=', 'vbscript:x', 'about:blank',
  'blob:https://web.example/x', 'mailto:a@web.example', 'intent://web.example#Intent;end', 'com.example.app:/cb',
  'view-source:https://web.example/cb', 'urn:ietf:wg:oauth:2.0:oob', '//web.example/cb', '/cb', 'cb', 'web.example/cb',
  '?code=x', '#', '.', '*', 'null', 'undefined', 'https:', 'https:/', 'https://', 'https:///cb', 'https:web.example/cb',
  'https:/web.example/cb', 'https:///web.example/cb', 'https:\\\\web.example\\cb', 'https://web.example\\cb',
  'https://web.example\\@evil.example/cb', 'https://evil.example\\.web.example/cb', 'https://web.example/cb#',
  'https://web.example/cb#x', 'https://web.example/cb?x#y', 'https://web.example#@evil.example/cb',
  'https://web.example/cb#code=x', 'https://user@web.example/cb', 'https://user:pass@web.example/cb',
  'https://@web.example/cb', 'https://:@web.example/cb', 'https://web.example@evil.example/cb',
  'https://web.example:443@evil.example/cb', 'https://web.example%40evil.example/cb',
  'https://web.example%2f@evil.example/cb', 'https://web.example:443/cb', 'https://web.example:/cb',
  'https://web.example:0443/cb', 'https://web.example:99999/cb', 'https://web.example:-1/cb', 'https://WEB.example/cb',
  'HTTPS://web.example/cb', 'Https://web.example/cb', 'https://wéb.example/cb', 'https://wеb.example/cb',
  'https://web。example/cb', 'https://ｗeb.example/cb', 'https://web.example/cb/../evil', 'https://web.example/./cb',
  'https://web.example/cb/..', 'https://web.example/cb/.', 'https://web.example/cb/..%2fevil',
  'https://web.example/cb%2fevil', 'https://web.example/cb%2Fevil', 'https://web.example/cb%5cevil',
  'https://web.example/cb/%2e%2e/evil', 'https://web.example/cb/.%2e/evil', 'https://web.example/cb%00',
  'https://web.example/cb%00.evil.example', 'https://web.example/cb%0d%0aSet-Cookie:x=y', 'https://web.example/cb%0a',
  'https://web.example/cb%', 'https://web.example/cb%2', 'https://web.example/cb%zz', 'https://web.example/cb%u0041',
  'https://web.example/c b', ' https://web.example/cb', 'https://web.example/cb ', '\thttps://web.example/cb',
  'https://web.example/cb\t', 'https://web.example/cb\r\n', 'https://web\t.example/cb', 'https://web.example/cb\u00a0',
  'https://web.example/cb\u200b', 'https://web.example/\u202ebc', 'https://*.web.example/cb', 'https://*/cb',
  'https://web.example/*', 'https://web.example/cb*', 'https://web.example/cb|https://evil.example/cb',
  'https://web.example/cb https://evil.example/cb',
  'https://web.example/"onload="x', 'https://web.example/<script>', 'https://web.example/cb>', 'https://web.example/`x`',
  'https://web.example/{x}', 'https://web.example/^', 'https://[::1/cb', 'https://[web.example]/cb',
  `https://web.example/${'a'.repeat(2100)}`,
] // prettier-ignore

/** Refused whatever is registered; `loopback` is for native clients, with any port. */
const notLoopback = [
  'http://localhost:7777/cb', 'http://127.0.0.2:7777/cb', 'http://127.1:7777/cb', 'http://2130706433:7777/cb',
  'http://[::1]:7777/cb', 'http://[0:0:0:0:0:0:0:1]:7777/cb', 'https://127.0.0.1:7777/cb', 'http://127.0.0.1:7777/CB',
  'http://127.0.0.1:7777/cb/', 'http://127.0.0.1:7777/cb?x', 'http://127.0.0.1:7777/cb#x', 'http://127.0.0.1:7777',
  'http://127.0.0.1:7777@evil.example/cb', 'http://x@127.0.0.1:7777/cb', 'http://127.0.0.1:07777/cb',
  'http://127.0.0.1:0/cb', 'http://127.0.0.1:99999/cb', 'http://127.0.0.1:/cb', 'http://127.0.0.1:77 77/cb',
  'http://127.0.0.1:7777/../cb', 'http://127.0.0.1.evil.example:7777/cb', 'http://127.0.0.1\\@evil.example:7777/cb',
] // prettier-ignore

describe('an attacker who bends a redirect_uri', () => {
  const web = testClient('web')
  let admin: Admin
  beforeAll(async () => {
    admin = await openAdmin()
  })

  it('ATK-A1-10 ATK-A2-02 is refused at PAR for every near miss, and nothing is stored', async () => {
    expect(new Set([...others, ...never]).size).toBeGreaterThanOrEqual(150)
    for (const redirect_uri of [...others, ...never]) {
      const { answer } = await web.par({ fields: { redirect_uri } })
      expect(refusal(answer), redirect_uri).toBe('400 invalid_request')
      expect(storageCost(answer).rows, redirect_uri).toBe(0)
      expect(answer.text).not.toContain('evil')
    }
    expect((await web.par()).answer.status).toBe(201)
  })

  it('ATK-A1-10 is refused when redirect_uri is missing, empty or sent twice', async () => {
    const { redirectUri } = web.fixture
    const tries = [
      { fields: { redirect_uri: undefined } },
      { fields: { redirect_uri: '' } },
      { extra: [['redirect_uri', redirectUri]] },
      { extra: [['redirect_uri', 'https://evil.example/cb']] },
    ] as const
    for (const options of tries) {
      expect(refusal((await web.par(options)).answer)).toBe('400 invalid_request')
    }
  })

  it('ATK-A1-10 gets only the port of a loopback address free, and only for native clients', async () => {
    const native = testClient('native')
    for (const redirect_uri of notLoopback) {
      const { answer } = await native.par({ fields: { redirect_uri } })
      expect(refusal(answer), redirect_uri).toBe('400 invalid_request')
    }
    for (const redirect_uri of ['http://127.0.0.1:7777/cb', 'http://127.0.0.1:9/cb']) {
      expect((await native.par({ fields: { redirect_uri } })).answer.status).toBe(201)
    }
  })

  it('ATK-A1-10 cannot have a dangerous redirect_uri registered, and a refused registration leaves nothing', async () => {
    const { fixture, metadata } = await newClient()
    const path = `/clients/${fixture.clientId}`
    for (const uri of never) {
      const redirect_uris = [fixture.redirectUri, uri]
      const answer = await admin.request('PUT', path, { ...metadata, redirect_uris })
      expect(refusal(answer), uri).toBe('400 invalid_redirect_uri')
    }
    expect((await admin.request('GET', path)).status).toBe(404)
    expect((await admin.request('PUT', path, metadata)).status).toBe(201)
    expect((await admin.request('GET', path)).json['redirect_uris']).toEqual([fixture.redirectUri])
  }, 60_000)

  it('ATK-A1-10 cannot change a client to a dangerous redirect_uri: the old one stays', async () => {
    const { fixture, metadata } = await newClient()
    const path = `/clients/${fixture.clientId}`
    expect((await admin.request('PUT', path, metadata)).status).toBe(201)
    const bent = { ...metadata, redirect_uris: ['https://evil.example/cb#x'] }
    expect(refusal(await admin.request('PUT', path, bent))).toBe('400 invalid_redirect_uri')
    expect((await admin.request('GET', path)).json['version']).toBe(1)
    expect((await testClient(fixture).par()).answer.status).toBe(201)
  })

  it('ATK-A1-10 registers what is exact: query, port, and loopback http for native clients only', async () => {
    const { metadata } = await newClient()
    const put = (extra: object) => {
      const client_id = `made-${randomBytes(6).toString('hex')}`
      return admin.request('PUT', `/clients/${client_id}`, { ...metadata, ...extra, client_id })
    }
    const sound = ['https://app.example', 'https://app.example:8443/cb?x=1&y=%C3%A4']
    const loopback = ['http://127.0.0.1/cb', 'http://[::1]:7777/cb']
    expect((await put({ redirect_uris: sound })).status).toBe(201)
    const native = { application_type: 'native', redirect_uris: loopback }
    expect((await put(native)).status).toBe(201)
    expect(refusal(await put({ redirect_uris: loopback }))).toBe('400 invalid_redirect_uri')
    expect(refusal(await put({ redirect_uris: [] }))).toBe('400 invalid_redirect_uri')
  })
})
