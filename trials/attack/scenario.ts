import type { Finding } from './finding.ts'
import type { Capability } from './capability.ts'
import type { Severity } from './catalogue.ts'
import type { World } from './world.ts'

/** One step as it went. */
export type StepKind = 'twin' | 'attack' | 'check'
export type Step = {
  readonly kind: StepKind
  readonly part: string
  readonly what: string
  readonly finding: Finding
}

/** Runs one step under a name and notes what it showed. */
export type Note = (what: string, act: () => Promise<Finding> | Finding) => Promise<Finding>

/**
 * One thing that is tried. All four are demanded, so that a refusal always proves the check and not a
 * broken fixture, and always says what it left behind.
 */
export type PartOf<T> = {
  /** What is tried, read on from "The attacker". */
  readonly what: string
  /** What it needs beyond its scenario. */
  readonly needs?: readonly Capability[]
  /** Fresh things to attack; made once for the twin and once for the attack. */
  readonly arrange: (world: World) => Promise<T>
  /** The same steps without the fault: a good finding is success. */
  readonly twin: (world: World, given: T) => Promise<Finding> | Finding
  /** The attack, noted try by try: a good finding is the expected refusal. */
  readonly attack: (world: World, given: T, attempt: Note) => Promise<void>
  /** What the refused attack must have left as it was. */
  readonly unharmed: (world: World, given: T, check: Note) => Promise<void>
}

/** A part whose things are its own affair. */
export type Part = {
  readonly what: string
  readonly needs: readonly Capability[]
  readonly play: (world: World, note: (kind: StepKind) => Note) => Promise<void>
}

/** The twin did not succeed: the attack would prove nothing, and is not run. */
export class BrokenFixture extends Error {}

/** Makes a part from its four pieces. */
export function part<T>(pieces: PartOf<T>): Part {
  const { what, needs = [], arrange, twin, attack, unharmed } = pieces
  return {
    what,
    needs,
    play: async (world, note) => {
      const sound = await note('twin')('the same steps without the fault', async () => {
        try {
          return await twin(world, await arrange(world))
        } catch (error) {
          return { good: false, saw: error instanceof Error ? error.message : String(error) }
        }
      })
      if (!sound.good) throw new BrokenFixture(sound.saw)
      const given = await arrange(world)
      await attack(world, given, note('attack'))
      await unharmed(world, given, note('check'))
    },
  }
}

/** A named attack of the model, or one beyond it. */
export type Scenario = {
  /** `ATK-A1-04`, or for a class beyond the model `EX-RACE-CODE`. */
  readonly id: string
  readonly title: string
  /** Where it differs from what the model gives to this id. */
  readonly severity?: Severity
  /** Clauses that it stands for. */
  readonly clauses: readonly string[]
  readonly needs: readonly Capability[]
  readonly parts: readonly [Part, ...Part[]]
}
