import { Hono } from 'hono'
import { beforeAll, describe, expect, it } from 'vitest'
import type { PublicJwk } from '../../../src/clients/jwks.ts'
import { digest, randomText } from '../../../src/encoding.ts'
import { makeTokenId } from '../../../src/handles.ts'
import { verifyResponse } from '../../../src/http-signatures/fapi.ts'
import { chooseVerifier } from '../../../src/http-signatures/keys.ts'
import { fapi2Security } from '../../../src/profiles/fapi2-security.ts'
import { protectedResource } from '../../../src/resource/middleware.ts'
import type { ResourceVariables } from '../../../src/resource/middleware.ts'
import type { ResourceSettings, SignatureSettings } from '../../../src/resource/settings.ts'
import { signedResponses } from '../../../src/resource/signed-responses.ts'
import { thumbprintOf } from '../../../src/tokens/jwt.ts'
import { craft, makeMessageKey } from '../../support/signatures.ts'
import type { MessageKey, Plain } from '../../support/signatures.ts'
import { makeKey, sign } from '../support/keys.ts'
import type { TestKey } from '../support/keys.ts'

/* The middleware alone: the issuer and the replay guards are neighbours, which count who asks them. */

const origin = 'https://api.bank.example'
const accounts = `${origin}/accounts`
const now = 1_800_000_000_000
const created = now / 1000
const serverKey = makeMessageKey('rs-1')

let issuerKey: TestKey
let proofKey: TestKey
let jkt = ''
beforeAll(async () => {
  issuerKey = await makeKey()
  proofKey = await makeKey()
  jkt = await thumbprintOf(proofKey.publicJwk)
})

type Neighbours = { introspected: number; asked: number; taken: number }
let count = 0

/** A resource server with these settings, and a client of its own. */
function open(signatures?: Partial<SignatureSettings>, clientKeys?: () => Promise<unknown>) {
  count += 1
  const clientId = `client-${count}`
  const client = makeMessageKey('client-key')
  const seen: Neighbours = { introspected: 0, asked: 0, taken: 0 }
  const clock = { now }
  const guard = {
    use: async () => {
      seen.taken += 1
      return { value: 'fresh', rows: 1 }
    },
  }
  const settings = {
    issuer: 'https://as.bank.example',
    resource: origin,
    origin,
    profile: { ...fapi2Security, nonce: 'off' },
    revocation: 'introspection',
    introspection: {
      introspect: async () => {
        seen.introspected += 1
        return { active: true }
      },
      keys: async () => ({ keys: [{ ...issuerKey.publicJwk, kid: 'k1', alg: 'ES256' }] }),
      clientKeys: async (id: string) => {
        seen.asked += 1
        if (clientKeys !== undefined) return clientKeys()
        return { keys: id === clientId ? [client.publicJwk] : [] }
      },
    },
    secret: `k1:${Buffer.alloc(32, 7).toString('base64url')}`,
    guards: { getByName: () => guard },
    guardsPerLocation: 1,
    defaultLocation: 'weur',
    ...(signatures === undefined
      ? {}
      : {
          signatures: {
            requests: 'off',
            responses: 'off',
            key: JSON.stringify(serverKey.jwk),
            ...signatures,
          },
        }),
  } as unknown as ResourceSettings
  return { settings, clientId, client, seen, clock }
}

type Opened = ReturnType<typeof open>

function app({ settings, clock }: Opened, outer = false) {
  const made = new Hono<{ Bindings: object; Variables: ResourceVariables }>()
  const options = { now: () => clock.now }
  if (outer) made.use(signedResponses(() => settings, options))
  made.onError((_error, c) => c.json({ error: 'server_error' }, 500))
  const guard = protectedResource(() => settings, { scope: 'accounts' }, options)
  made.get('/accounts', guard, (c) => c.json({ signed: c.get('signature') !== undefined }))
  made.post('/accounts', guard, async (c) => c.json({ got: await c.req.json() }, 201))
  made.get('/broken', guard, () => {
    throw new Error('broken')
  })
  return made
}

async function plain({ clientId, clock }: Opened, url = accounts, body?: string): Promise<Plain> {
  const iat = clock.now / 1000
  const home = { home: 'client', objectId: 'ab'.repeat(32), epoch: 1, series: 0 } as const
  const token = await sign(issuerKey, { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }, {
    iss: 'https://as.bank.example', sub: clientId, aud: origin, client_id: clientId, iat, exp: iat + 300,
    jti: makeTokenId(home), scope: 'accounts', cnf: { jkt },
  }) // prettier-ignore
  const method = body === undefined ? 'GET' : 'POST'
  const dpop = await sign(proofKey, { alg: 'ES256', typ: 'dpop+jwt', jwk: proofKey.publicJwk }, {
    jti: randomText(16), htm: method, htu: url, iat, ath: await digest(token),
  }) // prettier-ignore
  const headers = { authorization: `DPoP ${token}`, dpop }
  return { method, url, headers, ...(body === undefined ? {} : { body }) }
}

