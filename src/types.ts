/** The shared vocabulary: what validated things look like. */
import type { AuthorizationDetail, DetailTypes } from './authorization-details/detail.ts'
import type { ClientMetadata } from './clients/metadata.ts'
import type { DecryptionAlgorithm, SigningAlgorithm } from './objects/ring-name.ts'
import type { LocationHint } from './proof/location.ts'
import type { Lifetimes, Profile } from './profiles/profile.ts'
import type { DelegatedLogin } from './settings/delegated-login.ts'
import type { Branding } from './settings/branding.ts'
import type { Translations } from './settings/translations.ts'

export type JsonWebKeySet = { readonly keys: readonly JsonWebKey[] }

/** A resource server this issuer makes tokens for. `identifier` is the token's `aud`. */
export type ResourceServer = {
  readonly identifier: string
  readonly name: string
  /** Scopes it understands; a token for it carries no other (plus OpenID scopes). Empty: all. */
  readonly scopes: readonly string[]
  readonly default: boolean
  /** Clients that may introspect tokens for it over HTTP (RFC 7662). */
  readonly introspectionClients: readonly string[]
  readonly translations?: Translations<{ readonly name: string }>
}

/** What a scope means to a person; shown on the consent page. */
export type ScopeWords = {
  readonly title: string
  readonly description: string
  readonly data?: readonly string[]
}

/** The same in the issuer's own language, and in others. */
export type ScopeText = ScopeWords & { readonly translations?: Translations<ScopeWords> }

/** An operator of the admin API: known by configuration only. */
export type Operator = { readonly id: string; readonly jwks: JsonWebKeySet }

/** 1 one factor, 2 two factors, 3 phishing-resistant. */
export type Level = 1 | 2 | 3

/** A method of authentication and when it was shown. `at` in milliseconds since the epoch. */
export type Proof = {
  readonly method: 'password' | 'code' | 'recovery' | 'passkey' | 'delegated'
  readonly at: number
  /** What another login reached and said (`delegated` only). */
  readonly level?: Level
  readonly amr?: readonly string[]
}

/** What an issuer demands of a sign-in. */
export type AuthenticationPolicy = {
  /** No sign-in below this level gets a code. */
  readonly minimum: Level
  /** Authentication context classes by name; the first name of a level is the one told by default. */
  readonly acr: Readonly<Record<string, Level>>
  /** Seconds a session may rest, and may last in all. */
  readonly session: { readonly idle: number; readonly absolute: number }
  /** People sign in elsewhere; absent: here. */
  readonly login?: DelegatedLogin
}

/** How evidence of grants is kept. */
export type EvidenceSettings = {
  /** Seconds between two heads that are laid outside, where something is bound for that. */
  readonly anchorEvery: number
  /** Days a grant's chain is kept after the grant's end. */
  readonly retentionDays: number
}

/** A configured issuer, frozen. */
export type Issuer = {
  /** Unchanging id, `[a-z0-9-]{1,32}`; begins every object name, KV key and key derivation label. */
  readonly id: string
  /** The issuer identifier: `iss`, byte for byte. */
  readonly url: string
  /** Origin that asks for client certificates and serves `mtls_endpoint_aliases`; absent: no mTLS. */
  readonly mtlsOrigin: string | undefined
  /** Host names of all issuers of this deployment: no outbound call goes there. */
  readonly deploymentHosts: readonly string[]
  readonly profile: Profile
  readonly lifetimes: Lifetimes
  readonly name: string
  readonly authentication: AuthenticationPolicy
  /** With what tokens are signed; also what a client gets that asks for nothing else. */
  readonly signingAlgorithm: SigningAlgorithm
  /** Others that clients may register for what is signed for them. */
  readonly furtherSigningAlgorithms: readonly SigningAlgorithm[]
  /** How clients may encrypt request objects for this issuer. */
  readonly decryptionAlgorithms: readonly DecryptionAlgorithm[]
  /** Days a signing key signs before the next one takes over. */
  readonly keyRotationDays: number
  readonly evidence: EvidenceSettings
  readonly resourceServers: readonly ResourceServer[]
  readonly scopes: Readonly<Record<string, ScopeText>>
  readonly branding: Branding
  readonly operators: readonly Operator[]
  /** PEM texts of the authorities whose certificates `tls_client_auth` accepts. */
  readonly acceptedClientCas: readonly string[]
  /** Replay guards per location. */
  readonly replayGuards: number
  /** Shards for assertion replay: current, then the previous value while its window runs out. */
  readonly assertionShards: readonly number[]
  /** Location hint for callers whose place is unknown. */
  readonly defaultLocation: LocationHint
  readonly grantManagement: {
    /** Every authorization request must say what is to become of which grant. */
    readonly actionRequired: boolean
  }
  /** Types of authorization details (RFC 9396), by name. */
  readonly detailTypes: DetailTypes
  /** Restricts where objects live (fixed at first start); the local runtime has none. */
  readonly jurisdiction: 'eu' | 'fedramp' | undefined
}

