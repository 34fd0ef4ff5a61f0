import { isRecord } from '../encoding.ts'
import type { Issuer } from '../types.ts'
import { contradiction, onlyKnown } from './readers.ts'

/** Reads `grant_management`. Throws `Contradiction`. */
export function readGrantManagement(
  entry: Readonly<Record<string, unknown>>,
  where: string,
): Issuer['grantManagement'] {
  const value = entry['grant_management'] ?? {}
  if (!isRecord(value)) return contradiction(`${where}: grant_management must be an object.`)
  onlyKnown(value, ['action_required'], `${where}: grant_management`)
  const required = value['action_required'] ?? false
  if (typeof required !== 'boolean') {
    return contradiction(`${where}: grant_management.action_required must be true or false.`)
  }
  return Object.freeze({ actionRequired: required })
}
