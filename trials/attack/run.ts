import { explain } from '../../cli/failure.ts'
import { attackerBehind, attacks } from './catalogue.ts'
import type { Attacker, Severity } from './catalogue.ts'
import { capabilities } from './capability.ts'
import type { Finding } from './finding.ts'
import { redact, tidy } from './redact.ts'
import { BrokenFixture } from './scenario.ts'
import type { Note, Part, Scenario, Step, StepKind } from './scenario.ts'
import type { World } from './world.ts'

/**
 * `held`: every attempt was refused as expected and harmed nothing. `broken`: one was not. `fixture broken`:
 * the same steps without the fault failed, so nothing is known. `not applicable`: the issuer, or what was
 * told of it, lacks something. `error`: the scenario could not be played to its end.
 */
export type Outcome = 'held' | 'broken' | 'fixture broken' | 'not applicable' | 'error'

export type Result = {
  readonly id: string
  readonly title: string
  readonly severity: Severity
  readonly attacker: Attacker
  readonly clauses: readonly string[]
  readonly outcome: Outcome
  /** What happened, in one sentence. */
  readonly reason: string
  /** Attempts that were made. */
  readonly attempts: number
  readonly checks: number
  readonly twins: number
  /** Parts that were left out, and why. */
  readonly omitted: readonly string[]
  readonly steps: readonly Step[]
}

/** Longer than any scenario takes; an answer that never comes must not hold up the others. */
const patience = 120_000

/** Mounts one scenario. */
export async function mount(scenario: Scenario, world: World): Promise<Result> {
  const steps: Step[] = []
  const missing = lacking(scenario.needs, world)
  if (missing !== '') return summarize(scenario, { steps, omitted: [missing], faults: [] })
  const omitted: string[] = []
  const faults: Fault[] = []
  for (const part of scenario.parts) {
    const lacks = lacking(part.needs, world)
    if (lacks !== '') omitted.push(`${part.what}: ${lacks}`)
    else faults.push(...(await playPart(part, world, steps)))
  }
  return summarize(scenario, { steps, omitted, faults })
}

/** The severity of a scenario: its own, else that of the model, and for one beyond it the highest. */
export const severityOf = ({ id, severity }: Pick<Scenario, 'id' | 'severity'>): Severity =>
  severity ?? attacks.get(/^ATK-\w+-\d\d/.exec(id)?.[0] ?? '') ?? 'H'

type Fault = { readonly kind: 'fixture broken' | 'error'; readonly what: string }

async function playPart(part: Part, world: World, steps: Step[]): Promise<readonly Fault[]> {
  const note =
    (kind: StepKind): Note =>
    async (what, act) => {
      const finding = clean(await act(), world)
      steps.push({ kind, part: part.what, what: tidy(what, world.secrets), finding })
      return finding
    }
  try {
    await within(patience, part.play(world, note))
    return []
  } catch (error) {
    const what = `${part.what}: ${redact(explain(error), world.secrets)}`
    return [{ kind: error instanceof BrokenFixture ? 'fixture broken' : 'error', what }]
  } finally {
    await world.settle()
  }
}

const clean = ({ good, saw }: Finding, world: World): Finding => ({
  good,
  saw: redact(saw, world.secrets),
})

function lacking(needs: Scenario['needs'], world: World): string {
  const missing = needs.filter((one) => !world.has(one))
  return missing.length === 0 ? '' : `needs ${missing.map((one) => capabilities[one]).join(', ')}`
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no end came in time')), milliseconds)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

function summarize(
  scenario: Scenario,
  played: {
    readonly steps: readonly Step[]
    readonly omitted: readonly string[]
    readonly faults: readonly Fault[]
  },
): Result {
  const { id, title, clauses } = scenario
  const { steps, omitted, faults } = played
  const count = (kind: StepKind) => steps.filter((step) => step.kind === kind).length
  const [attempts, checks, twins] = [count('attack'), count('check'), count('twin')]
  const bad = steps.find((step) => step.kind !== 'twin' && !step.finding.good)
  const fault = faults.find(({ kind }) => kind === 'error') ?? faults[0]
  const settled = (): readonly [Outcome, string] => {
    if (bad !== undefined) return ['broken', `${bad.part}, ${bad.what}: ${bad.finding.saw}`]
    if (fault !== undefined) return [fault.kind, fault.what]
    if (attempts === 0) return ['not applicable', omitted.join('; ')]
    return ['held', seen(steps)]
  }
  const [outcome, reason] = settled()
  return {
    id, title, clauses, outcome, reason, attempts, checks, twins, omitted, steps,
    severity: severityOf(scenario), attacker: attackerBehind(id),
  } // prettier-ignore
}

/** The different refusals of the attempts, most frequent first. */
function seen(steps: readonly Step[]): string {
  const counts = new Map<string, number>()
  for (const { kind, finding } of steps) {
    if (kind === 'attack') counts.set(finding.saw, (counts.get(finding.saw) ?? 0) + 1)
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a).map(([saw]) => saw)
  return sorted.length > 3 ? `${sorted.slice(0, 3).join('; ')}; …` : sorted.join('; ')
}
