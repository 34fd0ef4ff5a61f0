import type { AuthorizationDetail } from '../../authorization-details/detail.ts'
import { sameJson } from '../../authorization-details/values.ts'
import type { Json } from '../../evidence/canonical.ts'
import type { Draft } from '../../evidence/chain.ts'
import type { By, Consent, Part, Pending, TokenOrder, TokenTerms } from './stored.ts'

/** A token authorised for release: what it will say, never the token. */
export function tokenDraft(given: {
  readonly terms: TokenTerms
  readonly order: TokenOrder
  readonly by: 'code' | 'refresh' | 'reissue'
  readonly refreshToken: boolean
  readonly idToken: boolean
  readonly consent: Consent
}): Draft {
  const { terms, order, consent } = given
  const { details } = terms
  // What is said already need not be said, and salted, with each token.
  const all = details !== undefined && sameJson(asJson(details), asJson(consent.details ?? []))
  return {
    kind: 'token',
    body: {
      jti: terms.id,
      by: given.by,
      cnf: { ...order.confirmation },
      aud: terms.audience,
      scope: terms.scope.join(' '),
      iat: order.issuedAt,
      exp: terms.expires,
      authorization_details: details === undefined ? 'none' : all ? 'as_granted' : 'committed',
      refresh_token: given.refreshToken,
      id_token: given.idToken && terms.scope.includes('openid'),
    },
    ...(details === undefined || all ? {} : { apart: { authorization_details: asJson(details) } }),
  }
}

/** An update was claimed: all that the grant is from now on. */
export function changeDraft(pending: Pending, consent: Consent, expiresAt: number): Draft {
  return {
    kind: 'change',
    body: {
      action: pending.action,
      scope: consent.scope.join(' '),
      resources: consent.resources,
      expires_at: expiresAt,
    },
    apart: {
      authorization_details: asJson(consent.details ?? []),
      ...(consent.parts === undefined ? {} : { parts: consent.parts.map(partAsJson) }),
    },
  }
}

export const revocationDraft = (
  what: 'grant' | 'refresh_token' | 'access_token' | 'code_reuse',
  by: By,
  more: Readonly<Record<string, Json>> = {},
): Draft => ({ kind: 'revocation', body: { what, by, ...more } })

/** What was agreed to for some resource servers alone. */
const partAsJson = ({ scope, resources, details = [] }: Part): Json => ({
  scope: scope.join(' '),
  resources,
  authorization_details: asJson(details),
})

/** Details were parsed from JSON. */
const asJson = (details: readonly AuthorizationDetail[]): Json => details as unknown as Json