const fetchPlain = async (
  made: ReturnType<typeof app>,
  { url, method, headers, body }: Plain,
): Promise<Response> =>
  made.request(url, { method, headers, ...(body === undefined ? {} : { body }) })

async function signed(opened: Opened, extra: object = {}, url?: string, body?: string) {
  const request = await plain(opened, url, body)
  const at = opened.clock.now / 1000
  const headers = await craft(request, { key: opened.client.jwk, created: at, ...extra })
  return { ...request, headers }
}

/** Statuses for an unsigned request, one with a bad signature and one with a good one. */
async function statuses(requests?: SignatureSettings['requests']) {
  const opened = open(requests === undefined ? undefined : { requests })
  const made = app(opened)
  const old = { created: created - 600 }
  const answers = [
    await fetchPlain(made, await plain(opened)),
    await fetchPlain(made, await signed(opened, old)),
    await fetchPlain(made, await signed(opened)),
  ]
  return answers.map(({ status }) => status)
}

describe('signatures of requests', () => {
  it.each([
    { requests: undefined, expected: [200, 200, 200] },
    { requests: 'off', expected: [200, 200, 200] },
    { requests: 'accepted', expected: [200, 401, 200] },
    { requests: 'required', expected: [401, 401, 200] },
  ] as const)(
    'HS-RQ-03 $requests: unsigned, badly signed and signed are $expected',
    async ({ requests, expected }) => {
      expect(await statuses(requests)).toEqual(expected)
    },
  )

  it('HS-RQ-08 leaves the content to the handler', async () => {
    const opened = open({ requests: 'required' })
    const request = await signed(opened, {}, accounts, '{"a":1}')
    const answer = await fetchPlain(app(opened), request)
    expect([answer.status, await answer.json()]).toEqual([201, { got: { a: 1 } }])
  })

  it('HS-RQ-03 uses nothing up when it refuses', async () => {
    const opened = open({ requests: 'required' })
    const made = app(opened)
    expect((await fetchPlain(made, await plain(opened))).status).toBe(401)
    const old = await signed(opened, { created: created - 600 })
    expect((await fetchPlain(made, old)).status).toBe(401)
    const other = await signed(opened, { key: makeMessageKey('client-key').jwk })
    expect((await fetchPlain(made, other)).status).toBe(401)
    expect(opened.seen).toEqual({ introspected: 0, asked: 1, taken: 0 })
    expect((await fetchPlain(made, await signed(opened))).status).toBe(200)
    expect(opened.seen).toEqual({ introspected: 1, asked: 1, taken: 1 })
  })

  it('HS-RQ-01 asks for a client’s keys once a minute, and for an unknown one every five seconds at most', async () => {
    const opened = open({ requests: 'required' })
    const made = app(opened)
    const { seen, clock } = opened
    const ask = async (key: MessageKey = opened.client) =>
      (await fetchPlain(made, await signed(opened, { key: key.jwk }))).status
    expect([await ask(), await ask(), await ask(), seen.asked]).toEqual([200, 200, 200, 1])
    const unknown = makeMessageKey('unknown')
    expect([await ask(unknown), await ask(unknown), seen.asked]).toEqual([401, 401, 1])
    clock.now += 5_000
    expect([await ask(unknown), await ask(unknown), seen.asked]).toEqual([401, 401, 2])
    expect([await ask(), seen.asked]).toEqual([200, 2])
    clock.now += 59_000
    expect([await ask(), seen.asked]).toEqual([200, 2])
    clock.now += 1_000
    expect([await ask(), await ask(), seen.asked]).toEqual([200, 200, 3])
  })

  it('is answered with 503 when the keys cannot be asked for, and uses nothing up', async () => {
    const opened = open({ requests: 'accepted' }, () => Promise.reject(new Error('overloaded')))
    const made = app(opened)
    const answer = await fetchPlain(made, await signed(opened))
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(opened.seen).toMatchObject({ introspected: 0, taken: 0 })
    expect((await fetchPlain(made, await plain(opened))).status).toBe(200)
  })
})

const has = ({ headers }: Response) => headers.has('signature')

