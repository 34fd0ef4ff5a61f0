import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import type { PublicJwk } from '../../src/clients/jwks.ts'
import { contentDigest } from '../../src/http-signatures/digest.ts'
import { newClient, openAdmin } from '../support/admin.ts'
import type { Answer } from '../support/http.ts'
import { makeMessageKey, together } from '../support/signatures.ts'
import type { Crafting, Plain } from '../support/signatures.ts'
import { callSigned, prepare, sendPlain, sign } from '../support/signed-calls.ts'
import type { Call } from '../support/signed-calls.ts'
import { makeDpopKey, moveClock, nowSeconds, testClient } from '../support/test-client.ts'
import type { DpopKey } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

const server = sharedServer()
const { clients, strangers } = inject('fixtures')
const accounts = `${server.api}/accounts`
const statements = `${server.api}/accounts/current/statements`
const grant = { grant_type: 'client_credentials', scope: 'accounts' }
const web = testClient('web')
const order = '{"year":2025}'

let key: DpopKey
let accessToken = ''
beforeAll(async () => {
  key = await makeDpopKey()
  accessToken = (await web.token(grant, { key })).accessToken
})

afterEach(async () => moveClock(0))

const withDpop = (extra: Partial<Call> = {}): Call => ({ accessToken, key, ...extra })
const posting = (body = order): Call => withDpop({ method: 'POST', body })

/** Exactly 401, always in the same words, with a hint what to sign. */
function expectRefusal(answer: Answer, scheme = 'DPoP'): void {
  expect(answer.status, answer.text).toBe(401)
  expect(answer.json).toEqual({
    error: 'invalid_signature',
    error_description: 'A valid HTTP message signature is required',
  })
  const challenge = answer.headers.get('www-authenticate') ?? ''
  expect(challenge.startsWith(`${scheme} error="invalid_signature"`), challenge).toBe(true)
  expect(answer.headers.get('accept-signature')).toContain(';created;tag="fapi-2-request"')
}

describe('a signed request to the bank API', () => {
  it('HS-RQ-01 HS-RQ-02 is taken, by GET and by POST with its content', async () => {
    expect((await callSigned(accounts, web.fixture, withDpop())).answer.status).toBe(200)
    const { answer } = await callSigned(statements, web.fixture, posting())
    expect(answer.status, answer.text).toBe(201)
    expect(answer.json).toEqual({ account: 'current', year: 2025, ordered_by: 'client-web' })
  })

  it('HS-RQ-02 is taken with a query, which the signature covers', async () => {
    const request = await sign(await prepare(`${accounts}?page=2&a=%20b`, withDpop()), web.fixture)
    expectRefusal(await sendPlain({ ...request, url: `${accounts}?page=3&a=%20b` }))
    expect((await sendPlain(request)).status).toBe(200)
  })

  it('HS-RQ-08 is answered where a GET has content, which nobody reads', async () => {
    const got = async (body: string, sent = body) => {
      const headers = { 'content-length': '2' }
      const request = await sign(await prepare(accounts, withDpop({ body, headers })), web.fixture)
      return sendPlain({ ...request, body: sent })
    }
    expect((await got('{}')).status).toBe(200)
    expectRefusal(await got('{}', '[]'))
  })

  it('HS-RQ-03 is refused without signature where one is demanded, and taken where it is not', async () => {
    const refused = await sendPlain(await prepare(statements, posting()))
    expectRefusal(refused)
    expect(refused.headers.get('accept-signature')).toBe(
      'sig1=("@method" "@target-uri" "authorization" "dpop" "content-digest");created;tag="fapi-2-request"',
    )
    expect((await sendPlain(await prepare(accounts, withDpop()))).status).toBe(200)
  })

  it('HS-RQ-10 is taken with Ed25519, and not with an RSA key that is for PS256', async () => {
    const ed25519 = testClient('ed25519')
    const ps256 = testClient('ps256')
    for (const [client, taken] of [[ed25519, true], [ps256, false]] as const) {
      const tokens = await client.token(grant, { key })
      const call = withDpop({ accessToken: tokens.accessToken })
      const { answer } = await callSigned(accounts, client.fixture, call)
      if (taken) expect(answer.status, answer.text).toBe(200)
      else expectRefusal(answer)
    }
  }) // prettier-ignore

  it('HS-RQ-09 is taken beside the signature of a gateway, and answered with its own label', async () => {
    const request = await prepare(accounts, withDpop())
    const gateway = await sign(request, clients.second, {
      label: 'gateway',
      parameters: { tag: 'web-bot-auth' },
    })
    const own = await sign(request, web.fixture, { label: 'mine' })
    const answer = await sendPlain({ ...request, headers: together(gateway.headers, own.headers) })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('signature-input')).toContain('"signature";req;key="mine"')
  })

  it('is refused with a content of more than 64 KiB, and taken with one of 64 KiB', async () => {
    const padded = (length: number) => order.padEnd(length)
    const large = await callSigned(statements, web.fixture, posting(padded(65_537)))
    expect([large.answer.status, large.answer.json['error']]).toEqual([413, 'payload_too_large'])
    const untold = { ...posting(padded(65_537)), headers: { 'transfer-encoding': 'chunked' } }
    const chunked = await callSigned(statements, web.fixture, untold)
    expect(chunked.answer.status).toBe(413)
    const whole = await callSigned(statements, web.fixture, posting(padded(65_536)))
    expect(whole.answer.status).toBe(201)
  })

  it('HS-RQ-08 needs no digest without content', async () => {
    const { request, answer } = await callSigned(statements, web.fixture, posting(''))
    expect(request.headers['content-digest']).toBeUndefined()
    expect([answer.status, answer.json['error']]).toEqual([400, 'invalid_request'])
  })
})

