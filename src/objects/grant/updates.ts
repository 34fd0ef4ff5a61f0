import { union } from '../../authorization-details/compare.ts'
import type { Issuer } from '../../types.ts'
import { addedParts } from './parts.ts'
import type { Code, Consent, Stored } from './stored.ts'

/**
 * The grant once an update is claimed: merged with what it holds now, or replaced by what was agreed to.
 * Refresh tokens of before end; with `replace` the access tokens too, since they may say more than the
 * grant does now. Without an update: the grant as it is.
 */
export function claimed(issuer: Issuer, stored: Stored, code: Code, now: number): Stored {
  const { pending } = code
  if (pending === undefined || stored.consent === undefined) return stored
  const merges = pending.action === 'merge'
  return {
    ...stored,
    consent: merges ? merged(issuer, stored.consent, pending.consent) : pending.consent,
    expiresAt: now + pending.lifetime,
    updatedAt: now,
    epoch: merges ? stored.epoch : stored.epoch + 1,
    refreshTokens: [],
  }
}

/** Everything agreed to before and now; how the person was authenticated: now. */
export function merged(issuer: Issuer, before: Consent, added: Consent): Consent {
  const both = (a: readonly string[], b: readonly string[]) => [...new Set([...a, ...b])]
  const parts = addedParts(issuer, before, added)
  const details = union(issuer.detailTypes, before.details ?? [], added.details ?? [])
  return {
    ...added,
    scope: both(before.scope, added.scope),
    resources: both(before.resources, added.resources),
    claims: {
      idToken: both(before.claims.idToken, added.claims.idToken),
      userinfo: both(before.claims.userinfo, added.claims.userinfo),
    },
    ...(details.length === 0 ? {} : { details }),
    ...(parts === undefined ? {} : { parts }),
  }
}
