import { fromBase64Url, isRecord } from '../encoding.ts'
import type { Issuer } from '../types.ts'
import { clockDifference } from './ring-changes.ts'
import type { Ring } from './ring.ts'

/** Why the head of a chain is signed. */
export const headReasons = ['export', 'anchoring', 'revocation'] as const

/** What the evidence key may say, and nothing else: how far a grant's chain had come. */
export type HeadStatement = {
  /** The issuer identifier. */
  readonly iss: string
  /** The grant id. */
  readonly grant: string
  /** Number of the newest entry. */
  readonly n: number
  /** base64url SHA-256 of the newest entry. */
  readonly head: string
  /** When it is signed: milliseconds since the epoch, by the clock of who asks. */
  readonly at: number
  readonly reason: (typeof headReasons)[number]
  /** With an export: base64url SHA-256 of all of the file but this signature. */
  readonly document?: string
}

/** `typ` of a signed head: no token has it. */
export const headType = 'evidence-head+jwt'

/** A key the evidence ring ever had, public half only. Milliseconds since the epoch. */
export type EvidenceKey = {
  readonly kid: string
  readonly jwk: JsonWebKey
  /** Since when it signs, or will. */
  readonly from: number
  /** When its successor took over, or will. */
  readonly until?: number
  /** When the operator dropped it: what it signed is doubtful. */
  readonly revoked?: number
}

/** Keys of the past are kept for good; the oldest go only beyond this many. */
const mostKept = 4_096

/** Takes a statement apart: it is remade from its known members, or refused with a sentence. */
export function readStatement(value: unknown, issuer: Issuer, now: number): HeadStatement | string {
  if (!isRecord(value)) return 'The statement is not an object.'
  const { iss, grant, n, head, at, reason, document, ...strange } = value
  if (Object.keys(strange).length > 0) return 'The statement has other members.'
  if (iss !== issuer.url) return 'The statement is about another issuer.'
  if (typeof grant !== 'string' || !/^[0-9a-f]{64}$/.test(grant)) return 'grant is not a grant id.'
  if (!isCount(n)) return 'n is not the number of an entry.'
  if (!isHash(head)) return 'head is not a hash.'
  if (document !== undefined && (!isHash(document) || reason !== 'export')) {
    return 'document is not the hash of an export.'
  }
  if (!isCount(at) || Math.abs(at - now) > clockDifference) return 'at is not now.'
  const known = headReasons.find((one) => one === reason)
  return known === undefined
    ? 'The reason is not known.'
    : { iss, grant, n, head, at, reason: known, ...(document === undefined ? {} : { document }) }
}

const isHash = (value: unknown): value is string =>
  typeof value === 'string' && value.length === 43 && fromBase64Url(value)?.length === 32

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

/**
 * The history with the keys a ring has now. What is past stays as it was: a key that was taken over
 * from does not come back because its successor was dropped.
 */
export function withHistory(
  history: readonly EvidenceKey[],
  ring: Ring,
  now: number,
): readonly EvidenceKey[] {
  const entries = new Map(history.map((entry) => [entry.kid, entry]))
  const inOrder = [...ring.keys].sort((a, b) => a.activeFrom - b.activeFrom)
  for (const [index, { kid, publicJwk, activeFrom }] of inOrder.entries()) {
    const before = entries.get(kid)?.until
    const until = before !== undefined && before <= now ? before : inOrder[index + 1]?.activeFrom
    const times = { from: activeFrom, ...(until === undefined ? {} : { until }) }
    entries.set(kid, { kid, jwk: publicJwk, ...times })
  }
  return [...entries.values()].slice(-mostKept)
}

/** The history after a key was dropped. */
export const withRevoked = (
  history: readonly EvidenceKey[],
  kid: string,
  now: number,
): readonly EvidenceKey[] =>
  history.map((entry) =>
    entry.kid === kid
      ? { ...entry, until: Math.min(entry.until ?? Infinity, now), revoked: now }
      : entry,
  )
