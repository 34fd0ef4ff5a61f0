import { ProtocolError } from '../errors.ts'
import type { Refusal, Result, WayBack } from '../errors.ts'

/**
 * What may go wrong for a person. Each has the error code and constant description that developers see
 * in the log; what the person reads, in their language, is in `pages/words` under the same name.
 */
const refusals = {
  'link-unknown': { code: 'invalid_request_uri', description: 'This link is not valid' },
  'link-expired': { code: 'invalid_request_uri', description: 'This request has expired' },
  'link-answered': {
    code: 'invalid_request_uri',
    description: 'This request was already answered',
  },
  'link-incomplete': {
    code: 'invalid_request',
    description:
      'Authorization requests must be pushed first: client_id and request_uri are required',
  },
  'client-not-allowed': {
    code: 'unauthorized_client',
    description: 'This application is not allowed to ask at the moment',
  },
  'page-outdated': {
    code: 'invalid_request',
    description: 'This page is no longer valid in this browser',
  },
  'sign-out-unclear': {
    code: 'invalid_request',
    description: 'The sign-out request is not one of a registered client and address',
  },
  'posted-elsewhere': {
    code: 'invalid_request',
    description: 'This form was sent from another site',
  },
  'answer-missing': { code: 'invalid_request', description: 'Approve or deny' },
  'choice-unavailable': {
    code: 'temporarily_unavailable',
    description: 'What could be chosen cannot be offered at the moment',
  },
  'entry-too-long': { code: 'invalid_request', description: 'The user name is too long' },
  'sign-in-again': { code: 'access_denied', description: 'Please sign in again' },
  'link-needed': { code: 'access_denied', description: 'A second factor is needed first' },
  'setup-ended': { code: 'access_denied', description: 'This set-up has ended' },
  'setup-link-dead': { code: 'not_found', description: 'This set-up link cannot be used' },
  'permission-ended': { code: 'access_denied', description: 'This permission was taken back' },
  'sign-in-elsewhere': {
    code: 'invalid_request',
    description: 'People of this issuer sign in elsewhere',
  },
  'other-login-cancelled': { code: 'access_denied', description: 'The sign-in was cancelled' },
  'other-login-failed': { code: 'access_denied', description: 'The sign-in elsewhere failed' },
  'other-login-unreachable': {
    code: 'temporarily_unavailable',
    description: 'The login of this issuer cannot be reached',
  },
  'other-login-weak': {
    code: 'unmet_authentication_requirements',
    description: 'The sign-in was not strong enough or not fresh enough',
  },
} as const satisfies Readonly<Record<string, Pick<Refusal, 'code' | 'description'>>>

export type Told = keyof typeof refusals

export const everythingTold = Object.keys(refusals) as readonly Told[]

/**
 * Refuses in words for a person. `detail` is for the log.
 *
 * @example return tell('page-outdated', 'the seal does not open')
 */
export function tell(
  told: Told,
  detail?: string,
  back?: WayBack,
): { readonly ok: false; readonly refusal: Refusal } {
  const refusal = {
    ...refusals[told],
    told,
    ...(detail === undefined ? {} : { detail }),
    ...(back === undefined ? {} : { back }),
  }
  return { ok: false, refusal } satisfies Result<never>
}

/** Ends an endpoint in words for a person; as `fail`. */
export function turnAway(told: Told, detail?: string, back?: WayBack): never {
  throw new ProtocolError(tell(told, detail, back).refusal)
}
