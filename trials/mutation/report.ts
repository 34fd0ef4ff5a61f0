import type { Status, Verdict } from './judge.ts'
import { judgedFolders } from './mutants.ts'
import type { LeftAlive, Survivors } from './survivors.ts'

const counted = [
  'killed',
  'timeout',
  'survived',
  'uncovered',
  'ignored',
] as const satisfies readonly Status[]

/** Mutants of one folder by what became of them. The score: of those that count, how many were found. */
type Row = Readonly<Record<Status, number>> & { readonly name: string; readonly score: string }

function rowOf(name: string, verdicts: readonly Verdict[]): Row {
  const count = (wanted: Status) => verdicts.filter(({ status }) => status === wanted).length
  const [killed, timeout, survived, uncovered, ignored] = counted.map(count) as [number, number, number, number, number] // prettier-ignore
  const found = killed + timeout
  const all = found + survived + uncovered
  const score = all === 0 ? '–' : `${((100 * found) / all).toFixed(1)} %`
  return { name, killed, timeout, survived, uncovered, ignored, score }
}

/** The table of all folders that were judged, as Markdown. */
export function table(verdicts: readonly Verdict[]): string {
  const rows = judgedFolders
    .map((folder) =>
      rowOf(
        folder,
        verdicts.filter(({ mutant }) => mutant.file.startsWith(`${folder}/`)),
      ),
    ) // prettier-ignore
    .filter((row) => counted.some((status) => row[status] > 0))
  const lines = [...rows, rowOf('all', verdicts)].map((row) =>
    [row.name, ...counted.map((status) => String(row[status])), row.score].join(' | '),
  )
  return [
    `| folder | ${counted.join(' | ')} | score |`,
    `|---|${'--:|'.repeat(counted.length + 1)}`,
    ...lines.map((line) => `| ${line} |`),
  ].join('\n')
}

/** One line for each mutant that is alive, those without a reason last. */
export function listAlive({ alive, stale }: Survivors): string {
  const [explained, unexplained] = [
    alive.filter(({ why }) => why !== undefined),
    alive.filter(({ why }) => why === undefined),
  ]
  return [
    `${explained.length} survivors are explained:`,
    ...explained.map(describe),
    `${unexplained.length} survivors are not:`,
    ...unexplained.map(describe),
    ...(stale.length === 0 ? [] : [`${stale.length} explanations are stale:`]),
    ...stale.map(({ file, in: line, becomes }) => `  ${file}: ${line}  →  ${becomes}`),
  ].join('\n')
}

function describe({ mutant, status, why }: LeftAlive): string {
  const { file, line, column, code, becomes } = mutant
  const what = `  ${file}:${line}:${column} ${status}: ${cut(code)}  →  ${cut(becomes)}`
  return why === undefined ? what : `${what}\n      ${why}`
}

const cut = (text: string): string => (text.length > 100 ? `${text.slice(0, 99)}…` : text)
