import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Verdict } from './judge.ts'
import type { Mutant } from './mutants.ts'

/** A mutant as `survivors.json` names it: by its text, so that lines may move. */
type Named = { readonly in: string; readonly code: string; readonly becomes: string }

/** Why some mutants of a file are left alive. */
type Explained = {
  readonly file: string
  readonly why: string
  readonly mutants: readonly Named[]
}

export type LeftAlive = {
  readonly mutant: Mutant
  readonly status: 'survived' | 'uncovered'
  readonly why: string | undefined
}

export type Survivors = {
  readonly alive: readonly LeftAlive[]
  /** Explanations whose mutant is dead or gone: they are to be taken out. */
  readonly stale: readonly (Named & { readonly file: string })[]
}

const nameOf = (file: string, { in: line, code, becomes }: Named): string =>
  JSON.stringify([file, line, code, becomes])

/** What survived, each with the reason why it is left, if there is one. */
export function explain(
  verdicts: readonly Verdict[],
  explained: readonly Explained[] = readExplanations(),
): Survivors {
  const reasons = new Map(
    explained.flatMap(({ file, why, mutants }) =>
      mutants.map((one) => [nameOf(file, one), why] as const),
    ),
  )
  const alive = verdicts.flatMap(({ mutant, status }): readonly LeftAlive[] =>
    status === 'survived' || status === 'uncovered'
      ? [{ mutant, status, why: reasons.get(nameOf(mutant.file, mutant)) }]
      : [],
  )
  const found = new Set(alive.map(({ mutant }) => nameOf(mutant.file, mutant)))
  const judged = new Set(verdicts.map(({ mutant }) => mutant.file))
  const stale = explained
    .filter(({ file }) => judged.has(file))
    .flatMap(({ file, mutants }) => mutants.map((one) => ({ ...one, file })))
    .filter((one) => !found.has(nameOf(one.file, one)))
  return { alive, stale }
}

function readExplanations(): readonly Explained[] {
  const text = readFileSync(join(import.meta.dirname, 'survivors.json'), 'utf8')
  return JSON.parse(text) as readonly Explained[]
}
