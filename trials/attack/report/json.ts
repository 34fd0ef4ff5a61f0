import type { Outcome, Result } from '../run.ts'

/** The whole run for machines; nothing in it is a secret. */
export type JsonReport = {
  readonly issuer: string
  readonly started: string
  readonly finished: string
  readonly passed: boolean
  readonly counts: Readonly<Partial<Record<Outcome, number>>>
  readonly results: readonly Result[]
}

/** Whether nothing is broken: not the server, not a fixture, not the program. */
export const passes = (results: readonly Result[]): boolean =>
  results.every(({ outcome }) => outcome === 'held' || outcome === 'not applicable')

/** Makes the report. */
export function jsonReport(
  results: readonly Result[],
  run: { readonly issuer: string; readonly started: Date; readonly finished: Date },
): JsonReport {
  const counts: Partial<Record<Outcome, number>> = {}
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1
  return {
    issuer: run.issuer,
    started: run.started.toISOString(),
    finished: run.finished.toISOString(),
    passed: passes(results),
    counts,
    results,
  }
}
