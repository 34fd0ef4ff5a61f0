import { slotSeconds } from '../../src/proof/nonce.ts'
import type { Exchange } from './exchange.ts'
import { shortfall } from './shortfall.ts'
import { isOnce, nameOf } from './ledger.ts'
import type { Ledger, Thing } from './ledger.ts'
import type { Range } from './time-line.ts'

/** What the judge knows beside the books. */
export type Bench = {
  readonly ledger: Ledger
  /** The server's time during an exchange. */
  readonly timeOf: (exchange: Exchange) => Range
  /** Whether the clock was moved meanwhile. */
  readonly movedDuring: (exchange: Exchange) => boolean
  /** When the server may have made a nonce. */
  readonly nonceTime: (nonce: string) => Range | undefined
  /** The key set of clients that keep it elsewhere cannot be had. */
  readonly keysGone: () => boolean
}

/** Enters what an exchange shows into the books: uses, ends, doubts, and what must not be. */
export function judge(bench: Bench, exchange: Exchange): void {
  const { outcome, handed, fault, began, done } = exchange
  const things = oneTime(exchange)
  switch (outcome.kind) {
    case 'unsent':
      for (const thing of allHanded(exchange)) thing.handedIn -= 1
      return
    case 'dishonest':
      bench.ledger.report('dishonest', fault, `${exchange.endpoint}: ${outcome.what}`)
      return leaveOpen(bench, exchange)
    case 'cut':
    case 'unavailable':
      return leaveOpen(bench, exchange)
    case 'accepted': {
      const missing = shortfall(exchange, outcome.answer)
      if (missing !== undefined)
        bench.ledger.report('dishonest', fault, `${exchange.endpoint}: 200 without ${missing}`)
      for (const thing of things) bench.ledger.accept(thing, began)
      for (const live of [handed.refresh, handed.access]) if (live) bench.ledger.accept(live, began)
      if (exchange.endpoint === 'grants' && handed.grant) bench.ledger.accept(handed.grant, began)
      for (const [thing, why] of endedBy(bench, exchange)) bench.ledger.end(thing, why, done)
      return
    }
    case 'refused':
      return refused(bench, exchange, outcome.error)
    default:
      return outcome satisfies never
  }
}

const present = (list: readonly (Thing | undefined)[]): readonly Thing[] =>
  list.filter((thing) => thing !== undefined)

const oneTime = ({ handed }: Exchange) => present([handed.proof, handed.assertion, handed.code])

const allHanded = ({ handed }: Exchange) => present(Object.values(handed) as readonly Thing[])

/** Everything handed in may have been used, and what it was to end may have ended. */
function leaveOpen(bench: Bench, exchange: Exchange): void {
  for (const thing of oneTime(exchange)) bench.ledger.leaveOpen(thing)
  for (const [thing] of endedBy(bench, exchange)) bench.ledger.leaveOpen(thing)
}

/** What ends when this exchange takes effect. */
function endedBy(
  { ledger }: Bench,
  { endpoint, handed, sent }: Exchange,
): readonly (readonly [Thing, string])[] {
  const { target, grant, code } = handed
  if (endpoint === 'revoke' && target !== undefined) {
    const others =
      target.kind === 'refresh token' && target.grant !== undefined
        ? ledger.ofGrant(target.grant).filter(({ kind }) => kind === 'access token')
        : []
    return [target, ...others].map((thing) => [thing, 'it was revoked'] as const)
  }
  if (endpoint === 'grants' && sent.request.method === 'DELETE' && grant !== undefined) {
    return ledger.ofGrant(grant.id).map((thing) => [thing, 'its grant was ended'] as const)
  }
  if (code?.grant === undefined || code.updates === undefined) return []
  const replaced = code.updates === 'replace'
  return ledger
    .ofGrant(code.grant)
    .filter(({ kind }) => kind === 'refresh token' || (replaced && kind === 'access token'))
    .map((thing) => [thing, 'its grant was changed'] as const)
}

/** What a code's second use by its own client ends (RFC 6749 4.1.2). */
function endedByReuse({ ledger }: Bench, code: Thing): readonly Thing[] {
  const all = code.grant === undefined ? [] : ledger.ofGrant(code.grant)
  return code.updates === undefined ? all : all.filter((thing) => thing.code === code)
}

