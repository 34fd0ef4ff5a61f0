import { randomBytes } from 'node:crypto'
import type { Answer } from './http.ts'
import { nowSeconds, sign } from './test-client.ts'
import type { RequestOptions, TestClient } from './test-client.ts'

export type RequestObjectOptions = {
  /** Over the claims; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Whose key signs; absent: the client's own. */
  readonly signer?: TestClient['fixture']
}

/** A request object as a FAPI 2.0 client makes one; every part can be changed. */
export async function requestObject(
  client: TestClient,
  issuer: string,
  options: RequestObjectOptions & { readonly verifier?: string } = {},
): Promise<string> {
  const { clientId } = client.fixture
  const { jwk, alg } = options.signer ?? client.fixture
  if (jwk === undefined || alg === undefined) throw new Error('this client has no key')
  const now = nowSeconds()
  const header = { alg, kid: jwk['kid'], ...options.header } as { alg: string }
  return sign(jwk, header, {
    ...client.authorizationFields(options.verifier ?? randomBytes(32).toString('base64url')),
    response_mode: 'jwt',
    aud: issuer,
    iss: clientId,
    client_id: clientId,
    nbf: now,
    exp: now + 300,
    ...options.claims,
  })
}

export type SignedPush = {
  readonly requestUri: string
  readonly verifier: string
  readonly answer: Answer
}

/** Pushes a request object and nothing else. */
export async function pushSigned(
  client: TestClient,
  issuer: string,
  options: RequestObjectOptions & { readonly post?: RequestOptions } = {},
): Promise<SignedPush> {
  const verifier = randomBytes(32).toString('base64url')
  const request = await requestObject(client, issuer, { ...options, verifier })
  const answer = await client.post('/par', { request }, options.post)
  return { answer, verifier, requestUri: String(answer.json['request_uri'] ?? '') }
}
