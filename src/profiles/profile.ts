import type { Level } from '../types.ts'

/** Signature algorithms this server knows. `EdDSA` and `Ed25519` both mean Ed25519 (RFC 8037, RFC 9864). */
export type Algorithm = 'ES256' | 'PS256' | 'EdDSA' | 'Ed25519'

export type ClientAuthenticationMethod =
  'private_key_jwt' | 'tls_client_auth' | 'self_signed_tls_client_auth'

/** All durations in seconds. */
export type Lifetimes = {
  /** A pushed request may be opened for this long (FAPI2 SP 5.3.2.2-11: below 600). */
  readonly pushedRequest: number
  /** A signed-in interaction may finish until this long after the push. */
  readonly interaction: number
  readonly authorizationCode: number
  readonly accessToken: number
  readonly idToken: number
  /** The consent, and with it the refresh token. */
  readonly grant: number
}

/**
 * What a security profile demands, as data. Endpoints and rules read these values and know no
 * profile by name.
 */
export type Profile = {
  readonly name: string
  readonly algorithms: readonly Algorithm[]
  readonly clientAuthentication: readonly ClientAuthenticationMethod[]
  readonly senderConstraint: readonly ('dpop' | 'mtls')[]
  /** `issuer-string`: the issuer identifier as one JSON string and nothing else (FAPI2 SP 5.3.2.1-8). */
  readonly assertionAudience: 'issuer-string'
  /** A client assertion may expire at most this far ahead, in seconds. */
  readonly assertionLifetime: number
  readonly responseTypes: readonly string[]
  /** `required`: the parameters of an authorization request come signed (FAPI2 MS 5.3.1-1). */
  readonly requestObjects: 'accepted' | 'required'
  readonly responseModes: readonly string[]
  /** What a request without `response_mode` means; `none`: it must be named. */
  readonly defaultResponseMode: 'query' | 'none'
  readonly codeChallengeMethods: readonly string[]
  readonly nonce: 'required' | 'off'
  /** `iat` and `nbf` may lie this many seconds ahead: 10 to 60 (FAPI2 SP 5.3.2.1-13). */
  readonly futureSkew: number
  /** `exp` may lie this many seconds back. */
  readonly expirySkew: number
  /** With nonces off, a proof is accepted this many seconds after its `iat`. */
  readonly proofWindow: number
  readonly redirectUris: 'registered'
  /** `http` on a loopback address for native clients (RFC 8252 7.3). */
  readonly loopbackRedirects: boolean
  /** The level of authentication an issuer demands unless its settings say otherwise. */
  readonly minimumLevel: Level
  /** `covered`: a consent that covers all that is asked may stand for a new one; never for new scopes. */
  readonly rememberedConsent: 'never' | 'covered'
  readonly lifetimes: Lifetimes
}
