import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDictionary } from 'structured-headers'
import { UnverifiedResponse, signedFetch } from '../../../src/http-signatures/client.ts'
import type { SignedInit } from '../../../src/http-signatures/client.ts'
import { signResponse, verifyRequest, verifyResponse } from '../../../src/http-signatures/fapi.ts'
import { chooseVerifier, importSigner } from '../../../src/http-signatures/keys.ts'
import { craft, makeMessageKey } from '../../support/signatures.ts'
import type { Plain } from '../../support/signatures.ts'
import { holdsAsync } from '../support/property.ts'

const serverKey = makeMessageKey('rs-1')
const clientKey = makeMessageKey('client-1')
const now = 1_740_000_000_000
const created = now / 1000
const utf8 = (text: string) => new TextEncoder().encode(text)

const order: Plain = {
  method: 'POST',
  url: 'https://rs.example/payments',
  headers: { authorization: 'DPoP token', dpop: 'proof' },
  body: '{"amount":"10.00"}',
}
const look: Plain = {
  method: 'GET',
  url: 'https://rs.example/accounts?page=1',
  headers: { authorization: 'DPoP token', dpop: 'proof' },
}

type Message = { readonly method: string; readonly targetUri: string; readonly headers: Headers }
type Answer = { readonly status: number; readonly headers: Headers; readonly content: Uint8Array }

const asSent = async (plain: Plain): Promise<Message> => ({
  method: plain.method,
  targetUri: plain.url,
  headers: new Headers(await craft(plain, { key: clientKey.jwk, created })),
})

const unsigned = (plain: Plain): Message => ({
  method: plain.method,
  targetUri: plain.url,
  headers: new Headers(plain.headers),
})

async function answer(
  request: Message,
  { status = 201, body = '{"id":"p-1"}', at = now, key = serverKey } = {},
): Promise<Answer> {
  const content = utf8(body)
  const plain = { status, headers: new Headers({ 'content-type': 'application/json' }), content }
  const signing = { signer: await importSigner(key.jwk), keyId: String(key.jwk.kid), now: at }
  return { status, content, headers: await signResponse({ ...plain, request }, signing) }
}

async function good(response: Answer, request: Message, at = now): Promise<boolean> {
  const keys = (keyId: string | undefined) => chooseVerifier([serverKey.publicJwk], keyId)
  return (await verifyResponse({ ...response, request }, { keys, now: at })).ok
}

const inputOf = ({ headers }: Answer): string => headers.get('signature-input') ?? ''

describe('a signed response', () => {
  it('HS-RS-01 HS-RS-02 HS-RS-03 HS-RS-04 HS-RS-05 covers its status, its content and the request as it was signed', async () => {
    const request = await asSent(order)
    const response = await answer(request)
    expect(inputOf(response)).toBe(
      'sig1=("@status" "content-digest" "@method";req "@target-uri";req "content-digest";req ' +
        '"signature";req;key="sig1" "signature-input";req;key="sig1");' +
        `created=${created};keyid="rs-1";tag="fapi-2-response"`,
    )
    expect(await good(response, request)).toBe(true)
  })

  it('HS-RS-03 HS-RS-05 covers no digest where request or response have no content', async () => {
    const request = await asSent(look)
    const response = await answer(request, { status: 404, body: '' })
    expect(inputOf(response)).not.toContain('content-digest')
    expect(response.headers.has('content-digest')).toBe(false)
    expect(await good(response, request)).toBe(true)
  })

  it('HS-RS-03 HS-RS-04 to an unsigned request is tied to its method and URL', async () => {
    const response = await answer(unsigned(look))
    expect(inputOf(response)).toContain('"@method";req "@target-uri";req)')
    expect(await good(response, unsigned(look))).toBe(true)
    expect(await good(response, await asSent(look)), 'the client did sign').toBe(false)
  })

  it('HS-RS-03 HS-RS-04 is refused as an answer to another request', async () => {
    const request = await asSent(order)
    const response = await answer(request)
    const others: readonly Message[] = [
      await asSent(order),
      await asSent({ ...order, method: 'PUT' }),
      await asSent({ ...order, url: `${order.url}?again` }),
      await asSent({ ...order, body: '{"amount":"99.00"}' }),
      { ...request, method: 'PUT' },
      { ...request, targetUri: `${order.url}2` },
      { ...request, headers: change(request.headers, 'content-digest', 'sha-256=:AAAA:') },
    ]
    expect(await good(response, request)).toBe(true)
    for (const [index, other] of others.entries()) {
      expect(await good(response, other), String(index)).toBe(false)
    }
  })

  it('HS-RS-02 HS-RS-05 is refused with another status or content', async () => {
    const request = await asSent(order)
    const response = await answer(request)
    expect(await good({ ...response, status: 200 }, request)).toBe(false)
    expect(await good({ ...response, content: utf8('{"id":"p-2"}') }, request)).toBe(false)
    expect(await good({ ...response, content: utf8('') }, request)).toBe(false)
    const without = new Headers(response.headers)
    without.delete('content-digest')
    expect(await good({ ...response, headers: without }, request)).toBe(false)
  })

  it('HS-RS-05 is refused when content was added to an answer that had none', async () => {
    const request = await asSent(look)
    const response = await answer(request, { body: '' })
    expect(await good(response, request)).toBe(true)
    expect(await good({ ...response, content: utf8('{}') }, request)).toBe(false)
  })

  it('HS-RS-01 is refused without signature, with another tag, key or time', async () => {
    const request = await asSent(order)
    const response = await answer(request)
    const bare = new Headers(response.headers)
    bare.delete('signature')
    expect(await good({ ...response, headers: bare }, request)).toBe(false)
    expect(await good({ ...response, headers: request.headers }, request)).toBe(false)
    const stranger = makeMessageKey('rs-1')
    expect(await good(await answer(request, { key: stranger }), request)).toBe(false)
    expect(await good(response, request, now + 61_000)).toBe(false)
    expect(await good(response, request, now - 11_000)).toBe(false)
    expect(await good(response, request, now + 60_000)).toBe(true)
  })

  it('HS-RS-02 HS-RS-05 with any bit changed in what is covered is refused', async () => {
    const request = await asSent(order)
    const response = await answer(request)
    const name = fc.constantFrom('content-digest', 'signature', 'signature-input')
    const property = fc.asyncProperty(name, fc.nat(10_000), fc.nat(6), async (field, index, bit) => {
      const bytes = Buffer.from(response.headers.get(field) ?? '')
      const at = index % bytes.length
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
      const flipped = bytes.toString('latin1')
      if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(flipped)) return
      const headers = change(response.headers, field, flipped)
      expect(await good({ ...response, headers }, request), flipped).toBe(false)
    }) // prettier-ignore
    await holdsAsync(property, 200)
  })
})

