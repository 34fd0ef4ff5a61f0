/** What a grant is at a moment: data in, data out. Times in milliseconds. */
import type { Chain } from '../../evidence/chain.ts'
import { forgetGrace } from '../forget-grace.ts'
import type { Approved, Code, GrantSummary, Redemption, Stored } from './stored.ts'

/** A code that was redeemed this long ago has no live token: it is forgotten unless it made the grant. */
const codesKept = 24 * 3_600_000

export const isLive = (stored: Stored, now: number): boolean =>
  stored.status === 'active' && now < stored.expiresAt

export const seriesOf = (stored: Stored): number => stored.series ?? stored.codes.length

/** What ends a grant at once. */
export const ended = (stored: Stored, now: number) =>
  ({ status: 'revoked', endedAt: now, epoch: stored.epoch + 1 }) as const

/** A grant that can never come to be. */
export const forbidden = (issuer: string, now: number): Stored => ({
  format: 1,
  issuer,
  status: 'revoked',
  createdAt: now,
  expiresAt: now,
  epoch: 1,
  codes: [],
  refreshTokens: [],
  revokedTokens: [],
})

/** What a person's approval makes. */
export const newGrant = (input: Approved, chain: Chain, now: number): Stored => ({
  format: 1,
  issuer: input.issuer,
  status: 'active',
  consent: input.consent,
  createdAt: now,
  expiresAt: now + input.lifetime,
  epoch: 1,
  series: 1,
  codes: [codeOf(input, 1, now)],
  refreshTokens: [],
  revokedTokens: [],
  chain,
})

/** The grant with a code spent. `next`: as the code made it. */
export function redeemed(
  stored: Stored,
  code: Code,
  given: { readonly next: Stored; readonly refreshHash: string | undefined; readonly now: number },
): Stored {
  const { next, refreshHash, now } = given
  const { pending: _applied, ...spent } = code
  const more = refreshHash === undefined ? [] : [{ secretHash: refreshHash, series: code.series }]
  return {
    ...next,
    codes: stored.codes.map((one) => (one === code ? { ...spent, status: 'redeemed' } : one)),
    refreshTokens: [...next.refreshTokens, ...more],
    lastUsedAt: now,
  }
}

/** The grant once a code of it was used twice: that code's tokens end, or the grant that it made. */
export function reused(stored: Stored, code: Code, now: number): Stored {
  const first = code.series === 1
  return {
    ...stored,
    ...(first ? ended(stored, now) : {}),
    codes: stored.codes.map((one) => (one === code ? { ...one, status: 'reused' } : one)),
    refreshTokens: first ? [] : stored.refreshTokens.filter(({ series }) => series !== code.series),
  }
}

export function codeOf({ code, managed }: Approved, series: number, now: number): Code {
  const { lifetime, ...rest } = code
  return {
    ...rest,
    series,
    issuedAt: now,
    expiresAt: now + lifetime,
    status: 'issued',
    ...(managed === undefined ? {} : { managed }),
  }
}

/** Codes are kept while they may be redeemed or their tokens live; the first tells who made the grant. */
export const isNeeded = (code: Code, { refreshTokens }: Stored, now: number): boolean =>
  code.series === 1 ||
  now < code.expiresAt + codesKept ||
  refreshTokens.some(({ series }) => series === code.series)

/** An update is for a claimed, live grant of the same client and person. */
export function mayUpdate(stored: Stored, { issuer, consent }: Approved, now: number): boolean {
  const before = stored.consent
  return (
    stored.issuer === issuer &&
    isLive(stored, now) &&
    stored.lastUsedAt !== undefined &&
    before?.clientId === consent.clientId &&
    before.generation === consent.generation &&
    before.accountId === consent.accountId
  )
}

/** The grant with a token on its list of ended ones; the same when it is there or would be over. */
export function withoutToken(
  stored: Stored,
  token: { readonly id: string; readonly until: number },
  now: number,
): Stored {
  const live = stored.revokedTokens.filter((one) => one.until + forgetGrace > now)
  const over = token.until + forgetGrace <= now || live.some(({ id }) => id === token.id)
  return over ? stored : { ...stored, revokedTokens: [...live, token] }
}

/** Why a redemption does not fit its code: redirect URI if sent, PKCE, sender key (RFC 9449 10). */
export function mismatchOf(code: Code, input: Redemption): string | undefined {
  if (input.redirectUri !== undefined && input.redirectUri !== code.redirectUri) {
    return 'redirect_uri differs'
  }
  if (input.verifierHash !== code.codeChallenge) return 'code_verifier does not match'
  if (code.dpopJkt !== undefined && input.jkt !== code.dpopJkt) return 'the DPoP key differs'
  return undefined
}

export function summaryOf(stored: Stored, now: number): GrantSummary {
  const { consent, createdAt, updatedAt, expiresAt, lastUsedAt } = stored
  return {
    status: statusOf(stored, now),
    ...(consent === undefined ? {} : { consent }),
    createdAt,
    ...(updatedAt === undefined ? {} : { updatedAt }),
    expiresAt,
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
  }
}

/** Whether a token is alive: its grant, its epoch, the code it came from, and the token itself. */
export function isTokenAlive(
  stored: Stored,
  token: { readonly id: string; readonly epoch: number; readonly series: number },
  now: number,
): boolean {
  const code = stored.codes.find(({ series }) => series === token.series)
  return (
    isLive(stored, now) &&
    stored.epoch === token.epoch &&
    code?.status === 'redeemed' &&
    !stored.revokedTokens.some(({ id }) => id === token.id)
  )
}

/** A grant nobody claimed while a code of it lived came to nothing. */
function statusOf(stored: Stored, now: number): GrantSummary['status'] {
  if (stored.status === 'revoked') return 'revoked'
  if (now >= stored.expiresAt) return 'expired'
  const open = stored.codes.some(({ expiresAt }) => now < expiresAt + forgetGrace)
  return stored.lastUsedAt === undefined && !open ? 'unclaimed' : 'active'
}
