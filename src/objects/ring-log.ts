import type { Audit } from '../observe/audit.ts'
import { nameOf } from './ring-changes.ts'
import type { Ring } from './ring.ts'

/** Records what became of a ring's keys between two states of it. */
export function logRing(
  { log }: Audit,
  changed: {
    readonly before: Ring | undefined
    readonly after: Ring
    /** Kids an operator dropped. */
    readonly revoked: readonly string[]
  },
): void {
  const { before, after, revoked } = changed
  const ring = nameOf(after)
  const known = new Map(before?.keys.map((key) => [key.kid, key.activeFrom]))
  for (const { kid, activeFrom } of after.keys) {
    const when = known.get(kid)
    const about = { kid, ring, active_from: new Date(activeFrom).toISOString() }
    if (when === undefined) log('key.made', about)
    else if (when !== activeFrom) log('key.moved', about)
    known.delete(kid)
  }
  for (const kid of known.keys()) {
    log(revoked.includes(kid) ? 'key.revoked' : 'key.retired', { kid, ring })
  }
}
