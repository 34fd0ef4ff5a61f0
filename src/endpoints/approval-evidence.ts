import type { AuthorizationResponse } from '../authorization/respond.ts'
import type { Json } from '../evidence/canonical.ts'
import type { Draft } from '../evidence/chain.ts'
import type { Consent } from '../objects/grant.ts'
import type { Shown } from '../people/shown.ts'
import type { LiveRequest } from './pushed.ts'

/** What an approval rests on: the page that was answered, or an earlier grant. */
export type Basis =
  | { readonly shown: Shown }
  | { readonly covering: { readonly grantId: string; readonly endsAt: number } }

/**
 * What the grant's chain records of an approval, in order: the request as received, how the person was
 * authenticated, what the page showed, the answer, the response. Whatever may be about a person is kept
 * apart and committed to.
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
  const { authentication, sub, accountId } = consent
  const page: readonly Draft[] =
    'shown' in basis
      ? [
          {
            kind: 'consent',
            body: { language: basis.shown.language },
            apart: {
              text: basis.shown.text,
              items: basis.shown.items,
              ...(basis.shown.offered === undefined ? {} : { offered: basis.shown.offered }),
            },
          },
        ]
      : []
  return [
    requestDraft(live),
    {
      kind: 'authentication',
      body: { acr: authentication.acr, amr: authentication.amr, auth_time: authentication.time },
      apart: { person: { sub, account: accountId } },
    },
    ...page,
    answerDraft(live, consent, { basis, lifetime }),
    responseDraft(live, response),
  ]
}

function requestDraft({ pushed, client }: LiveRequest): Draft {
  const { received, request } = pushed
  const about = { client_id: client.clientId, generation: client.generation }
  if (received === undefined) {
    // Pushed before requests were kept as received.
    return { kind: 'request', body: { ...about, signed: false, received: false } }
  }
  const { form, jws, key, receivedAt } = received
  return {
    kind: 'request',
    body: {
      ...about,
      signed: jws !== undefined,
      received_at: receivedAt,
      client_authentication: asJson(received.client),
      sender: asJson(received.sender),
      ...(key === undefined ? {} : { key: asJson(key) }),
      redirect_uri: request.redirectUri,
    },
    apart: { form: asJson(form), ...(jws === undefined ? {} : { request_object: jws }) },
  }
}

function answerDraft(
  { pushed }: LiveRequest,
  consent: Consent,
  { basis, lifetime }: { readonly basis: Basis; readonly lifetime: number },
): Draft {
  const { management } = pushed.request
  return {
    kind: 'answer',
    body: {
      answer: 'shown' in basis ? 'approved' : 'remembered',
      ...('shown' in basis ? {} : { rests_on: basis.covering.grantId }),
      action: management?.action ?? 'create',
      scope: consent.scope.join(' '),
      resources: consent.resources,
      claims: asJson(consent.claims),
      lifetime: Math.floor(lifetime / 1000),
    },
    apart: { authorization_details: asJson(consent.details ?? []) },
  }
}

function responseDraft({ pushed }: LiveRequest, response: AuthorizationResponse): Draft {
  const { jws, by, to, parameters } = response
  return {
    kind: 'response',
    body: { mode: pushed.request.responseMode ?? 'query', by, to, signed: jws !== undefined },
    apart: { response: jws ?? asJson(parameters) },
  }
}

/** Values that came out of JSON, or hold nothing but texts and numbers; without members left undefined. */
const asJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json
