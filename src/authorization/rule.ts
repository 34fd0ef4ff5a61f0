import type { AuthorizationDetail } from '../authorization-details/detail.ts'
import type { Result } from '../errors.ts'
import type { AuthorizationRequest, ClientRecord, Issuer, Sender } from '../types.ts'
import type { Parameters } from './parameters.ts'

/** What a rule judges: the parameters and verified results, never the presence of a header. */
export type RuleInput = {
  readonly parameters: Parameters
  readonly client: ClientRecord
  readonly issuer: Issuer
  readonly sender: Sender
  /** The parameters came in a request object that the client signed. */
  readonly signed: boolean
  /** `authorization_details` as read by the schemas of their types; absent: none came. */
  readonly details?: readonly AuthorizationDetail[]
  /** The person a verified `id_token_hint` is about. */
  readonly subjectHint?: string
}

/** A rule refuses, or contributes its part of the validated request. */
export type Rule = (input: RuleInput) => Result<Partial<AuthorizationRequest>>
