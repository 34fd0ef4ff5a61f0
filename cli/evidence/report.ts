import { cell, table } from '../table.ts'
import type { Fault, Verification } from './verifier.ts'

const iso = (time: number | undefined): string =>
  time === undefined ? '-' : new Date(time).toISOString()

/** What a verification found, for people. Of a file that is not sound nothing is told but its faults. */
export function report(found: Verification): string {
  const { sound, faults, entries, notes } = found
  if (!sound) return faultList(faults)
  return [
    `Evidence of grant ${cell(found.grant)} at ${cell(found.issuer)}, exported ${iso(found.exportedAt)}.`,
    '',
    entryTable(found),
    '',
    ...entries.flatMap((entry) => entry.notes.map((note) => `Entry ${entry.n}: ${cell(note)}`)),
    '',
    ...notes.map(cell),
    '',
    `SOUND: ${entries.length} entries, every hash and every signature that was checked holds.`,
  ].join('\n')
}

export const faultList = (faults: readonly Fault[]): string =>
  [
    `NOT SOUND: ${faults.length === 1 ? 'one fault' : `${faults.length} faults`}. This file is no evidence.`,
    ...faults.map(({ where, what }) => `  ${cell(where)}: ${cell(what)}`),
  ].join('\n')

function entryTable({ entries }: Verification): string {
  const rows = entries.map(({ n, kind, at, standing, anchored, items }) => [
    String(n),
    kind,
    iso(at),
    standing,
    anchored ? 'anchored' : 'not anchored',
    Object.entries(items)
      .map(([name, state]) => `${name}: ${state}`)
      .join(', '),
  ])
  return table(['N', 'KIND', 'AT', 'WHO SAYS SO', 'ANCHORED', 'KEPT APART'], rows, 'No entries.')
}
