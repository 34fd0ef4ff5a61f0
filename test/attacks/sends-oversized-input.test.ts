import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { newClient, openAdmin } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { formType, honest, openRawAdmin, post, storageCost } from '../support/attack.ts'
import { createBrowser } from '../support/browser.ts'
import { form, send } from '../support/http.ts'
import { peopleForms } from '../support/people-forms.ts'
import { pageRefusal, refusal } from '../support/refusal.ts'
import { getResource, makeDpopKey, nonceOf, proof, testClient } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const web = testClient('web')
const limit = 64 * 1024

const pad = (body: string, bytes: number): string =>
  `${body}&padding=${'x'.repeat(bytes - Buffer.byteLength(body) - '&padding='.length)}`

/** `[[…]]`, as deep as asked. */
const deepList = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

async function parBody(over: Readonly<Record<string, string>> = {}): Promise<string> {
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  const authentication = { client_assertion_type, client_assertion: await web.assertion() }
  return form({ ...authentication, ...web.authorizationFields('v'.repeat(43)), ...over })
}

describe('an attacker who sends too much', () => {
  const paths = ['/par', '/token', '/introspect', '/revoke', ...peopleForms]

  it.each(paths)(
    'ATK-A1-31 gets 413 at %s for 64 KiB and one byte, told before or not',
    async (path) => {
      const chunked = [
        ['content-type', formType],
        ['transfer-encoding', 'chunked'],
      ] as const
      for (const size of [limit + 1, 900_000]) {
        for (const headers of [[['content-type', formType]], chunked] as const) {
          const answer = await post(path, pad('a=b', size), headers)
          expect(answer.status).toBe(413)
          expect(storageCost(answer).calls).toBe(0)
          expect(answer.text).not.toContain('xxxx')
        }
      }
    },
  )

  it('ATK-A1-31 may send exactly 64 KiB', async () => {
    const body = pad(await parBody(), limit)
    const chunked = [
      ['content-type', formType],
      ['transfer-encoding', 'chunked'],
    ] as const
    expect((await post('/par', body)).status).toBe(201)
    expect((await post('/par', pad(await parBody(), limit), chunked)).status).toBe(201)
    expect(refusal(await post('/par', pad(await parBody(), limit + 1)))).toBe(
      '413 payload_too_large',
    )
  })

  it('ATK-A1-31 gets 400 for 129 parameters, and for 10,000', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, at) => `p${at}`).join('&')
    const body = await parBody()
    const room = 128 - body.split('&').length
    expect(refusal(await post('/par', `${body}&${many(room + 1)}`))).toBe('400 invalid_request')
    expect(refusal(await post('/par', `${body}&${many(10_000)}`))).toBe('400 invalid_request')
    const resources = Array.from({ length: 200 }, () => 'resource=x').join('&')
    expect(refusal(await post('/par', `${body}&${resources}`))).toBe('400 invalid_request')
    const page = await createBrowser().open(`${server.issuer}/authorize?${many(200)}`)
    expect(pageRefusal(page)).toBe('400 invalid_request')
    expect((await post('/par', `${body}&${many(room)}`)).status).toBe(201)
  })

  it('ATK-A1-31 gets a refusal for JWTs of 8 to 60 kB as assertion, proof and token', async () => {
    const key = await makeDpopKey()
    const fields = { grant_type: 'client_credentials', scope: 'accounts' }
    for (const size of [8_000, 30_000, 45_000]) {
      const filling = { filling: 'x'.repeat(size) }
      const { answer } = await web.par({ claims: filling })
      expect(refusal(answer)).toBe('401 invalid_client')
      const token = await web.token(fields, { key, proofOptions: { claims: filling } })
      expect(refusal(token.answer)).toBe('400 invalid_dpop_proof')
      const text = `${'A'.repeat(size)}.${'A'.repeat(size / 10)}.AAAA`
      const resource = await getResource(`${server.issuer}/userinfo`, text)
      expect(resource.status).toBe(401)
      const revoked = await web.post('/revoke', { token: text })
      expect(honest(revoked)).toBe(200)
    }
    expect((await web.token(fields, { key, proofOptions: { claims: { filling: 'x'.repeat(2_000) } } })).answer.status).toBe(200) // prettier-ignore
  })

  it('ATK-A1-31 gets 4xx for a JWT of 100 kB wherever it stands', async () => {
    const jwt = `${'A'.repeat(50_000)}.${'A'.repeat(50_000)}.AAAA`
    const fields = { client_assertion: jwt, token: jwt, code: jwt }
    for (const path of ['/par', '/token', '/introspect', '/revoke']) {
      expect(refusal(await post(path, form(fields)))).toBe('413 payload_too_large')
    }
    for (const name of ['dpop', 'authorization', 'cookie']) {
      const value = name === 'authorization' ? `DPoP ${jwt}` : jwt
      const answer = await send(`${server.issuer}/userinfo`, { headers: [[name, value]] })
      expect([400, 401, 431]).toContain(answer.status)
    }
  })

  it('ATK-A1-31 gets 400 for deep or wide JSON in claims', async () => {
    const wide = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`c${at}`, null]))
    const bad = [deepList(9_000), deepList(10), JSON.stringify({ id_token: wide }), '{"id_token":'.repeat(1_500)] // prettier-ignore
    for (const claims of bad) {
      expect(refusal((await web.par({ fields: { claims } })).answer)).toBe('400 invalid_request')
    }
    const harmless = `{"id_token":{"email":${deepList(4_000)},"acr":${deepList(4_000)}}}`
    expect((await web.par({ fields: { claims: harmless } })).answer.status).toBe(201)
  })

  it('ATK-A1-31 gets a refusal for deep JSON in a JWT', async () => {
    const key = await makeDpopKey()
    const fields = { grant_type: 'client_credentials', scope: 'accounts' }
    const deep = JSON.parse(deepList(2_000)) as unknown
    const { answer } = await web.par({ claims: { jti: deep } })
    expect(refusal(answer)).toBe('401 invalid_client')
    const token = await web.token(fields, { key, proofOptions: { claims: { jti: deep } } })
    expect(refusal(token.answer)).toBe('400 invalid_dpop_proof')
    const jwk = { ...key.publicJwk, x: deep }
    const odd = await web.token(fields, { key, proofOptions: { header: { jwk } } })
    expect(refusal(odd.answer)).toBe('400 invalid_dpop_proof')
  })

  it('ATK-A1-31 gets 400 for an RSA key of 16384 bits in a proof', async () => {
    const key = await makeDpopKey()
    const n = Buffer.concat([Buffer.of(0xff), randomBytes(2_047)]).toString('base64url')
    const nonce = await nonceOf(web.url('/token'))
    const header = { alg: 'PS256', jwk: { kty: 'RSA', n, e: 'AQAB' } }
    const [, payload, signature] = (await proof(key, web.url('/token'), { nonce })).split('.')
    const text = `${Buffer.from(JSON.stringify({ typ: 'dpop+jwt', ...header })).toString('base64url')}.${payload}.${signature}`
    const fields = { grant_type: 'client_credentials', scope: 'accounts' }
    const { answer } = await web.token(fields, { proof: text })
    expect(refusal(answer)).toBe('400 invalid_dpop_proof')
  })

  it('ATK-A1-31 gets 4xx for long addresses, cookies and names', async () => {
    const long = 'x'.repeat(30_000)
    const tries = [
      `${server.issuer}/authorize?client_id=${long}`,
      `${server.issuer}/authorize?client_id=a&request_uri=urn:ietf:params:oauth:request_uri:${long}`,
      `${server.issuer}/login?interaction=${long}`,
      `${server.issuer}/consent?interaction=${long}`,
      `${server.issuer}/${long}`,
      `${server.issuer}/assets/${long}`,
    ]
    for (const url of tries) {
      const page = await createBrowser().open(url, { headers: { cookie: `a=${long}` } })
      expect([400, 404]).toContain(honest(page))
      expect(page.text).not.toContain('xxxx')
    }
  })
})