/** Errors that speak of one thing; all other things of the request may have been used beside it. */
function culpritOf({ handed, endpoint }: Exchange, error: string): Thing | undefined {
  switch (error) {
    case 'invalid_client':
      return handed.assertion
    case 'invalid_dpop_proof':
      return handed.proof
    case 'invalid_grant':
      return handed.code ?? handed.refresh
    case 'invalid_token':
      return handed.access
    case 'invalid_grant_id':
      return handed.grant
    case 'not_found':
      return endpoint === 'grants' ? handed.grant : undefined
    default:
      return undefined
  }
}

function refused(bench: Bench, exchange: Exchange, error: string): void {
  const { ledger } = bench
  if (error === 'use_dpop_nonce') return nonceRefused(bench, exchange)
  const culprit = culpritOf(exchange, error)
  if (culprit === undefined) {
    const { endpoint, fault } = exchange
    ledger.report('dishonest', fault, `${endpoint}: nothing explains ${error}`)
    return leaveOpen(bench, exchange)
  }
  const mistimed = isMistimed(bench, exchange, culprit)
  const keysGone = error === 'invalid_client' && exchange.actor.remote && bench.keysGone()
  const known =
    culprit.doubtful || culprit.ended !== undefined || (isOnce(culprit) && culprit.handedIn > 1)
  const wasUsed = culprit.uses > 0
  ledger.refuse(culprit, {
    expected: known || mistimed || keysGone,
    final: known && !mistimed && !keysGone,
    at: exchange.done,
    by: `${exchange.endpoint} during ${exchange.fault}: ${error}`,
  })
  for (const thing of oneTime(exchange)) if (thing !== culprit) thing.doubtful = true
  // The calls run side by side: a code that came along may be spent, and what it brings have happened.
  if (exchange.handed.code !== undefined) {
    for (const [thing] of endedBy(bench, exchange)) thing.doubtful = true
  }
  if (culprit.kind !== 'code' || !known) return
  // Whoever proved itself with fresh means and brought a spent code has used it a second time.
  for (const thing of endedByReuse(bench, culprit)) {
    if (wasUsed && culprit.handedIn > 1) ledger.end(thing, 'its code was used again', exchange.done)
    else thing.doubtful = true
  }
}

/** A nonce is asked for before anything is used up, unless the clock was moved in the middle. */
function nonceRefused(bench: Bench, exchange: Exchange): void {
  if (bench.movedDuring(exchange)) return leaveOpen(bench, exchange)
  for (const thing of allHanded(exchange)) thing.handedIn -= 1
  const nonce = exchange.claims.proof?.['nonce']
  const made = typeof nonce === 'string' ? bench.nonceTime(nonce) : undefined
  const now = bench.timeOf(exchange)
  const slot = (seconds: number) => Math.floor(seconds / slotSeconds)
  const current =
    made !== undefined &&
    slot(now.most) - slot(made.least) <= 1 &&
    slot(now.least) - slot(made.most) >= 0
  if (!current) return
  bench.ledger.report(
    'dishonest',
    exchange.fault,
    `${exchange.endpoint}: a current nonce was refused`,
  )
}

/** The server accepts times this far ahead (seconds), less what a slow request may take. */
const surelyAccepted = 25
const longestAssertion = 600

/** Whether the time alone explains that this was refused. */
function isMistimed(bench: Bench, exchange: Exchange, thing: Thing): boolean {
  const { least, most } = bench.timeOf(exchange)
  if (most >= thing.expiresAt - 1) return true
  const { proof, assertion } = exchange.claims
  const claims = thing.kind === 'proof' ? proof : thing.kind === 'assertion' ? assertion : undefined
  if (claims === undefined) return false
  const [iat, exp] = [Number(claims['iat'] ?? least), Number(claims['exp'] ?? most + 1)]
  return iat > least + surelyAccepted || exp <= most || exp > least + longestAssertion
}

/** For a report. */
export const describeHanded = (exchange: Exchange): string =>
  allHanded(exchange).map(nameOf).join(', ')
