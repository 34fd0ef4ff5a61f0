/** How long a grant is kept, and what its one alarm is for. Times in milliseconds. */
import type { Issuer } from '../../types.ts'
import { seriesOf } from './standing.ts'
import type { Due, Stored } from './stored.ts'

/** What a grant does is remembered this long after its end, so that late tokens meet an answer. */
const remembered = 24 * 3_600_000
const day = 86_400_000
/** Until what failed is tried again. */
export const tryAgainAfter = 300_000
/** Until an issuer that is not configured is looked for again. */
export const lookAgainAfter = day

const endOf = ({ expiresAt, endedAt = Infinity }: Stored): number => Math.min(expiresAt, endedAt)

/** When everything but the chain goes. */
const settlesAt = (stored: Stored): number => endOf(stored) + remembered

/** When nothing of the grant is kept any longer. */
export function forgottenAt(stored: Stored, issuer: Issuer): number {
  const kept = stored.chain === undefined ? 0 : issuer.evidence.retentionDays * day
  return endOf(stored) + Math.max(remembered, kept)
}

/** When the alarm must go off. */
export function nextWake(stored: Stored, issuer: Issuer): number {
  const { due, settled } = stored
  const end = settled === true ? forgottenAt(stored, issuer) : settlesAt(stored)
  return Math.min(end, due?.attest?.at ?? Infinity, due?.anchor?.at ?? Infinity)
}

/** The grant once its end is past: the chain, and that it ended. The same before. */
export function settled(stored: Stored, now: number): Stored {
  if (stored.settled === true || now < settlesAt(stored)) return stored
  const { consent: _consent, ...rest } = stored
  const nothing = { codes: [], refreshTokens: [], revokedTokens: [] }
  return { ...rest, ...nothing, series: seriesOf(stored), settled: true }
}

/**
 * What is due once entries were added: a revocation is attested soon; the first new entry of an interval
 * has the chain anchored at its end, where there is something to anchor it to.
 */
export function dueAfter(
  stored: Stored,
  given: {
    readonly count: number
    readonly revokes: boolean
    readonly anchorEvery: number | undefined
    readonly now: number
  },
): Due | undefined {
  const { count, revokes, anchorEvery, now } = given
  const { attest, anchor } = stored.due ?? {}
  const attests = revokes ? { count, at: Math.min(attest?.at ?? now, now) } : attest
  const anchors =
    anchor ?? (anchorEvery === undefined ? undefined : { at: now + anchorEvery * 1000 })
  return someDue(attests, anchors)
}

/** What is still due once a head of so many entries was signed. */
export function dueWhenSigned(
  { due, chain }: Stored,
  given: {
    readonly count: number
    readonly anchored: boolean
    readonly anchorEvery: number | undefined
    readonly now: number
  },
): Due | undefined {
  const { count, anchored, anchorEvery, now } = given
  const attests = due?.attest !== undefined && due.attest.count > count ? due.attest : undefined
  const grew = (chain?.count ?? 0) > count
  if (anchorEvery === undefined) return someDue(attests, undefined)
  const again = grew ? { at: now + anchorEvery * 1000 } : undefined
  return someDue(attests, anchored ? again : due?.anchor)
}

/** Everything that is due at some time is tried again later. */
export function duePostponed({ attest, anchor }: Due, now: number): Due | undefined {
  const at = now + tryAgainAfter
  return someDue(
    attest === undefined ? undefined : { ...attest, at: Math.max(attest.at, at) },
    anchor === undefined ? undefined : { at: Math.max(anchor.at, at) },
  )
}

function someDue(attest: Due['attest'], anchor: Due['anchor']): Due | undefined {
  if (attest === undefined && anchor === undefined) return undefined
  return {
    ...(attest === undefined ? {} : { attest }),
    ...(anchor === undefined ? {} : { anchor }),
  }
}
