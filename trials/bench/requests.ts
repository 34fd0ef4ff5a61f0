import { createHash, randomBytes } from 'node:crypto'
import { bareOf, signJws } from './keys.ts'
import type { PrivateKey } from './keys.ts'
import type { Prepared, Reply, Sender } from './load.ts'
import type { BenchClient } from './servers/served.ts'

/** One client at one server, with the key it proves. */
export type Party = {
  readonly issuer: string
  readonly client: BenchClient
  readonly dpop: PrivateKey
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000)
const newId = (): string => randomBytes(16).toString('base64url')

/** A `private_key_jwt` assertion (RFC 7523). */
export function assertionOf({ issuer, client }: Party): string {
  const { clientId, jwk } = client
  const now = nowSeconds()
  const claims = { iss: clientId, sub: clientId, aud: issuer, iat: now, exp: now + 300 }
  return signJws(jwk, { alg: 'ES256', kid: jwk.kid }, { ...claims, jti: newId() })
}

/** A DPoP proof (RFC 9449 4.2). */
export function proofOf(
  { dpop }: Party,
  target: {
    readonly method: 'GET' | 'POST'
    readonly url: string
    readonly nonce?: string
    readonly accessToken?: string
  },
): string {
  const { method, url, nonce, accessToken } = target
  const ath = (token: string) => createHash('sha256').update(token).digest('base64url')
  return signJws(
    dpop,
    { typ: 'dpop+jwt', alg: 'ES256', jwk: bareOf(dpop) },
    {
      jti: newId(),
      htm: method,
      htu: url,
      iat: nowSeconds(),
      ...(nonce === undefined ? {} : { nonce }),
      ...(accessToken === undefined ? {} : { ath: ath(accessToken) }),
    },
  )
}

/** A form posted with the client's authentication and a proof. */
export function postOf(
  party: Party,
  path: string,
  fields: Readonly<Record<string, string>>,
  nonce: string | undefined,
): Prepared {
  const url = `${party.issuer}${path}`
  const authentication = {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertionOf(party),
  }
  const proof = proofOf(party, { method: 'POST', url, ...(nonce === undefined ? {} : { nonce }) })
  return {
    method: 'POST',
    url: new URL(url),
    headers: { 'content-type': 'application/x-www-form-urlencoded', dpop: proof },
    body: new URLSearchParams({ ...fields, ...authentication }).toString(),
  }
}

export const clientCredentials = { grant_type: 'client_credentials', scope: 'accounts' }

export const tokenRequest = (party: Party, nonce: string | undefined): Prepared =>
  postOf(party, '/token', clientCredentials, nonce)

/** The server's current nonce; undefined where it asks for none. */
export async function currentNonce(party: Party, sender: Sender): Promise<string | undefined> {
  const { headers } = await sender.send(tokenRequest(party, undefined))
  const nonce = headers['dpop-nonce']
  return typeof nonce === 'string' ? nonce : undefined
}

/** The tokens of an answer; throws unless it is the right one. */
export function tokensOf({ status, body }: Reply): {
  readonly access_token: string
  readonly refresh_token?: string
} {
  const answer = status === 200 ? (JSON.parse(body) as Readonly<Record<string, string>>) : {}
  const { access_token, token_type, refresh_token } = answer
  if (status !== 200 || access_token === undefined || token_type !== 'DPoP') {
    throw new Error(`not a DPoP token: ${status} ${body.slice(0, 300)}`)
  }
  return refresh_token === undefined ? { access_token } : { access_token, refresh_token }
}
