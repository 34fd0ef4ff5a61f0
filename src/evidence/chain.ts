/**
 * The chain of a grant's evidence: entries that each name the hash of the one before. Pure and
 * synchronous, so that an object can write an entry in the turn that decides.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { concat, fromBase64Url, randomBytes, toBase64Url, utf8 } from '../encoding.ts'
import { canonicalJson } from './canonical.ts'
import type { Json } from './canonical.ts'
import type { EntryKind } from './kinds.ts'

/** What a chain begins with. `issuer` is the issuer identifier, `grant` the grant id. */
export type Genesis = {
  readonly evidence: 'fapi-edge/1'
  readonly issuer: string
  readonly grant: string
}

export type Entry = {
  /** 0 for the first. */
  readonly n: number
  readonly kind: EntryKind
  /** Milliseconds since the epoch, by the grant's own clock. */
  readonly at: number
  /** base64url SHA-256 of the canonical JSON of the entry before, or of the genesis. */
  readonly prev: string
  /** `committed`: by name, commitments to what is kept apart. */
  readonly body: Readonly<Record<string, Json>>
}

/** An item that may be about a person, and the salt that hides it in its commitment. */
export type Apart = { readonly salt: string; readonly item: Json }

/** What is to become an entry: `apart` holds, by name, what must be erasable. */
export type Draft = {
  readonly kind: EntryKind
  readonly body: Readonly<Record<string, Json>>
  readonly apart?: Readonly<Record<string, Json>>
}

/** Consecutive entries with what is kept apart from them, by `n/name`. */
export type Page = {
  readonly entries: readonly Entry[]
  readonly apart: Readonly<Record<string, Apart>>
}

/** The end of a chain as its object holds it; full pages lie beside it, by number. */
export type Chain = {
  readonly genesis: Genesis
  /** Entries so far, those of full pages included. */
  readonly count: number
  /** Hash of the newest entry, or of the genesis. */
  readonly head: string
  /** Time of the newest entry. Absent in older chains. */
  readonly at?: number
  /** Full pages so far. */
  readonly pages: number
  readonly recent: Page
}

/** Entries of a page: a longer tail is moved away from what each token request writes again. */
export const pageLength = 16

export const hashOf = (value: Json): string => toBase64Url(sha256(utf8(canonicalJson(value))))

const emptyPage: Page = { entries: [], apart: {} }

export function beginChain(issuer: string, grant: string): Chain {
  const genesis = { evidence: 'fapi-edge/1', issuer, grant } as const
  return { genesis, count: 0, head: hashOf(genesis), pages: 0, recent: emptyPage }
}

/** Adds entries. `now` in milliseconds: a clock that was set back does not turn the chain's time back. */
export function append(chain: Chain, drafts: readonly Draft[], now: number): Chain {
  let { count, head } = chain
  const at = Math.max(now, chain.at ?? 0)
  const entries = [...chain.recent.entries]
  const apart = { ...chain.recent.apart }
  for (const draft of drafts) {
    const committed: Record<string, Json> = {}
    for (const [name, item] of Object.entries(draft.apart ?? {})) {
      const kept = { salt: toBase64Url(randomBytes(32)), item }
      apart[`${count}/${name}`] = kept
      committed[name] = commitmentOf(kept)
    }
    const body = draft.apart === undefined ? draft.body : { ...draft.body, committed }
    const entry: Entry = { n: count, kind: draft.kind, at, prev: head, body }
    entries.push(entry)
    head = hashOf(entry)
    count += 1
  }
  return { ...chain, count, head, at, recent: { entries, apart } }
}

/** base64url SHA-256(salt ‖ canonical JSON of the item). Throws when the salt is no base64url text. */
export function commitmentOf({ salt, item }: Apart): string {
  const bytes = fromBase64Url(salt)
  if (bytes === undefined) throw new TypeError('the salt is not base64url')
  return toBase64Url(sha256(concat(bytes, utf8(canonicalJson(item)))))
}

/** Takes the recent entries off as a full page. */
export function turnPage(chain: Chain): { readonly chain: Chain; readonly page: Page } {
  return { chain: { ...chain, pages: chain.pages + 1, recent: emptyPage }, page: chain.recent }
}
