import { exports } from 'cloudflare:workers'
import { SignJWT, calculateJwkThumbprint, importJWK } from 'jose'
import type { JWK } from 'jose'
import { digest, randomText } from '../../../src/encoding.ts'

/** An issuer of `wrangler.toml`. */
export type IssuerAddress = { readonly id: string; readonly url: string; readonly mtls: string }

export const bank = { id: 'bank', url: 'https://as.example', mtls: 'https://mtls.as.example' }
export const other = {
  id: 'other',
  url: 'https://other.example',
  mtls: 'https://mtls.other.example',
}
export const tenant = {
  id: 'tenant',
  url: 'https://as.example/tenant',
  mtls: 'https://mtls.as.example/tenant',
}

const worker = (exports as unknown as { readonly default: Fetcher }).default

export type Init = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** What the platform tells about the connection. */
  readonly cf?: Readonly<Record<string, unknown>>
}

/** One request to the production Worker; redirects are not followed. */
export async function send(url: string, init: Init = {}): Promise<Response> {
  return worker.fetch(new Request(url, { redirect: 'manual', ...init } as RequestInit))
}

export type Json = Readonly<Record<string, unknown>>

/** Status and JSON body, for `toMatchObject`. */
export const read = async (response: Response) => ({
  status: response.status,
  json: await response.json<Json>().catch((): Json => ({})),
})

/** A key for assertions and proofs. */
export type TestKey = {
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
  readonly jkt: string
}

const bare = ({ kty, crv, x, y }: JWK): JWK => ({ kty, crv, x, y }) as JWK

export async function makeKey(): Promise<TestKey> {
  const parameters = { name: 'ECDSA', namedCurve: 'P-256' }
  const pair = (await crypto.subtle.generateKey(parameters, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const publicJwk = bare((await crypto.subtle.exportKey('jwk', pair.publicKey)) as JWK)
  return { privateKey: pair.privateKey, publicJwk, jkt: await calculateJwkThumbprint(publicJwk) }
}

/** A client, or an operator, with its key. */
export type Party = { readonly clientId: string; readonly key: TestKey }

/** The private half of the operators' key in `wrangler.toml`: worth nothing outside these tests. */
const operatorJwk = {
  kty: 'EC',
  crv: 'P-256',
  x: 'ulS6JqY6GvidCk8trn3cedOCyc5bedNA9iGl_kzF0ss',
  y: 'nDXKDYqPySTxuPr_q0nXzgpaBVDvDOk5qzT5vmISWNk',
  d: 'cWy7J2dkplJkmHic5MINJ7c3DUad-NnfsjorU7alA3w',
}

export async function operator(): Promise<Party> {
  const privateKey = (await importJWK(operatorJwk, 'ES256')) as CryptoKey
  const publicJwk = bare(operatorJwk)
  const jkt = await calculateJwkThumbprint(publicJwk)
  return { clientId: 'operator.test', key: { privateKey, publicJwk, jkt } }
}

export const seconds = (): number => Math.floor(Date.now() / 1000)

export const assertion = ({ clientId, key }: Party, issuer: IssuerAddress): Promise<string> =>
  new SignJWT({ jti: randomText(16) })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(issuer.url)
    .setExpirationTime(seconds() + 60)
    .sign(key.privateKey)

export async function proof(
  key: TestKey,
  about: {
    readonly url: string
    readonly nonce: string
    readonly method?: string
    readonly accessToken?: string
  },
): Promise<string> {
  const { url, nonce, method = 'POST', accessToken } = about
  const ath = accessToken === undefined ? {} : { ath: await digest(accessToken) }
  return new SignJWT({ jti: randomText(16), htm: method, htu: url, nonce, iat: seconds(), ...ath })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: key.publicJwk })
    .sign(key.privateKey)
}

/** A fresh nonce of an issuer. */
export async function nonceOf(issuer: IssuerAddress): Promise<string> {
  const response = await send(`${issuer.url}/par`, { method: 'POST' })
  return response.headers.get('dpop-nonce') ?? ''
}

export const form = (fields: Readonly<Record<string, string>>): Pick<Init, 'body' | 'headers'> => ({
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
})

export type Posting = {
  /** Key to prove with; absent: no proof. */
  readonly key?: TestKey
  /** Over a fresh nonce, the right proof and a fresh assertion. */
  readonly nonce?: string
  readonly proof?: string
  readonly assertion?: string
}

/** Posts a form with a client's authentication. */
export async function post(
  issuer: IssuerAddress,
  path: string,
  request: Posting & { readonly as: Party; readonly fields: Readonly<Record<string, string>> },
): Promise<Response> {
  const url = `${issuer.url}${path}`
  const { as, key, fields } = request
  const { headers, body } = form({
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: request.assertion ?? (await assertion(as, issuer)),
    ...fields,
  })
  const made =
    key === undefined
      ? undefined
      : await proof(key, { url, nonce: request.nonce ?? (await nonceOf(issuer)) })
  const dpop = request.proof ?? made
  return send(url, {
    method: 'POST',
    headers: { ...headers, ...(dpop === undefined ? {} : { dpop }) },
    ...(body === undefined ? {} : { body }),
  })
}

/** Calls a protected resource of an issuer with a DPoP-bound token. */
export async function call(
  issuer: IssuerAddress,
  path: string,
  access: {
    readonly token: string
    readonly key: TestKey
    readonly method?: string
    readonly json?: unknown
  },
): Promise<Response> {
  const url = `${issuer.url}${path}`
  const { token, key, method = 'GET', json } = access
  const nonce = await nonceOf(issuer)
  return send(url, {
    method,
    headers: {
      authorization: `DPoP ${token}`,
      dpop: await proof(key, { url, nonce, method, accessToken: token }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  })
}

/** The operator at one issuer: calls its admin API. */
export type Admin = {
  readonly token: string
  readonly key: TestKey
  readonly run: (method: string, path: string, json?: unknown) => Promise<Response>
}

export async function signInOperator(issuer: IssuerAddress): Promise<Admin> {
  const as = await operator()
  const fields = { grant_type: 'client_credentials' }
  const { json } = await read(await post(issuer, '/token', { as, fields, key: as.key }))
  const token = String(json['access_token'])
  return {
    token,
    key: as.key,
    run: (method, path, body) =>
      call(issuer, `/admin${path}`, { token, key: as.key, method, json: body }),
  }
}
