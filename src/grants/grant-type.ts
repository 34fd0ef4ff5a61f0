import type { Call } from '../call.ts'
import type { AuthenticatedClient } from '../clients/authenticate.ts'
import type { EnabledStanding } from '../clients/standing.ts'
import type { Parameters } from '../authorization/parameters.ts'
import type { ErrorCode, Result } from '../errors.ts'
import type { TokenId } from '../handles.ts'
import type { Authentication, ClientRecord, Sender } from '../types.ts'

/** A token request whose client and sender are proven. */
export type TokenRequest = {
  readonly parameters: Parameters
  readonly client: AuthenticatedClient
  readonly sender: Sender
}

/** What may be issued once every one-time call has said yes. */
export type Entitlement = {
  readonly home: TokenId
  readonly subject: string
  readonly scope: readonly string[]
  readonly audience: string
  /** The client's generation when the consent was given; absent when the client asks for itself. */
  readonly generation?: string
  readonly authentication?: Authentication
  /** Milliseconds. */
  readonly notAfter?: number
  readonly refreshToken?: string
  readonly idToken?: {
    readonly nonce?: string
    readonly session?: string
    readonly claims: readonly string[]
    readonly accountId: string
  }
}

/** The client as its object knows it once every one-time call was made. */
export type CurrentClient = { readonly record: ClientRecord; readonly standing: EnabledStanding }

/** The answer of a grant type's one-time call; `entitle` judges by the registration as it is now. */
export type Decision =
  | {
      readonly status: 'entitled'
      readonly entitle: (current: CurrentClient) => Result<Entitlement>
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
export type PreparedGrant = { readonly decide: () => Promise<Decision> }

/** A grant type: one file, one line in the registry. */
export type GrantType = (call: Call, request: TokenRequest) => Promise<Result<PreparedGrant>>
