import type { AuthorizationDetail } from '../authorization-details/detail.ts'
import type { Call } from '../call.ts'
import { encryptionOf } from '../clients/encryption.ts'
import type { Encryptable } from '../clients/encryption.ts'
import { randomText } from '../encoding.ts'
import { accept, demand } from '../errors.ts'
import type { Result } from '../errors.ts'
import { tokenTypeOf } from '../proof/bind.ts'
import type { Authentication, ClientRecord, Confirmation } from '../types.ts'
import { signJwt } from './jwt.ts'
import { algorithmFor, signingKey } from './keys.ts'

/** Everything an access token says. No token exists without sender and audience. */
export type AccessTokenOrder = {
  /** Its home, the object that knows whether it is alive, chose it. */
  readonly tokenId: string
  readonly clientId: string
  readonly subject: string
  readonly audience: string
  readonly scope: readonly string[]
  /** RFC 9396 9.1. */
  readonly details?: readonly AuthorizationDetail[]
  readonly confirmation: Confirmation
  readonly authentication?: Authentication
  /** Seconds since the epoch. */
  readonly expires: number
}

export type IssuedToken = {
  readonly token: string
  readonly tokenType: 'DPoP' | 'Bearer'
  /** Seconds. */
  readonly expiresIn: number
}

/** The single gate through which access tokens leave (RFC 9068, RFC 7800). */
export async function issueAccessToken(call: Call, order: AccessTokenOrder): Promise<IssuedToken> {
  const { issuer } = call
  const { confirmation, expires, details } = order
  const bound = confirmation.jkt !== undefined || confirmation['x5t#S256'] !== undefined
  if (!bound || order.audience === '') throw new Error('a token without sender or audience')
  const { key, kid, alg } = await signingKey(call)
  const issuedAt = Math.floor(call.now / 1000)
  const { authentication } = order
  const token = await signJwt(
    key,
    { alg, typ: 'at+jwt', kid },
    {
      iss: issuer.url,
      sub: order.subject,
      aud: order.audience,
      client_id: order.clientId,
      iat: issuedAt,
      exp: expires,
      jti: order.tokenId,
      ...(order.scope.length > 0 ? { scope: order.scope.join(' ') } : {}),
      ...(details === undefined ? {} : { authorization_details: details }),
      cnf: confirmation,
      ...(authentication === undefined
        ? {}
        : { auth_time: authentication.time, acr: authentication.acr, amr: authentication.amr }),
    },
  )
  return { token, tokenType: tokenTypeOf(confirmation), expiresIn: expires - issuedAt }
}

export type IdTokenOrder = {
  readonly client: ClientRecord
  readonly subject: string
  readonly nonce?: string
  /** The session at this client. */
  readonly session?: string
  readonly authentication: Authentication
  /** Claims asked for by name for the id_token (OIDC Core 5.5). */
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * The single gate for id_tokens (OIDC Core 2); encrypted when the client registered for it. Throws
 * `ProtocolError` when it has no key for that.
 */
export async function issueIdToken(call: Call, order: IdTokenOrder): Promise<string> {
  const { key, kid, alg } = await signingKey(call, idTokenAlgorithm(call, order.client))
  const issuedAt = Math.floor(call.now / 1000)
  const { acr, amr, time } = order.authentication
  const jwt = await signJwt(
    key,
    { alg, typ: 'JWT', kid },
    {
      ...order.claims,
      iss: call.issuer.url,
      sub: order.subject,
      aud: order.client.clientId,
      iat: issuedAt,
      exp: issuedAt + call.issuer.lifetimes.idToken,
      auth_time: time,
      acr,
      amr,
      ...(order.nonce === undefined ? {} : { nonce: order.nonce }),
      ...(order.session === undefined ? {} : { sid: order.session }),
    },
  )
  return demand(await sealFor(call, { client: order.client, what: 'id_token', jwt }))
}

/**
 * A userinfo answer as a JWT (OIDC Core 5.3.2); encrypted when the client registered for it. Throws
 * `ProtocolError` when it has no key for that.
 */
export async function issueUserinfo(
  call: Call,
  client: ClientRecord,
  claims: Readonly<Record<string, unknown>> & { readonly sub: string },
): Promise<string> {
  const registered = client.metadata.userinfo_signed_response_alg
  const { key, kid, alg } = await signingKey(call, algorithmFor(call.issuer, registered))
  const iat = Math.floor(call.now / 1000)
  const about = { iss: call.issuer.url, aud: client.clientId, iat }
  const jwt = await signJwt(key, { alg, typ: 'JWT', kid }, { ...claims, ...about })
  return demand(await sealFor(call, { client, what: 'userinfo', jwt }))
}

/** Seconds a logout token may travel. */
const logoutTokenLife = 120

/**
 * Tells a client that a session has ended (OIDC Back-Channel Logout 2.4); encrypted like its id_tokens.
 * Throws `ProtocolError` when it has no key for that.
 */
export async function issueLogoutToken(
  call: Call,
  order: { readonly client: ClientRecord; readonly subject: string; readonly session: string },
): Promise<string> {
  const { key, kid, alg } = await signingKey(call, idTokenAlgorithm(call, order.client))
  const issuedAt = Math.floor(call.now / 1000)
  const { client, subject, session } = order
  const jwt = await signJwt(
    key,
    { alg, typ: 'logout+jwt', kid },
    {
      iss: call.issuer.url,
      sub: subject,
      aud: client.clientId,
      iat: issuedAt,
      exp: issuedAt + logoutTokenLife,
      jti: randomText(16),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      sid: session,
    },
  )
  return demand(await sealFor(call, { client, what: 'id_token', jwt }))
}

type SealOrder = { readonly client: ClientRecord; readonly what: Encryptable; readonly jwt: string }

/** Few clients want encryption: its code is not evaluated before the first of them comes. */
export async function sealFor(call: Call, order: SealOrder): Promise<Result<string>> {
  if (encryptionOf(order.client.metadata, order.what) === undefined) return accept(order.jwt)
  const { encryptFor } = await import('./encrypt.ts')
  return encryptFor(call, order)
}

const idTokenAlgorithm = (call: Call, { metadata }: ClientRecord) =>
  algorithmFor(call.issuer, metadata.id_token_signed_response_alg)

/**
 * Whether what a client wants encrypted could be, asked before anything is used up. The keys that will
 * sign are there then: on a cold isolate those of two algorithms are loaded side by side. Errors:
 * `invalid_request`.
 */
export async function checkEncryption(
  call: Call,
  client: ClientRecord,
  what: Encryptable,
): Promise<Result<unknown>> {
  const alg = what === 'id_token' ? idTokenAlgorithm(call, client) : call.issuer.signingAlgorithm
  if (alg !== call.issuer.signingAlgorithm) {
    await Promise.all([signingKey(call), signingKey(call, alg)])
  }
  return sealFor(call, { client, what, jwt: '' })
}
