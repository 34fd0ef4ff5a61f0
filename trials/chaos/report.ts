import { table } from '../../cli/table.ts'
import type { EvidenceTally } from './evidence.ts'
import type { Fault } from './faults.ts'
import { kinds } from './ledger.ts'
import type { Kind, Ledger, Problem, Thing } from './ledger.ts'
import type { Scene } from './scene.ts'

/** One line of the accounting. */
export type Tally = {
  readonly made: number
  readonly acknowledged: number
  readonly used: number
  readonly usedTwice: number
  readonly lost: number
  readonly spentUnanswered: number
  readonly refusedHonestly: number
}

export type Report = {
  readonly sound: boolean
  readonly seed: number
  /** How long it took, verification included. */
  readonly seconds: number
  readonly requests: number
  readonly kinds: Readonly<Record<Kind, Tally>>
  readonly faults: Readonly<Record<string, FaultReport>>
  readonly evidence: EvidenceTally
  readonly problems: readonly Problem[]
  /** With which the server ended when it was asked to. */
  readonly exitStatus: number | null
}

export type FaultReport = {
  readonly what: string
  readonly total: Tally
  readonly kinds: Readonly<Record<Kind, Tally>>
  /** Answers by status and error. */
  readonly answers: Readonly<Record<string, number>>
  readonly dishonest: number
}

/** Adds up the books. */
export function makeReport(
  { ledger, recorder }: Pick<Scene, 'ledger' | 'recorder'>,
  given: Pick<Report, 'seed' | 'seconds' | 'evidence' | 'exitStatus'> & {
    readonly faults: readonly Pick<Fault, 'name' | 'what'>[]
  },
): Report {
  const { faults, ...rest } = given
  const problems = ledger.problems
  return {
    sound: problems.length === 0 && given.exitStatus === 0,
    ...rest,
    requests: recorder.count(),
    kinds: tallyByKind(ledger.all()),
    faults: Object.fromEntries(
      faults.map(({ name, what }) => [
        name,
        {
          what,
          total: tally(madeDuring(ledger, name)),
          kinds: tallyByKind(madeDuring(ledger, name)),
          answers: Object.fromEntries(recorder.answers.get(name) ?? []),
          dishonest: problems.filter((one) => one.fault === name && isDishonest(one)).length,
        },
      ]),
    ),
    problems,
  }
}

const isDishonest = ({ what }: Problem): boolean => what === 'dishonest' || what === 'evidence'

const madeDuring = (ledger: Ledger, fault: string) =>
  ledger.all().filter((thing) => thing.fault === fault)

const tallyByKind = (things: readonly Thing[]) =>
  Object.fromEntries(
    kinds.map((kind) => [kind, tally(things.filter((thing) => thing.kind === kind))]),
  ) as Record<Kind, Tally>

export function tally(things: readonly Thing[]): Tally {
  const count = (holds: (thing: Thing) => boolean) => things.filter(holds).length
  return {
    made: things.length,
    acknowledged: count(({ acknowledged, uses }) => acknowledged || uses > 0),
    used: count(({ uses }) => uses > 0),
    usedTwice: count(({ usedTwice }) => usedTwice),
    lost: count(({ lost }) => lost),
    spentUnanswered: count(({ spentUnanswered }) => spentUnanswered),
    refusedHonestly: things.reduce((sum, { refusals }) => sum + refusals, 0),
  }
}

const columns = [
  ['made', 'made'],
  ['acknowledged', 'acknowledged'],
  ['used', 'used'],
  ['usedTwice', 'used twice'],
  ['lost', 'lost'],
  ['spentUnanswered', 'spent unanswered'],
  ['refusedHonestly', 'refused honestly'],
] as const satisfies readonly (readonly [keyof Tally, string])[]

/** The accounting for people. */
export function printReport(report: Report): string {
  const numbers = (line: Tally) => columns.map(([name]) => String(line[name]))
  const head = columns.map(([, title]) => title)
  const { evidence, problems, faults } = report
  const answers = Object.entries(faults).map(([name, one]) => {
    const counted = Object.entries(one.answers).sort(([, a], [, b]) => b - a)
    return `${name}: ${counted.map(([label, count]) => `${count} × ${label}`).join(', ')}`
  })
  return [
    table(
      ['kind', ...head],
      Object.entries(report.kinds).map(([kind, line]) => [kind, ...numbers(line)]),
      '',
    ),
    '',
    table(
      ['fault', ...head, 'dishonest'],
      Object.entries(faults).map(([name, one]) => [
        name,
        ...numbers(one.total),
        String(one.dishonest),
      ]),
      '',
    ),
    '',
    'Answers:',
    ...answers.map((line) => `  ${line}`),
    '',
    `Evidence: ${evidence.grants} chains verified, ${evidence.tokens} tokens in them, ${evidence.withheld} withheld, ${evidence.unreceived} released to nobody who got them.`,
    `${report.requests} requests and pages in ${report.seconds} s, seed ${report.seed}.`,
    ...problems
      .slice(0, mostShown)
      .map(({ what, fault, detail }) => `${what.toUpperCase()} (${fault}): ${detail}`),
    ...(problems.length > mostShown ? [`… and ${problems.length - mostShown} more`] : []),
    report.sound
      ? 'Nothing lost, nothing used twice, no dishonest answer.'
      : `${problems.length} problems; the server ended with status ${String(report.exitStatus)}.`,
  ].join('\n')
}

const mostShown = 40
