import { openAudit } from '../observe/audit.ts'
import type { AuditBindings } from '../observe/sinks.ts'
import { nameOf } from './ring-changes.ts'
import type { Ring } from './ring.ts'

/** Records what became of a ring's keys between two states of it. */
export function logRing(
  given: {
    readonly env: AuditBindings
    readonly waitUntil: (work: Promise<unknown>) => void
    /** Kids an operator dropped. */
    readonly revoked: readonly string[]
  },
  before: Ring | undefined,
  after: Ring,
): void {
  const { env, waitUntil, revoked } = given
  const { log } = openAudit({ env, issuer: after.issuer, waitUntil })
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
