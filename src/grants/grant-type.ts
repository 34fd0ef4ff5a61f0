import type { AuthorizationDetail } from '../authorization-details/detail.ts'
import type { Call } from '../call.ts'
import type { AuthenticatedClient } from '../clients/authenticate.ts'
import type { EnabledStanding } from '../clients/standing.ts'
import type { Parameters } from '../authorization/parameters.ts'
import type { ErrorCode, Result } from '../errors.ts'
import type { Authentication, ClientRecord, Confirmation, Sender } from '../types.ts'

/** A token request whose client and sender are proven. */
export type TokenRequest = {
  readonly parameters: Parameters
  readonly client: AuthenticatedClient
  readonly sender: Sender
  /** What the token would be bound to, by the registration as this isolate read it. */
  readonly confirmation: Confirmation
}

/** What may be issued once every one-time call has said yes. */
export type Entitlement = {
  /** The access token's id: its home knows whether it is alive. */
  readonly tokenId: string
  readonly subject: string
  readonly scope: readonly string[]
  /** As assigned to the token (RFC 9396 7). */
  readonly details?: readonly AuthorizationDetail[]
  readonly audience: string
  /** Seconds since the epoch. */
  readonly expires: number
  readonly authentication?: Authentication
  readonly refreshToken?: string
  /** Told to clients that manage their grants (Grant Management 4.2). */
  readonly grantId?: string
  readonly idToken?: {
    readonly nonce?: string
    readonly session?: string
    readonly claims: readonly string[]
    readonly accountId: string
  }
}

/** The client as its object knows it once every one-time call was made. */
export type CurrentClient = {
  readonly record: ClientRecord
  readonly standing: EnabledStanding
  readonly confirmation: Confirmation
}

/** The answer of a grant type's one-time call; `entitle` judges by the registration as it is now. */
export type Decision =
  | {
      readonly status: 'entitled'
      readonly entitle: (current: CurrentClient) => Promise<Result<Entitlement>>
    }
  | {
      readonly status: 'refused'
      readonly code: ErrorCode
      readonly description: string
      readonly detail: string
    }
  /** A second use by the right client; `revoke` ends what the first use brought. */
  | { readonly status: 'reused'; readonly revoke: () => Promise<unknown> }

/** Checked as far as that needs no storage; `decide` is the one-time call. */
export type PreparedGrant = {
  readonly decide: () => Promise<Decision>
  /** What was decided was not released after all: recorded where it was decided. */
  readonly withhold?: (why: string) => Promise<unknown>
}

/** A grant type: one file, one line in the registry. */
export type GrantType = (call: Call, request: TokenRequest) => Promise<Result<PreparedGrant>>
