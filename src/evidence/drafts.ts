/**
 * Entries of an approval: who asked for what, who agreed to it and how they were authenticated, and what
 * was sent back. Each member is described in docs/evidence.md.
 */
import type { Json } from './canonical.ts'
import type { Draft } from './chain.ts'

/** A pushed request as it was received. `authentication`: how the client was proven. */
export type ReceivedRequest = {
  readonly clientId: string
  /** Milliseconds. */
  readonly receivedAt: number
  readonly authentication: {
    readonly method: string
    readonly alg?: string
    readonly kid?: string
    /** RFC 7638 thumbprint of the key, or SHA-256 of the certificate. */
    readonly jkt?: string
    readonly 'x5t#S256'?: string
  }
  /** Keys the sender proved at the push. Absent in requests pushed by an earlier release. */
  readonly sender?: { readonly jkt?: string; readonly 'x5t#S256'?: string }
  readonly content:
    | {
        /** The compact JWS (RFC 9101), decrypted where it was encrypted. */
        readonly jws: string
        readonly alg: string
        /** The client's public key that verified it. */
        readonly jwk: Readonly<Record<string, Json>>
        readonly keyFrom: 'jwks' | 'jwks_uri'
        readonly jwksUri?: string
        /** When it was fetched there (ms). */
        readonly jwksFetchedAt?: number
      }
    | { readonly parameters: Readonly<Record<string, Json>> }
}

/** `request`: the request object itself is kept apart, for it may be about a person. */
export function requestDraft({
  clientId,
  receivedAt,
  authentication,
  sender = {},
  content,
}: ReceivedRequest): Draft {
  const about = {
    client_id: clientId,
    received_at: receivedAt,
    client_authentication: { ...authentication },
    sender: { ...sender },
  }
  if ('parameters' in content) {
    return {
      kind: 'request',
      body: { ...about, signed: false },
      apart: { request: content.parameters },
    }
  }
  const { jws, alg, jwk, keyFrom, jwksUri, jwksFetchedAt } = content
  return {
    kind: 'request',
    body: {
      ...about,
      signed: true,
      alg,
      jwk,
      jwk_from: keyFrom,
      ...(jwksUri === undefined ? {} : { jwks_uri: jwksUri }),
      ...(jwksFetchedAt === undefined ? {} : { jwks_fetched_at: jwksFetchedAt }),
    },
    apart: { request: jws },
  }
}

/** `authentication`: how, never with what secret. `time` in seconds. */
export const authenticationDraft = (given: {
  readonly acr: string
  readonly amr: readonly string[]
  readonly time: number
  readonly sub: string
}): Draft => ({
  kind: 'authentication',
  body: { acr: given.acr, amr: given.amr, auth_time: given.time },
  apart: { sub: given.sub },
})

/** `consent`: exactly what the page showed, as words and as data. */
export const consentDraft = (given: {
  readonly language: string
  readonly text: string
  readonly items: Json
}): Draft => ({
  kind: 'consent',
  body: { language: given.language },
  apart: { text: given.text, items: given.items },
})

/** `answer`. `lifetime`: milliseconds the grant lasts from this entry, or from the claim of an update. */
export const answerDraft = (given: {
  readonly action: 'create' | 'merge' | 'replace'
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly details: Json
  readonly lifetime: number
  /** The grant whose consent was repeated without asking. */
  readonly restsOn?: string
}): Draft => ({
  kind: 'answer',
  body: {
    answer: 'approved',
    action: given.action,
    scope: given.scope.join(' '),
    resources: given.resources,
    lifetime: given.lifetime,
    ...(given.restsOn === undefined ? {} : { rests_on: given.restsOn }),
  },
  apart: { authorization_details: given.details },
})

/** `response`: what leaves. Kept apart, for it names the code. */
export const responseDraft = (given: {
  readonly by: 'query' | 'fragment' | 'form'
  readonly redirectUri: string
  /** The signed response before it was encrypted; otherwise the parameters. */
  readonly jws?: string
  /** The public key that verifies it: the issuer may have dropped it long before this is read. */
  readonly jwk?: Readonly<Record<string, Json>>
  readonly parameters: Readonly<Record<string, string>>
}): Draft => ({
  kind: 'response',
  body: {
    by: given.by,
    redirect_uri: given.redirectUri,
    signed: given.jws !== undefined,
    ...(given.jwk === undefined ? {} : { jwk: given.jwk }),
  },
  apart: { response: given.jws ?? given.parameters },
})
