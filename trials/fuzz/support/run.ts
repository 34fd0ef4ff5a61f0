import fc from 'fast-check'
import { parsers } from '../parsers.ts'
import type { ParserName } from '../parsers.ts'
import { inputsFor } from './property.ts'
import type { Property } from './property.ts'

/** One line of the table. */
export type Outcome = {
  readonly parser: string
  readonly property: string
  readonly wanted: number
  /** Inputs that were generated and judged. */
  readonly inputs: number
  readonly milliseconds: number
  /** What broke the promise, shrunk, and how to repeat it. */
  readonly failure?: string
}

export type Wanted = { readonly seed: number; readonly runs: number; readonly least?: number }

/** Checks every property of one parser. */
export async function runParser(
  name: ParserName,
  wanted: Wanted,
  report: (outcome: Outcome) => void,
): Promise<void> {
  const { properties } = await parsers[name]()
  for (const property of properties) report(await runProperty(name, property, wanted))
}

async function runProperty(
  parser: string,
  property: Property,
  { seed, runs, least = 0 }: Wanted,
): Promise<Outcome> {
  const wanted = Math.max(least, inputsFor(property, runs))
  const started = performance.now()
  const details = await property.run({ seed, numRuns: wanted })
  const milliseconds = Math.round(performance.now() - started)
  const { numRuns, failed, errorInstance } = details
  const failure = failed
    ? { failure: `${messageOf(errorInstance)}\n${fc.defaultReportMessage(details) ?? ''}` }
    : {}
  return { parser, property: property.name, wanted, inputs: numRuns, milliseconds, ...failure }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : ''

/** What is wrong with outcomes as a whole: broken promises, and parsers that got too few inputs. */
export function problemsWith(
  outcomes: readonly Outcome[],
  names: readonly string[],
  runs: number,
): readonly string[] {
  const broken = outcomes.filter(({ failure }) => failure !== undefined)
  const few = names.filter((name) => inputsOf(outcomes, name) < runs)
  return [
    ...broken.map(({ parser, property }) => `${parser}: broken: ${property}`),
    ...few.map((name) => `${name}: only ${inputsOf(outcomes, name)} of ${runs} inputs`),
  ]
}

export const inputsOf = (outcomes: readonly Outcome[], name: string): number =>
  outcomes.filter(({ parser }) => parser === name).reduce((sum, { inputs }) => sum + inputs, 0)