type Fault = {
  readonly id: string
  readonly what: string
  readonly crafting?: () => Partial<Crafting> | Promise<Partial<Crafting>>
  /** Changes the signed request before it is sent. */
  readonly change?: (request: Plain) => Plain
  readonly client?: keyof typeof clients
}

const withoutComponent = (left: string) => ({
  components: ['@method', '@target-uri', 'authorization', 'dpop', 'content-digest'].filter(
    (name) => name !== left,
  ),
})
const header = (name: string, change: (value: string) => string) => (request: Plain) => ({
  ...request,
  headers: { ...request.headers, [name]: change(request.headers[name] ?? '') },
})
const utf8 = (text: string) => new TextEncoder().encode(text)

const faults: readonly Fault[] = [
  { id: 'HS-RQ-01', what: 'of another client, with its key', client: 'second' },
  { id: 'HS-RQ-01', what: 'with a key nobody registered', crafting: () => ({ key: makeMessageKey('web-9').jwk }) },
  { id: 'HS-RQ-01', what: 'with a key under the id of a registered one', crafting: () => ({ key: makeMessageKey('web-1').jwk }) },
  { id: 'HS-RQ-02', what: 'whose content was changed', change: (request) => ({ ...request, body: '{"year":2024}' }) },
  { id: 'HS-RQ-02', what: 'whose digest was changed', change: header('content-digest', (value) => value.replace(/.:$/, 'A:')) },
  { id: 'HS-RQ-02', what: 'whose signature was changed', change: header('signature', (value) => value.replace(/:(.)/, (_all, one: string) => `:${one === 'A' ? 'B' : 'A'}`)) },
  { id: 'HS-RQ-02', what: 'whose created was changed', change: header('signature-input', (value) => value.replace(/created=\d+/, `created=${nowSeconds() - 1}`)) },
  { id: 'HS-RQ-03', what: 'with a signature and no input', change: header('signature-input', () => '') },
  { id: 'HS-RQ-03', what: 'with an input and no signature', change: header('signature', () => '') },
  { id: 'HS-RQ-03', what: 'with an input that is no dictionary', change: header('signature-input', () => '(((') },
  { id: 'HS-RQ-04', what: 'without tag', crafting: () => ({ parameters: { tag: undefined } }) },
  { id: 'HS-RQ-04', what: 'with another tag', crafting: () => ({ parameters: { tag: 'fapi-2-response' } }) },
  { id: 'HS-RQ-05', what: 'that does not cover the method', crafting: () => withoutComponent('@method') },
  { id: 'HS-RQ-05', what: 'that does not cover the URL', crafting: () => withoutComponent('@target-uri') },
  { id: 'HS-RQ-05', what: 'that does not cover the token', crafting: () => withoutComponent('authorization') },
  { id: 'HS-RQ-06', what: 'without created', crafting: () => ({ parameters: { created: undefined } }) },
  { id: 'HS-RQ-06', what: 'created five minutes ago', crafting: () => ({ created: nowSeconds() - 300 }) },
  { id: 'HS-RQ-06', what: 'created a minute ahead', crafting: () => ({ created: nowSeconds() + 60 }) },
  { id: 'HS-RQ-07', what: 'that does not cover the proof', crafting: () => withoutComponent('dpop') },
  { id: 'HS-RQ-08', what: 'that does not cover the digest', crafting: () => withoutComponent('content-digest') },
  { id: 'HS-RQ-08', what: 'without digest', crafting: () => ({ ...withoutComponent('content-digest'), digest: null }) },
  { id: 'HS-RQ-08', what: 'with the digest of another content', crafting: async () => ({ digest: await contentDigest(utf8('{"year":2024}')) }) },
  { id: 'HS-RQ-08', what: 'with a digest that is not strong', crafting: () => ({ digest: 'md5=:AAAAAAAAAAAAAAAAAAAAAA==:' }) },
  { id: 'HS-RQ-10', what: 'whose alg is that of another kind of key', change: header('signature-input', (value) => `${value};alg="ed25519"`) },
  { id: 'HS-RQ-10', what: 'whose alg is unknown', change: header('signature-input', (value) => `${value};alg="hmac-sha256"`) },
] // prettier-ignore

