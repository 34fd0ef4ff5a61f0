/** Whether the entries are one chain, and what is disclosed is what was committed to. */
import { isRecord } from '../../encoding.ts'
import type { Json } from '../canonical.ts'
import { commitmentOf, hashOf } from '../chain.ts'
import type { Entry } from '../chain.ts'
import type { EvidenceFile } from '../file.ts'
import { clockDifference } from './finding.ts'
import type { Faults, ItemState } from './finding.ts'

export type Items = Readonly<Record<string, ItemState>>

/** The hash of every entry, by number. */
export function checkLinks(file: EvidenceFile, fault: Faults): readonly string[] {
  const { genesis, entries } = file
  if (genesis.issuer !== file.issuer) fault('genesis.issuer', 'This is another issuer.')
  if (genesis.grant !== file.grant) fault('genesis.grant', 'This is another grant.')
  let before = hashOf(genesis)
  let latest = 0
  return entries.map((entry, index) => {
    const where = `entries[${index}]`
    if (entry.n !== index) fault(`${where}.n`, `The entry numbered ${entry.n} stands at ${index}.`)
    if (entry.prev !== before) {
      const what = index === 0 ? 'the genesis' : `entry ${index - 1}`
      fault(`${where}.prev`, `This is not the hash of ${what}: one of the two was changed.`)
    }
    if (entry.at < latest) fault(`${where}.at`, 'This is before the entry before.')
    latest = entry.at
    before = hashOf(entry as unknown as Json)
    return before
  })
}

const committedOf = ({ body }: Entry): Readonly<Record<string, Json>> => {
  const { committed } = body
  return isRecord(committed) ? (committed as Readonly<Record<string, Json>>) : {}
}

/** What became of each item that was committed to, by entry. */
export function checkItems(file: EvidenceFile, fault: Faults): readonly Items[] {
  const { entries, apart, withheld } = file
  const lastErasure = entries.findLastIndex(({ kind }) => kind === 'erasure')
  const known = new Set<string>()
  const found = entries.map((entry, n) => {
    const states: Record<string, ItemState> = {}
    for (const [name, commitment] of Object.entries(committedOf(entry))) {
      const key = `${n}/${name}`
      known.add(key)
      const kept = Object.hasOwn(apart, key) ? apart[key] : undefined
      const held = Object.hasOwn(withheld, key)
      states[name] = kept !== undefined ? 'disclosed' : held ? 'withheld' : 'erased'
      if (kept !== undefined && commitmentOf(kept) !== commitment) {
        fault(`apart["${key}"]`, 'This is not what the entry committed to.')
      }
      if (kept !== undefined && held) fault(`withheld["${key}"]`, 'It is disclosed all the same.')
      if (held) checkWithheld(file, { entry, name, key }, fault)
      if (states[name] === 'erased' && n >= lastErasure) {
        fault(`apart["${key}"]`, 'This is missing, and no entry says that it was erased.')
      }
    }
    return states
  })
  for (const member of ['apart', 'withheld'] as const) {
    for (const key of Object.keys(file[member])) {
      if (!known.has(key)) fault(`${member}["${key}"]`, 'No entry committed to this.')
    }
  }
  return found
}

/** Only a response is withheld, while its code can be used. */
function checkWithheld(
  { withheld, head }: EvidenceFile,
  { entry, name, key }: { readonly entry: Entry; readonly name: string; readonly key: string },
  fault: Faults,
): void {
  const where = `withheld["${key}"]`
  if (entry.kind !== 'response' || name !== 'response') fault(where, 'It is no response.')
  if (Date.parse(withheld[key] ?? '') < head.at - clockDifference) {
    fault(where, 'It could not be used any more when the file was made.')
  }
}

/** An item of an entry, where it is disclosed. */
export const itemOf = ({ apart }: EvidenceFile, n: number, name: string): Json | undefined =>
  Object.hasOwn(apart, `${n}/${name}`) ? apart[`${n}/${name}`]?.item : undefined