describe('an attacker who registers too much', () => {
  let admin: Admin
  beforeAll(async () => {
    admin = await openAdmin()
  })

  it('ATK-A1-31 gets 4xx at the admin API for large, deep and crowded metadata, and nothing is stored', async () => {
    const { fixture, metadata } = await newClient()
    const path = `/clients/${fixture.clientId}`
    const [jwk] = (metadata['jwks'] as { keys: object[] }).keys
    const bits = (size: number) => ({ kty: 'RSA', e: 'AQAB', n: Buffer.concat([Buffer.of(0xff), randomBytes(size / 8 - 1)]).toString('base64url') }) // prettier-ignore
    const bad: readonly (readonly [number, object])[] = [
      [413, { client_uri: `https://a.example/${'x'.repeat(limit)}` }],
      [400, { jwks: { keys: [bits(16_384)] } }],
      [400, { jwks: { keys: [bits(4_104)] } }],
      [400, { jwks: { keys: [bits(1_024)] } }],
      [400, { jwks: { keys: Array.from({ length: 33 }, () => jwk) } }],
      [400, { redirect_uris: Array.from({ length: 65 }, (_, at) => `https://a${at}.example`) }],
      [400, { contacts: Array.from({ length: 65 }, () => 'a') }],
      [400, { client_name: 'x'.repeat(129) }],
      [400, { scope: 'openid '.repeat(400) }],
    ]
    for (const [status, extra] of bad) {
      const answer = await admin.request('PUT', path, { ...metadata, ...extra })
      expect(honest(answer), JSON.stringify(extra).slice(0, 60)).toBe(status)
    }
    const members = JSON.stringify(metadata).slice(0, -1)
    const deep = `"${fixture.clientId}-1"`
    const texts = [
      `${members},"contacts":${deepList(20_000)}}`,
      `${members},"jwks":${deepList(20_000)}}`,
      JSON.stringify(metadata).replaceAll(deep, deepList(20_000)),
      deepList(30_000),
    ]
    const raw = await openRawAdmin()
    for (const text of texts) {
      expect(refusal(await raw('PUT', path, text))).toMatch(/^400 invalid_/)
    }
    expect((await admin.request('GET', path)).status).toBe(404)
    expect((await admin.request('PUT', path, metadata)).status).toBe(201)
  })

  it('ATK-A1-31 cannot have members of a key stored that are no part of it, however deep', async () => {
    const { fixture, metadata } = await newClient()
    const path = `/clients/${fixture.clientId}`
    const deep = `"note":${deepList(20_000)},"x":`
    const raw = await openRawAdmin()
    const answer = await raw('PUT', path, JSON.stringify(metadata).replace('"x":', deep))
    expect(answer.status).toBe(201)
    expect(answer.text).not.toContain('note')
    expect((await testClient(fixture).par()).answer.status).toBe(201)
  })
})
