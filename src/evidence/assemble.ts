import type { EvidenceAnswer } from '../objects/grant/stored.ts'
import type { Json } from './canonical.ts'
import type { Page } from './chain.ts'
import { evidenceFormat } from './file.ts'
import type { EvidenceFile, PublicKeys, SignedHead } from './file.ts'

export type UnsignedFile = Omit<EvidenceFile, 'head'> & { readonly head: Omit<SignedHead, 'jws'> }

const iso = (time: number): string => new Date(time).toISOString()

/** The document of a chain that was fetched in parts; undefined when there is not a single entry. */
export function assemble(
  parts: readonly EvidenceAnswer[],
  given: {
    /** Milliseconds. */
    readonly at: number
    readonly signing: { readonly keys: readonly object[] }
    readonly evidence: { readonly keys: readonly object[] }
  },
): UnsignedFile | undefined {
  // Full pages never change, and the newest entries are in the last part.
  const last = parts.at(-1)
  if (last === undefined || last.count === 0) return undefined
  const { genesis, count, head, heads } = last
  const withheld = Object.assign({}, ...parts.map((part) => part.withheld)) as typeof last.withheld
  return {
    format: evidenceFormat,
    issuer: genesis.issuer,
    grant: genesis.grant,
    exported_at: iso(given.at),
    genesis,
    entries: parts.flatMap(({ entries }) => entries),
    apart: Object.assign({}, ...parts.map(({ apart }) => apart)) as Page['apart'],
    withheld: Object.fromEntries(Object.entries(withheld).map(([name, at]) => [name, iso(at)])),
    head: { n: count - 1, head, at: given.at },
    attestations: heads.map(({ where: _where, ...signed }) => signed),
    anchored: heads.flatMap(({ n, head: hash, at, where }) =>
      where === undefined ? [] : [{ n, head: hash, at, where }],
    ),
    keys: { signing: plain(given.signing), evidence: plain(given.evidence) },
  }
}

/** As JSON has it: without members that are undefined. */
const plain = (set: { readonly keys: readonly object[] }): PublicKeys => ({
  keys: JSON.parse(JSON.stringify(set.keys)) as readonly Readonly<Record<string, Json>>[],
})
