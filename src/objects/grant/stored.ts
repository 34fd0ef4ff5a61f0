import type { AuthorizationDetail } from '../../authorization-details/detail.ts'
import type { Chain, Draft, Page } from '../../evidence/chain.ts'
import type { SignedHead } from '../../evidence/file.ts'
import type { Authentication, Confirmation, RequestedClaims } from '../../types.ts'

/** The consent: what a person agreed to, for which client, how they were authenticated. */
export type Consent = {
  readonly accountId: string
  readonly sub: string
  readonly clientId: string
  /** The client's generation: an id deleted and made again is another client. */
  readonly generation: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly claims: RequestedClaims
  /** As agreed to, with what the person chose (RFC 9396). Absent: none. */
  readonly details?: readonly AuthorizationDetail[]
  /** What was agreed to for which resource servers. Absent: all of it for all of them. */
  readonly parts?: readonly Part[]
  readonly authentication: Authentication
  /** The session it was given in, as its client knows it (`sid`). Absent in older consents. */
  readonly session?: string
}

/** What was agreed to for the same resource servers. */
export type Part = Pick<Consent, 'scope' | 'resources' | 'details'>

export type NewCode = {
  readonly secretHash: string
  /** Milliseconds. */
  readonly lifetime: number
  readonly redirectUri: string
  readonly codeChallenge: string
  readonly dpopJkt?: string
  readonly nonce?: string
}

/** How a request means to change a grant (Grant Management). */
export type UpdateAction = 'merge' | 'replace'

/** What becomes of the grant when the code is redeemed. */
export type Pending = {
  readonly action: UpdateAction
  readonly consent: Consent
  /** Milliseconds the consent lasts from then. */
  readonly lifetime: number
}

export type Code = Omit<NewCode, 'lifetime'> & {
  /** Which redemption of this grant: its tokens end when it is used again. */
  readonly series: number
  readonly issuedAt: number
  readonly expiresAt: number
  readonly status: 'issued' | 'redeemed' | 'reused'
  /** The client manages its grants: the token response names the grant. */
  readonly managed?: true
  /** Gone once it was applied. */
  readonly pending?: Pending
}

export type RefreshToken = { readonly secretHash: string; readonly series: number }

export type Stored = {
  readonly format: 1
  readonly issuer: string
  readonly status: 'active' | 'revoked'
  readonly consent?: Consent
  readonly createdAt: number
  readonly expiresAt: number
  /** Raised to end every access token issued so far. */
  readonly epoch: number
  readonly codes: readonly Code[]
  readonly refreshTokens: readonly RefreshToken[]
  readonly revokedTokens: readonly { readonly id: string; readonly until: number }[]
  readonly lastUsedAt?: number
  /** When an update was claimed last. */
  readonly updatedAt?: number
  /** Series given out so far; absent in older grants: as many as codes. */
  readonly series?: number
  /** Absent in older grants until something happens to them. */
  readonly chain?: Chain
  /** When it was ended before its time. */
  readonly endedAt?: number
  /** Its end is past: all but the chain is gone. */
  readonly settled?: true
  readonly due?: Due
}

/** What the alarm has to do for the chain, and when (ms). */
export type Due = {
  /** A head of at least so many entries is to be signed. */
  readonly attest?: { readonly count: number; readonly at: number }
  /** The head is to be laid outside. */
  readonly anchor?: { readonly at: number }
}

/** A head that was signed; `where` it was laid, if anywhere. */
export type Head = SignedHead & { readonly where?: readonly ('bucket' | 'queue')[] }

/** The chain, or a part of it, as it may leave. */
export type EvidenceAnswer = Page &
  Pick<Chain, 'genesis' | 'count' | 'head'> & {
    /** Items that stay here, by `n/name`: until when (ms), because they could still be used. */
    readonly withheld: Readonly<Record<string, number>>
    readonly heads: readonly Head[]
    /** The page on which the following part begins; absent: this is the last. */
    readonly next?: number
  }

/** Who presents a code or refresh token, all of it already proven. */
export type Presenter = {
  readonly issuer: string
  readonly clientId: string
  readonly generation: string
}

/** What the client is registered for, as the caller read it. */
export type Registered = {
  readonly scope: readonly string[]
  readonly detailTypes: readonly string[]
  /** Whether it may have refresh tokens; absent: it may. */
  readonly refreshToken?: boolean
}

/** The access token that is to be made, as far as the caller decides. */
export type TokenOrder = {
  /** The random part of its id (base64url), chosen before the call. */
  readonly random: string
  readonly confirmation: Confirmation
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** Seconds. */
  readonly lifetime: number
  readonly registered: Registered
  /** The resource asked for; must be one of the consent's. */
  readonly resource?: string
  /** Scopes asked for; must be among the consent's. */
  readonly scope?: readonly string[]
  /** Details asked for; must be within the consent's (RFC 9396 6). */
  readonly details?: readonly AuthorizationDetail[]
}

export type Redemption = Presenter & {
  readonly secretHash: string
  readonly redirectUri?: string
  /** base64url SHA-256 of the verifier; undefined when none was sent. */
  readonly verifierHash?: string
  readonly jkt?: string
  /** Hash of the refresh token to be released with the tokens; undefined: none. */
  readonly refreshHash?: string
  readonly token: TokenOrder
}

export type Refresh = Presenter & { readonly secretHash: string; readonly token: TokenOrder }

/** The registration changed while a token was decided: the same again, by what it is now. */
export type Reissue = Presenter & {
  /** Id of the token that was not released. */
  readonly withhold: string
  readonly token: TokenOrder
}

export type RefusedGrant = {
  readonly status: 'refused'
  readonly code:
    'invalid_grant' | 'invalid_target' | 'invalid_scope' | 'invalid_authorization_details'
  readonly why: string
  /** What the client may be told; absent: what its endpoint says of the code. */
  readonly description?: string
}

/** What the token is to say. */
export type TokenTerms = {
  readonly id: string
  readonly audience: string
  readonly scope: readonly string[]
  readonly details?: readonly AuthorizationDetail[]
  /** Seconds since the epoch. */
  readonly expires: number
}

/** What tokens are made from. */
export type Authorized = {
  readonly consent: Consent
  readonly series: number
  readonly token: TokenTerms
  readonly nonce?: string
  /** The client manages its grants. */
  readonly managed?: true
}

export type RedeemAnswer =
  | ({ readonly status: 'redeemed' } & Authorized)
  /** The same client with the right verifier and key: reuse, not a stranger's replay. */
  | { readonly status: 'used' }
  | RefusedGrant

export type RefreshAnswer = ({ readonly status: 'refreshed' } & Authorized) | RefusedGrant

/** A person's approval as the grant takes it in. */
export type Approved = {
  readonly issuer: string
  readonly consent: Consent
  readonly code: NewCode
  /** Milliseconds the consent lasts. */
  readonly lifetime: number
  /** The client manages its grants; `update` is for a grant that exists. */
  readonly managed?: true
  readonly update?: UpdateAction
  readonly evidence?: readonly Draft[]
}

/** Who ended something. */
export type By = 'client' | 'person' | 'operator' | 'server'

export type GrantSummary = {
  readonly status: 'active' | 'revoked' | 'expired' | 'unclaimed' | 'unknown'
  readonly consent?: Consent
  readonly createdAt?: number
  readonly updatedAt?: number
  readonly expiresAt?: number
  readonly lastUsedAt?: number
}
