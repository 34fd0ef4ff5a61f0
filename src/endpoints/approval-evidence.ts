import type { AuthorizationResponse } from '../authorization/respond.ts'
import type { Json } from '../evidence/canonical.ts'
import type { Draft } from '../evidence/chain.ts'
import {
  answerDraft,
  authenticationDraft,
  consentDraft,
  requestDraft,
  responseDraft,
} from '../evidence/drafts.ts'
import type { Consent } from '../objects/grant.ts'
import type { Shown } from '../people/shown.ts'
import type { LiveRequest } from './pushed.ts'

/** What an approval rests on: the page that was answered, or an earlier grant. */
export type Basis =
  | { readonly shown: Shown }
  | { readonly covering: { readonly grantId: string; readonly endsAt: number } }

/**
 * What the grant's chain records of an approval, in order: the request as received, how the person was
 * authenticated, what the page showed, the answer, the response.
 */
export function approvalEvidence(given: {
  readonly live: LiveRequest
  readonly basis: Basis
  readonly consent: Consent
  readonly response: AuthorizationResponse
  /** Milliseconds. */
  readonly lifetime: number
}): readonly Draft[] {
  const { live, basis, consent, response, lifetime } = given
  const { received, request } = live.pushed
  const { sub, scope, resources, details = [] } = consent
  const { to, by, parameters, jws, jwk } = response
  return [
    // A request that was pushed before requests were kept as received has none.
    ...(received === undefined ? [] : [requestDraft(received)]),
    authenticationDraft({ ...consent.authentication, sub }),
    ...('shown' in basis ? [consentDraft(basis.shown)] : []),
    answerDraft({
      action: request.management?.action ?? 'create',
      scope,
      resources,
      details: details as readonly Json[],
      lifetime,
      ...('shown' in basis ? {} : { restsOn: basis.covering.grantId }),
    }),
    responseDraft({
      by,
      redirectUri: to,
      parameters,
      ...(jws === undefined || jwk === undefined ? {} : { jws, jwk }),
    }),
  ]
}