function change(headers: Headers, name: string, value: string): Headers {
  const changed = new Headers(headers)
  changed.set(name, value)
  return changed
}

describe('signedFetch', () => {
  /** A resource server in a function: what it was sent, and what it answers. */
  function resourceServer(tamper: (answer: Answer, request: Message) => Answer = (one) => one) {
    const seen: { url: string; init: SignedInit }[] = []
    const fetch = async (url: string, init: SignedInit): Promise<Response> => {
      seen.push({ url, init })
      const request = { method: init.method, targetUri: url, headers: init.headers }
      const content = init.body ?? new Uint8Array(0)
      const keys = (keyId: string | undefined) => chooseVerifier([clientKey.publicJwk], keyId)
      const { ok } = await verifyRequest({ ...request, content }, { keys, now })
      const made = await answer(request, ok ? {} : { status: 401, body: '{"error":"unsigned"}' })
      const { status, headers, content: sent } = tamper(made, request)
      return new Response(sent as Uint8Array<ArrayBuffer>, { status, headers })
    }
    return { fetch, seen }
  }

  const connect = (fetch: (url: string, init: SignedInit) => Promise<Response>) =>
    signedFetch({ fetch, key: clientKey.jwk, serverKeys: async () => [serverKey.publicJwk], now: () => now }) // prettier-ignore

  const { method, headers, body } = order
  const init = { method, headers, ...(body === undefined ? {} : { body }) }

  it('HS-RQ-05 HS-RQ-08 signs what it sends and gives back the verified answer', async () => {
    const { fetch, seen } = resourceServer()
    const response = await connect(fetch)(order.url, init)
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({ id: 'p-1' })
    const [sent] = seen
    expect(sent?.init.redirect).toBe('manual')
    expect(sent?.init.headers.get('content-type')).toBe('text/plain;charset=UTF-8')
    expect(sent?.init.headers.get('accept-encoding')).toBe('identity')
  })

  it('never signs two requests alike', async () => {
    const { fetch, seen } = resourceServer()
    const send = connect(fetch)
    await send(look.url, look)
    await send(look.url, look)
    const nonces = seen.map(({ init: { headers: sent } }) => {
      const member = parseDictionary(sent.get('signature-input') ?? '').get('sig1')
      return member?.[1].get('nonce')
    })
    expect(new Set(nonces).size).toBe(2)
  })

  it('signs the URL without its fragment', async () => {
    const { fetch, seen } = resourceServer()
    expect((await connect(fetch)(`${look.url}#part`, look)).status).toBe(201)
    expect(seen[0]?.url).toBe(look.url)
  })

  it('HS-RS-03 throws away an answer to another request, another status, and one without signature', async () => {
    const elsewhere = await answer(await asSent(order))
    const tampered: readonly ((answer: Answer) => Answer)[] = [
      () => elsewhere,
      (one) => ({ ...one, status: 200 }),
      (one) => ({ ...one, content: utf8('{"id":"p-2"}') }),
      (one) => ({ ...one, headers: new Headers() }),
    ]
    for (const tamper of tampered) {
      const { fetch } = resourceServer(tamper)
      const failure = await connect(fetch)(order.url, init).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(UnverifiedResponse)
    }
    expect((await connect(resourceServer().fetch)(order.url, init)).status).toBe(201)
  })

  it('HS-RS-06 gives back a signed error as the answer it is', async () => {
    const stranger = makeMessageKey('client-1')
    const { fetch } = resourceServer()
    const send = signedFetch({ fetch, key: stranger.jwk, serverKeys: async () => [serverKey.publicJwk], now: () => now }) // prettier-ignore
    const response = await send(order.url, init)
    expect([response.status, await response.json()]).toEqual([401, { error: 'unsigned' }])
  })

  it('says at once that a key cannot sign', async () => {
    const { fetch } = resourceServer()
    const { kid: _kid, ...nameless } = clientKey.jwk
    const given = { fetch, serverKeys: async () => [] }
    expect(() => signedFetch({ ...given, key: nameless })).toThrow('kid')
    const send = signedFetch({ ...given, key: clientKey.publicJwk })
    await expect(send(order.url, init)).rejects.toThrow('cannot sign')
  })
})
