import type { PublicJwk } from '../../src/clients/jwks.ts'
import { verifyResponse } from '../../src/http-signatures/fapi.ts'
import { chooseVerifier } from '../../src/http-signatures/keys.ts'
import type { ClientFixture } from './fixtures.ts'
import { send } from './http.ts'
import type { Answer, Credential } from './http.ts'
import { craft } from './signatures.ts'
import type { Crafting, Plain } from './signatures.ts'
import { nonceOf, nowSeconds, proof } from './test-client.ts'
import type { DpopKey, Server } from './test-client.ts'
import { sharedServer } from './worker-server.ts'

export type Call = {
  readonly accessToken: string
  /** Proves with DPoP; without it the token goes as Bearer, with the certificate. */
  readonly key?: DpopKey
  readonly credential?: Credential
  readonly method?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly on?: Server
}

/** The request as a client makes it before it signs. */
export async function prepare(url: string, call: Call): Promise<Plain> {
  const { accessToken, key, method = 'GET', body, on = sharedServer() } = call
  const nonce = key === undefined ? undefined : await nonceOf(`${new URL(url).origin}/accounts`, on)
  const [htu = url] = url.split('?')
  const proven: Readonly<Record<string, string>> =
    key === undefined ? {} : { dpop: await proof(key, htu, { method, accessToken, nonce }) }
  const headers = {
    authorization: `${key === undefined ? 'Bearer' : 'DPoP'} ${accessToken}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...proven,
    ...call.headers,
  }
  return { method, url, headers, ...(body === undefined ? {} : { body }) }
}

type Sent = { readonly request: Plain; readonly answer: Answer }

/** Sends a request with exactly these headers. */
export async function sendPlain(
  request: Plain,
  { credential, on = sharedServer() }: Pick<Call, 'credential' | 'on'> = {},
): Promise<Answer> {
  const { url, method, headers, body } = request
  return send(url, {
    method,
    headers: Object.entries(headers),
    ca: on.ca,
    ...(body === undefined ? {} : { body }),
    ...(credential === undefined ? {} : { credential }),
  })
}

/** Signs with the client's registered key, changed as told, and sends. */
export async function callSigned(
  url: string,
  client: ClientFixture,
  call: Call,
  crafting: Partial<Crafting> = {},
): Promise<Sent> {
  const request = await sign(await prepare(url, call), client, crafting)
  return { request, answer: await sendPlain(request, call) }
}

/** The request with its signature among its headers. */
export async function sign(
  request: Plain,
  { jwk }: ClientFixture,
  crafting: Partial<Crafting> = {},
): Promise<Plain> {
  // What the key is registered for elsewhere does not matter to a test that misuses it.
  const { alg: _alg, ...key } = (jwk ?? {}) as PublicJwk
  const headers = await craft(request, { key, created: nowSeconds(), ...crafting })
  return { ...request, headers }
}

/** Whether the bank API signed this answer, for this request; with the keys it publishes. */
export async function isSignedAnswer(
  { request, answer }: Sent,
  on: Server = sharedServer(),
): Promise<boolean> {
  const { json } = await send(`${on.api}/jwks`, { ca: on.ca })
  const keys = json['keys'] as readonly PublicJwk[]
  const { method, url, headers } = request
  const judged = await verifyResponse(
    {
      status: answer.status,
      headers: answer.headers,
      content: new TextEncoder().encode(answer.text),
      request: { method, targetUri: url, headers: new Headers(headers) },
    },
    { keys: (keyId) => chooseVerifier(keys, keyId), now: nowSeconds() * 1000 },
  )
  return judged.ok
}