describe('a request with a bad signature', () => {
  it.each(faults)(
    '$id is refused with 401 $what, and uses nothing up',
    async ({ crafting, change, client = 'web' }) => {
      const plain = await prepare(statements, posting())
      const signed = await sign(plain, clients[client], await crafting?.())
      expectRefusal(await sendPlain(change === undefined ? signed : change(signed)))
      // The same proof opens the way when the signature is right.
      const good = await sendPlain(await sign(plain, web.fixture))
      expect(good.status, good.text).toBe(201)
    },
  )

  it('HS-RQ-03 is refused where signatures are not demanded, too', async () => {
    const plain = await prepare(accounts, withDpop())
    const signed = await sign(plain, web.fixture, { created: nowSeconds() - 300 })
    expectRefusal(await sendPlain(signed))
    expect((await sendPlain(await sign(plain, web.fixture))).status).toBe(200)
  })

  it('hears of its token first', async () => {
    const request = await sign(await prepare(accounts, withDpop()), web.fixture, {
      created: nowSeconds() - 300,
    })
    const headers = { ...request.headers, authorization: 'DPoP nonsense' }
    expect((await sendPlain({ ...request, headers })).json['error']).toBe('invalid_token')
  })
})

describe('the time a signature was created', () => {
  it('HS-RQ-06 is within a minute by the API’s clock', async () => {
    const created = nowSeconds()
    await moveClock(50)
    const { answer } = await callSigned(accounts, web.fixture, withDpop(), { created })
    expect(answer.status).toBe(200)
    await moveClock(75)
    const late = await callSigned(accounts, web.fixture, withDpop(), { created })
    expectRefusal(late.answer)
    const again = await callSigned(accounts, web.fixture, withDpop())
    expect(again.answer.status).toBe(200)
  })
})

describe('a signed request sent twice', () => {
  it('DPOP-RS-01 with DPoP is refused for its proof, which the signature covers', async () => {
    const { request, answer } = await callSigned(statements, web.fixture, posting())
    expect(answer.status).toBe(201)
    const again = await sendPlain(request)
    expect([again.status, again.json['error']]).toEqual([401, 'invalid_dpop_proof'])
    // With a new proof it is another request, which nobody signed.
    const { headers } = await prepare(statements, posting())
    const renewed = { ...request.headers, dpop: headers['dpop'] ?? '' }
    expectRefusal(await sendPlain({ ...request, headers: renewed }))
  })

  describe('with a certificate and no proof', () => {
    const url = `${server.apiMtls}/accounts/current/statements`
    const credential = strangers.selfSigned
    const client = testClient('certificateBound')
    let bound = ''
    beforeAll(async () => {
      bound = (await client.token(grant, { side: 'mtls', credential })).accessToken
    })
    const call = (): Call => ({ accessToken: bound, credential, method: 'POST', body: order })

    it('HS-RQ-02 is refused for its signature, in whatever form, and another one is taken', async () => {
      const { request, answer } = await callSigned(url, client.fixture, call())
      expect(answer.status, answer.text).toBe(201)
      expectRefusal(await sendPlain(request, call()), 'Bearer')
      const { headers } = request
      const relabelled = {
        ...headers,
        signature: (headers['signature'] ?? '').replace('sig1', 'other'),
        'signature-input': (headers['signature-input'] ?? '').replace('sig1', 'other'),
      }
      expectRefusal(await sendPlain({ ...request, headers: relabelled }, call()), 'Bearer')
      const mirrored = { ...headers, signature: otherForm(headers['signature'] ?? '') }
      expectRefusal(await sendPlain({ ...request, headers: mirrored }, call()), 'Bearer')
      expect((await callSigned(url, client.fixture, call())).answer.status).toBe(201)
    })

    it('HS-RQ-06 is refused until it is too old anyway', async () => {
      const { request, answer } = await callSigned(url, client.fixture, call())
      expect(answer.status).toBe(201)
      for (const seconds of [30, 59, 61, 71, 290]) {
        await moveClock(seconds)
        expectRefusal(await sendPlain(request, call()), 'Bearer')
      }
    })

    it('is taken once of many sent at the same time', async () => {
      const request = await sign(await prepare(url, call()), client.fixture)
      const all = Array.from({ length: 10 }, () => sendPlain(request, call()))
      const statuses = (await Promise.all(all)).map(({ status }) => status)
      expect(statuses.sort()).toEqual([201, ...Array.from({ length: 9 }, () => 401)])
    })

    it('HS-RQ-01 is not for the certificate to open alone', async () => {
      const signed = await sign(await prepare(url, call()), clients.web)
      expectRefusal(await sendPlain(signed, call()), 'Bearer')
      expectRefusal(await sendPlain(await prepare(url, call()), call()), 'Bearer')
    })
  })
})

