import { isRecord } from '../encoding.ts'
import type { EvidenceSettings } from '../types.ts'
import { contradiction, integer, onlyKnown } from './readers.ts'

/** Reads what an issuer says about evidence. Throws `Contradiction`. */
export function readEvidenceSettings(
  entry: Readonly<Record<string, unknown>>,
  where: string,
): EvidenceSettings {
  const value = entry['evidence'] ?? {}
  if (!isRecord(value)) return contradiction(`${where}: evidence must be an object.`)
  const here = `${where}: evidence`
  onlyKnown(value, ['anchor_every', 'retention_days'], here)
  return Object.freeze({
    anchorEvery: integer(value, 'anchor_every', here, { least: 10, most: 86_400, else: 300 }),
    retentionDays: integer(value, 'retention_days', here, { least: 0, most: 3_650, else: 730 }),
  })
}
