import { createHash, randomBytes } from 'node:crypto'
import type { PrivateJwk } from '../../../test/support/fixtures.ts'
import type { Credential, Send } from '../../../test/support/http.ts'
import { sign } from '../../../test/support/wire-keys.ts'

export type Pair = readonly [name: string, value: string]
export type Members = Readonly<Record<string, unknown>>

/** A JWT before it is signed: header and claims can still be changed. */
export type Jwt = { readonly jwk: PrivateJwk; readonly header: Members; readonly claims: Members }

/** A request that would be taken, in parts. */
export type Draft = {
  readonly method: string
  /** Origin and path. */
  readonly url: string
  readonly query?: readonly Pair[]
  readonly headers?: readonly Pair[]
  readonly form?: readonly Pair[]
  readonly json?: unknown
  /** Signed last: they stand in `client_assertion`, in `request` and in the `DPoP` header. */
  readonly assertion?: Jwt
  readonly request?: Jwt
  readonly proof?: Jwt
  readonly credential?: Credential
}

export type Rendered = Send & { readonly url: string; readonly method: string }

const signed = (jwt: Jwt): Promise<string> =>
  sign(jwt.jwk, jwt.header as { alg: string }, jwt.claims)

/** The request as it goes out. */
export async function render(draft: Draft): Promise<Rendered> {
  const { method, url, query = [], headers = [], assertion, request, proof, credential } = draft
  const form = [
    ...(draft.form ?? []),
    ...(assertion === undefined ? [] : [['client_assertion', await signed(assertion)] as const]),
    ...(request === undefined ? [] : [['request', await signed(request)] as const]),
  ]
  const hasForm = draft.form !== undefined || form.length > 0
  const body = hasForm ? encode(form) : draft.json === undefined ? undefined : JSON.stringify(draft.json)
  const proven = proof === undefined ? [] : [['dpop', await signed(proof)] as const]
  return {
    method,
    url: query.length === 0 ? url : `${url}?${encode(query)}`,
    headers: [...headers, ...proven],
    ...(body === undefined ? {} : { body }),
    ...(credential === undefined ? {} : { credential }),
  }
} // prettier-ignore

const encode = (pairs: readonly Pair[]): string =>
  pairs.map((pair) => pair.map((text) => encodeURIComponent(text.toWellFormed())).join('=')).join('&') // prettier-ignore

/** A proof of possession for a request (RFC 9449 4.2). */
export const proofOf = (
  key: { readonly jwk: PrivateJwk; readonly publicJwk: object; readonly alg: string },
  about: { readonly method: string; readonly url: string; readonly now: number; readonly nonce: string | undefined; readonly token?: string },
): Jwt => ({
  jwk: key.jwk,
  header: { typ: 'dpop+jwt', alg: key.alg, jwk: key.publicJwk },
  claims: {
    jti: randomBytes(12).toString('base64url'),
    htm: about.method,
    htu: about.url,
    iat: about.now,
    ...(about.nonce === undefined ? {} : { nonce: about.nonce }),
    ...(about.token === undefined ? {} : { ath: createHash('sha256').update(about.token).digest('base64url') }),
  },
}) // prettier-ignore