async function isGood(answer: Response, request: Plain): Promise<boolean> {
  const { method, url: targetUri } = request
  const content = new Uint8Array(await answer.clone().arrayBuffer())
  const { status, headers } = answer
  const sent = { method, targetUri, headers: new Headers(request.headers) }
  const keys = (keyId: string | undefined) => chooseVerifier([serverKey.publicJwk], keyId)
  return (await verifyResponse({ status, headers, content, request: sent }, { keys, now })).ok
}

describe('signatures of responses', () => {
  it.each([
    { responses: 'off', unsigned: false, asked: false },
    { responses: 'when-signed', unsigned: false, asked: true },
    { responses: 'signed', unsigned: true, asked: true },
  ] as const)(
    'HS-RS-01 HS-RS-03 $responses: to an unsigned request $unsigned, to a signed one $asked',
    async ({ responses, unsigned, asked }) => {
      const opened = open({ requests: 'accepted', responses })
      const made = app(opened)
      const requests = [await plain(opened), await signed(opened)]
      for (const [index, request] of requests.entries()) {
        const answer = await fetchPlain(made, request)
        expect(answer.status).toBe(200)
        expect(has(answer)).toBe([unsigned, asked][index])
        if (has(answer)) expect(await isGood(answer, request)).toBe(true)
      }
    },
  )

  it('HS-RS-06 are on refusals, faults and unknown addresses where the whole application signs', async () => {
    const opened = open({ requests: 'required', responses: 'signed' })
    const made = app(opened, true)
    const requests = [
      { request: await plain(opened), status: 401 },
      { request: await signed(opened, {}, `${origin}/broken`), status: 500 },
      { request: await plain(opened, `${origin}/nowhere`), status: 404 },
      { request: { ...(await plain(opened)), headers: {} }, status: 401 },
    ]
    for (const { request, status } of requests) {
      const answer = await fetchPlain(made, request)
      expect(answer.status).toBe(status)
      expect(await isGood(answer, request), String(status)).toBe(true)
    }
  })

  it('are made once, whether one middleware signs or two could', async () => {
    const opened = open({ requests: 'accepted', responses: 'signed' })
    for (const outer of [false, true]) {
      const request = await signed(opened)
      const answer = await fetchPlain(app(opened, outer), request)
      expect(answer.headers.get('signature')?.split(',').length).toBe(1)
      expect(answer.headers.get('cache-control')).toBe('no-transform')
      expect(await isGood(answer, request)).toBe(true)
    }
  })

  it.each([
    ['a date among its parameters', { 'signature-input': 'sig1=();created=@1;tag="fapi-2-request"', signature: 'sig1=:AAAA:' }],
    ['a text of other characters there', { 'signature-input': 'sig1=();x=%"a";tag="fapi-2-request"', signature: 'sig1=:AAAA:' }],
    ['a date beside its signature', { 'signature-input': 'sig1=();tag="fapi-2-request"', signature: 'sig1=:AAAA:, b=@5' }],
    ['parameters of its signature that are dates', { 'signature-input': 'sig1=();tag="fapi-2-request"', signature: 'sig1=:AAAA:;x=@5' }],
    ['a digest that is no ASCII', { 'signature-input': 'sig1=();tag="fapi-2-request"', signature: 'sig1=:AAAA:', 'content-digest': 'sha-256=\u00e9' }],
  ])('HS-RS-06 are made for a request with %s, which is refused', async (_what, headers) => {
    const opened = open({ requests: 'accepted', responses: 'when-signed' })
    const plainly = await plain(opened)
    for (const own of [plainly.headers, {}]) {
      const request: Plain = { ...plainly, headers: { ...own, ...headers } }
      const answer = await fetchPlain(app(opened), request)
      expect(answer.status).toBe(401)
      expect(await isGood(answer, request)).toBe(true)
    }
  }) // prettier-ignore

  it('do not leave unsigned when they are promised and there is no key', async () => {
    const nameless = { ...serverKey.jwk } as Record<string, unknown>
    delete nameless['kid']
    const { jwk, publicJwk } = serverKey
    for (const key of [undefined, 'text', JSON.stringify(nameless), JSON.stringify(publicJwk)]) {
      const opened = open({ responses: 'signed', ...({ key } as object) })
      const answer = await fetchPlain(app(opened), await plain(opened))
      expect([answer.status, await answer.json()]).toEqual([500, { error: 'server_error' }])
    }
    const opened = open({ responses: 'signed', key: JSON.stringify(jwk satisfies PublicJwk) })
    expect((await fetchPlain(app(opened), await plain(opened))).status).toBe(200)
  })
})
