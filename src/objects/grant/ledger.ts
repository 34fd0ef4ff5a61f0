/**
 * A grant's chain where it lies: its end in the grant's own value, full pages in rows of their own. All
 * of it is part of the turn that decides.
 */
import { append, beginChain, pageLength, turnPage } from '../../evidence/chain.ts'
import type { Apart, Chain, Draft, Entry, Page } from '../../evidence/chain.ts'
import { randomOf } from '../../handles.ts'
import type { Issuer } from '../../types.ts'
import type { Shelf } from '../shelf.ts'
import type { Stored } from './stored.ts'

const pageKey = (page: number): string => `evidence:${String(page).padStart(6, '0')}`

/** Pages of one answer to `evidence`, and about how many characters: a long chain is fetched in several. */
const pagesAtOnce = 64
const charactersAtOnce = 4 * 1024 * 1024

/** The chain of a grant, or its beginning: that of a grant which is older than chains says so. */
export function chainOf(stored: Stored, issuer: Issuer, grantId: string, now: number): Chain {
  if (stored.chain !== undefined) return stored.chain
  const draft = { kind: 'older', body: { created_at: stored.createdAt } } as const
  return append(beginChain(issuer.url, grantId), [draft], now)
}

/** The chain with entries added. A full page is written beside it. `asPage`: whatever its length. */
export function record(
  shelf: Shelf,
  chain: Chain,
  drafts: readonly Draft[],
  { asPage }: { readonly asPage: boolean },
): Chain {
  const added = append(chain, drafts, shelf.now())
  if (!asPage && added.recent.entries.length < pageLength) return added
  const turned = turnPage(added)
  shelf.write(pageKey(added.pages), turned.page)
  return turned.chain
}

const pageAt = (shelf: Shelf, page: number): Page | undefined => shelf.read<Page>(pageKey(page))

/** Longer than any token request takes (ms). */
const inFlight = 300_000

/** The newest entries, page by page, back to those of requests that are surely over. */
function* newestFirst(shelf: Shelf, chain: Chain): Generator<readonly Entry[]> {
  const since = Math.max(shelf.now(), chain.at ?? 0) - inFlight
  let { entries } = chain.recent
  yield entries
  for (let page = chain.pages - 1; page >= 0 && (entries[0]?.at ?? since) >= since; page -= 1) {
    entries = pageAt(shelf, page)?.entries ?? []
    yield entries
  }
}

/** A token that is to be taken back. */
export type TakenBack = {
  readonly jti: string
  /** Milliseconds. */
  readonly until: number
  /** What it came from, and whether a refresh token was to leave with it. */
  readonly by: 'code' | 'refresh'
  readonly refreshToken: boolean
}

/** A token that is to be taken back, by the random part of its id; whether that was done `before`. */
export function takenBack(
  shelf: Shelf,
  chain: Chain | undefined,
  random: string,
): TakenBack | 'before' | undefined {
  const isIt = ({ kind, body }: Entry) =>
    (kind === 'token' || kind === 'withheld') && randomOf(String(body['jti'])) === random
  let last: Entry | undefined
  for (const entries of chain === undefined ? [] : newestFirst(shelf, chain)) {
    last = entries.findLast(isIt)
    if (last !== undefined) break
  }
  if (last === undefined) return undefined
  if (last.kind === 'withheld') return 'before'
  const { jti, exp, by, refresh_token: refreshToken } = last.body
  return {
    jti: String(jti),
    until: Number(exp) * 1000,
    by: by === 'code' ? 'code' : 'refresh',
    refreshToken: refreshToken === true,
  }
}

/** A part of the chain, from page `first` on. `next`: where the following part begins. */
export function partOf(
  shelf: Shelf,
  chain: Chain,
  first: number,
): Page & { readonly next?: number } {
  const most = Math.min(first + pagesAtOnce, chain.pages)
  const pages: Page[] = []
  let end = first
  for (let size = 0; end < most && size < charactersAtOnce; end += 1) {
    const page = pageAt(shelf, end)
    if (page === undefined) continue
    pages.push(page)
    size += JSON.stringify(page).length
  }
  const isLast = end >= chain.pages
  if (isLast) pages.push(chain.recent)
  return {
    entries: pages.flatMap(({ entries }) => entries),
    apart: Object.assign({}, ...pages.map(({ apart }) => apart)) as Page['apart'],
    ...(isLast ? {} : { next: end }),
  }
}

/** Erases all that is kept apart, salts and items together. How many items that were. */
export function eraseApart(
  shelf: Shelf,
  chain: Chain,
): { readonly chain: Chain; readonly items: number } {
  let items = 0
  const emptied = (page: Page): Page => {
    items += Object.keys(page.apart).length
    return { ...page, apart: {} }
  }
  for (let page = 0; page < chain.pages; page += 1) {
    const full = pageAt(shelf, page)
    const count = items
    if (full === undefined) continue
    const empty = emptied(full)
    if (items > count) shelf.write(pageKey(page), empty)
  }
  const recent = emptied(chain.recent)
  return { chain: { ...chain, recent }, items }
}

/**
 * What may leave: not the response that carries a code which could still be redeemed. `live`: when such
 * codes were issued and end (ms).
 */
export function withholdCodes(
  page: Page,
  live: readonly { readonly issuedAt: number; readonly expiresAt: number }[],
): Page & { readonly withheld: Readonly<Record<string, number>> } {
  const apart: Record<string, Apart> = { ...page.apart }
  const withheld: Record<string, number> = {}
  const first = Math.min(...live.map(({ issuedAt }) => issuedAt))
  const until = Math.max(...live.map(({ expiresAt }) => expiresAt))
  for (const { n, kind, at } of page.entries) {
    const name = `${n}/response`
    if (kind !== 'response' || at < first || apart[name] === undefined) continue
    withheld[name] = until
    delete apart[name]
  }
  return { ...page, apart, withheld }
}