/** A client as requests see it: a copy of what its object decided last. */
export type ClientRecord = {
  readonly clientId: string
  /** Counts changes; a request that meets a newer version reads again. */
  readonly version: number
  /** Random: an id disabled, or deleted and made again, is another client to what it was granted. */
  readonly generation: string
  readonly enabled: boolean
  readonly metadata: ClientMetadata
  /** Operators are not in the directory; their records come from configuration. */
  readonly operator: boolean
}

/** Keys whose possession the sender proved in this request. */
export type Sender = {
  /** RFC 7638 thumbprint of the DPoP key. */
  readonly jkt?: string
  /** base64url SHA-256 of the client certificate. */
  readonly x5t?: string
}

/** `cnf` of a token (RFC 7800): every member present must be proven by the presenter. */
export type Confirmation = { readonly jkt?: string; readonly 'x5t#S256'?: string }

/**
 * How the browser carries an authorization response (OAuth 2.0 Multiple Response Types, JARM 2.3). `jwt`
 * is the same as `query.jwt`, because the only response type is `code`.
 */
export type ResponseMode = 'query' | 'query.jwt' | 'fragment.jwt' | 'form_post.jwt'

/** What a person is asked to agree to: validated at PAR, nothing else is ever stored or shown. */
export type AuthorizationRequest = {
  readonly redirectUri: string
  /** Absent in requests stored before there was a choice: `query`. */
  readonly responseMode?: ResponseMode
  readonly state?: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly codeChallenge: string
  /** Thumbprint the code is bound to (RFC 9449 10). */
  readonly dpopJkt?: string
  readonly nonce?: string
  readonly prompt: readonly string[]
  /** Seconds since the last active authentication that are acceptable (OIDC Core 3.1.2.1). */
  readonly maxAge?: number
  readonly loginHint?: string
  /** The person a verified `id_token_hint` names, as this client knows them. */
  readonly subjectHint?: string
  /** Languages in order of preference. */
  readonly uiLocales?: readonly string[]
  readonly acrValues: readonly string[]
  /** Validated `claims` parameter (OIDC Core 5.5): claim names only, by destination. */
  readonly claims: RequestedClaims
  /** An essential `acr` the sign-in must reach; empty: none. */
  readonly essentialAcr: readonly string[]
  /** Rich authorization details (RFC 9396). Absent: none. */
  readonly details?: readonly AuthorizationDetail[]
  /** What is to become of a grant (Grant Management 4.1). `grantId`: for `merge` and `replace`. */
  readonly management?: {
    readonly action: 'create' | 'merge' | 'replace'
    readonly grantId?: string
  }
  /** The `sub` values one of which the person must have (OIDC Core 5.5.1); absent: anybody may sign in. */
  readonly subjects?: readonly string[]
}

export type RequestedClaims = {
  readonly idToken: readonly string[]
  readonly userinfo: readonly string[]
}

/** How a person was authenticated. `time` in seconds since the epoch. */
export type Authentication = {
  readonly acr: string
  readonly amr: readonly string[]
  readonly time: number
}