/** (r, -s) for (r, s): as good a signature of the same message. */
function otherForm(field: string): string {
  const curveOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const bytes = Buffer.from(field.slice('sig1=:'.length, -1), 'base64')
  const s = curveOrder - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const mirrored = Buffer.from(s.toString(16).padStart(64, '0'), 'hex')
  return `sig1=:${Buffer.concat([bytes.subarray(0, 32), mirrored]).toString('base64')}:`
}

describe('the price of a signed request in storage', () => {
  const priceOf = ({ headers }: Answer) =>
    /calls=(\d+) depth=(\d+) rows=(\d+)/.exec(headers.get('server-timing') ?? '')?.slice(1).map(Number) // prettier-ignore

  /** The least of several: a guard's first use in a slot makes its table. */
  async function leastPrice(ask: () => Promise<Answer>) {
    await ask()
    const prices: number[][] = []
    for (let count = 0; count < 8; count += 1) {
      const answer = await ask()
      expect(answer.status, answer.text).toBe(200)
      prices.push(priceOf(answer) ?? [])
    }
    return [0, 1, 2].map((index) => Math.min(...prices.map((price) => price[index] ?? Infinity)))
  }

  it('with DPoP is that of an unsigned one, once the client’s keys are known', async () => {
    const price = await leastPrice(
      async () => (await callSigned(accounts, web.fixture, withDpop())).answer,
    )
    expect(price).toEqual([2, 1, 1])
  })

  it('with a certificate is one call more, beside the other', async () => {
    const credential = strangers.selfSigned
    const client = testClient('certificateBound')
    const { accessToken: bound } = await client.token(grant, { side: 'mtls', credential })
    const url = `${server.apiMtls}/accounts`
    const call = { accessToken: bound, credential }
    const unsigned = await leastPrice(async () => sendPlain(await prepare(url, call), call))
    expect(unsigned).toEqual([1, 1, 0])
    const signed = await leastPrice(
      async () => (await callSigned(url, client.fixture, call)).answer,
    )
    expect(signed).toEqual([2, 1, 1])
  })
})

describe('a client that changes its keys', () => {
  it('HS-RQ-01 is known by a new key within seconds, and by an old one for a minute at most', async () => {
    const admin = await openAdmin()
    const { fixture, metadata } = await newClient()
    const path = `/clients/${fixture.clientId}`
    expect((await admin.request('PUT', path, metadata)).status).toBe(201)
    const { accessToken: theirs } = await testClient(fixture).token(grant, { key })
    const ask = async (signer: PublicJwk | undefined) =>
      (
        await callSigned(accounts, fixture, withDpop({ accessToken: theirs }), {
          ...(signer === undefined ? {} : { key: signer }),
        })
      ).answer.status
    expect(await ask(undefined)).toBe(200)
    const next = makeMessageKey('next-1')
    const jwks = { keys: [next.publicJwk] }
    expect((await admin.request('PUT', path, { ...metadata, jwks })).status).toBe(200)
    await moveClock(6)
    expect(await ask(next.jwk), 'an unknown key is asked for').toBe(200)
    expect(await ask(undefined), 'and the old one is gone with it').toBe(401)
    expect((await admin.request('PUT', path, metadata)).status).toBe(200)
    expect(await ask(next.jwk), 'known for a while').toBe(200)
    await moveClock(70)
    expect(await ask(next.jwk)).toBe(401)
    expect(await ask(undefined)).toBe(200)
  })
})
