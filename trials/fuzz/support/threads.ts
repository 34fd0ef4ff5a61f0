import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ParserName } from '../parsers.ts'
import type { Outcome, Wanted } from './run.ts'

/** Runs parsers side by side, a few at a time; each outcome is told as it comes. */
export async function runSideBySide(
  names: readonly ParserName[],
  given: {
    readonly wanted: Wanted
    readonly threads: number
    readonly tell: (one: Outcome) => void
  },
): Promise<readonly Outcome[]> {
  const waiting = [...names]
  const outcomes: Outcome[] = []
  const lane = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      await runIn(name, given.wanted, (outcome) => {
        outcomes.push(outcome)
        given.tell(outcome)
      })
    }
  }
  await Promise.all(Array.from({ length: given.threads }, lane))
  return outcomes
}

function runIn(name: ParserName, wanted: Wanted, tell: (one: Outcome) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const worker = new Worker(join(import.meta.dirname, 'worker.ts'), {
    workerData: { name, wanted },
  })
  worker.on('message', tell)
  worker.on('error', (error: unknown) => {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const none = { wanted: wanted.runs, inputs: 0, milliseconds: 0 }
    tell({ parser: name, property: '(the parser could not be run)', ...none, failure })
  })
  worker.on('exit', () => resolve(undefined))
  return promise
}
