import { describe, expect, it } from 'vitest'
import type { Call } from '../../../src/call.ts'
import { receivedRequest } from '../../../src/authorization/received.ts'
import { openRequest } from '../../../src/authorization/request-object.ts'
import { checkPublicJwks } from '../../../src/clients/jwks.ts'
import { thumbprintOf } from '../../../src/tokens/jwt.ts'
import { makeCall } from '../support/call.ts'
import { bag, makeClient, makeIssuer, valueOf } from '../support/issuer.ts'
import { makeKey, sign } from '../support/keys.ts'

const issuer = makeIssuer()
const now = 1_800_000_000
const key = await makeKey()
const jwk = { ...key.publicJwk, kid: 'one' }
const client = makeClient({ jwks: valueOf(checkPublicJwks({ keys: [jwk] })) })
const proven = {
  client: {
    record: client,
    method: 'private_key_jwt',
    assertion: { jti: 'j', validUntil: 0, alg: 'ES256', jwk },
  },
  certificate: undefined,
  sender: { jkt: 'the proof’s key' },
  now: now * 1000,
} as const
const jws = await sign(
  key,
  { alg: 'ES256', kid: 'one' },
  { client_id: 'app', aud: issuer.url, nbf: now, exp: now + 300, response_type: 'code' },
)

describe('a pushed request as it was received', () => {
  it('MS 7 holds the parameters without credentials, and whose they were', async () => {
    const form = bag({ request: 'x', state: 's', resource: ['a', 'b'], client_assertion: 'secret', client_assertion_type: 'jwt-bearer' }) // prettier-ignore
    const received = await receivedRequest({ ...proven, form, signed: undefined })
    expect(received).toStrictEqual({
      clientId: 'app',
      receivedAt: now * 1000,
      authentication: {
        method: 'private_key_jwt',
        alg: 'ES256',
        kid: 'one',
        jkt: await thumbprintOf(jwk),
      },
      sender: { jkt: 'the proof’s key' },
      content: { parameters: { state: 's', resource: ['a', 'b'] } },
    })
  })

  it('MS 7 holds the request object itself, and the registered key that verified it', async () => {
    const call = makeCall({ issuer, now: now * 1000 })
    const form = bag({ request: jws })
    const { signed } = valueOf(await openRequest(call, client, form))
    const { content } = await receivedRequest({ ...proven, form, signed })
    expect(content).toStrictEqual({ jws, alg: 'ES256', jwk, keyFrom: 'jwks' })
  })

  it('MS 7 says from which address the key came', async () => {
    const jwksUri = 'https://app.example/jwks'
    const body = JSON.stringify({ keys: [{ ...jwk, x5c: ['AAAA'], use: 'sig' }] })
    const headers = { 'content-type': 'application/json' }
    const runtime = {
      fetch: () => Promise.resolve(new Response(body, { headers })),
      outboundAllowed: undefined,
    }
    const call = {
      ...makeCall({ issuer, now: now * 1000 }),
      runtime,
      waitUntil: () => undefined,
      log: () => undefined,
    } as unknown as Call
    const { jwks: _jwks, ...metadata } = client.metadata
    const remote = { ...client, metadata: { ...metadata, jwks_uri: jwksUri } }
    const form = bag({ request: jws })
    const { signed } = valueOf(await openRequest(call, remote, form))
    expect(signed?.source).toEqual({ jwks_uri: jwksUri, fetchedAt: now * 1000 })
    const { content } = await receivedRequest({ ...proven, form, signed })
    const jwksFetchedAt = now * 1000
    expect(content).toEqual({
      ...{ jws, alg: 'ES256', jwk, keyFrom: 'jwks_uri' },
      ...{ jwksUri, jwksFetchedAt },
    })
  })

  it('names no key id of a key that has none', async () => {
    const bare = { ...proven.client, assertion: { ...proven.client.assertion, jwk: key.publicJwk } }
    const received = await receivedRequest({ ...proven, client: bare, form: bag({}), signed: undefined }) // prettier-ignore
    expect(received.authentication).toStrictEqual({
      method: 'private_key_jwt',
      alg: 'ES256',
      jkt: await thumbprintOf(jwk),
    })
  })

  it('names the certificate of a client that is proven by one', async () => {
    const given = {
      ...proven,
      client: { record: client, method: 'tls_client_auth' },
      certificate: { thumbprint: 'thumb' } as never,
    } as const
    const sender = { x5t: 'thumb' }
    const request = { ...given, sender, form: bag({}), signed: undefined }
    const received = await receivedRequest(request)
    expect(received.authentication).toEqual({ method: 'tls_client_auth', 'x5t#S256': 'thumb' })
    expect(received.sender).toStrictEqual({ 'x5t#S256': 'thumb' })
    const none = await receivedRequest({ ...request, certificate: undefined })
    expect(none.authentication).toStrictEqual({ method: 'tls_client_auth' })
  })
})
