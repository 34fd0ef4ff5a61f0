import { table } from '../../../cli/table.ts'
import type { Outcome, Result } from '../run.ts'
import type { Scenario } from '../scenario.ts'
import { severityOf } from '../run.ts'

const outcomes: readonly Outcome[] = ['held', 'broken', 'fixture broken', 'error', 'not applicable']

const short = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text

/** One line of the table: what was tried, how often, and what happened. */
export const rowOf = ({ id, severity, title, attempts, checks, outcome, reason }: Result) => [
  id, severity, short(title, 48), attempts, checks, outcome, short(reason, 100),
] // prettier-ignore

/** All results for people. */
export const resultsTable = (results: readonly Result[]): string =>
  table(
    ['ID', '!', 'TRIED', 'TRIES', 'CHECKS', 'OUTCOME', 'WHAT HAPPENED'],
    results.map(rowOf),
    'No scenarios.',
  )

/** How many came out how, and what makes the run fail. */
export function summary(results: readonly Result[]): string {
  const counts = outcomes.flatMap((outcome) => {
    const count = results.filter((one) => one.outcome === outcome).length
    return count === 0 ? [] : [`${count} ${outcome}`]
  })
  const attempts = results.reduce((sum, one) => sum + one.attempts, 0)
  const checks = results.reduce((sum, one) => sum + one.checks + one.twins, 0)
  const partly = results.filter(({ attempts: tries, omitted }) => tries > 0 && omitted.length > 0)
  return [
    `${results.length} scenarios: ${counts.join(', ')}. ${attempts} attempts, ${checks} twins and checks.`,
    ...partly.map(({ id, omitted }) => `${id} partly: ${omitted.join('; ')}`),
  ].join('\n')
}

/** What there is to mount. */
export const scenarioList = (scenarios: readonly Scenario[]): string =>
  table(
    ['ID', '!', 'TITLE', 'CLAUSES'],
    scenarios.map((one) => [one.id, severityOf(one), one.title, one.clauses.join(', ')]),
    'No scenarios.',
  )
