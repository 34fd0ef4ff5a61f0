import { parseArgs } from 'node:util'
import { parts } from './results.ts'
import type { Part } from './results.ts'

export type BenchOptions = {
  readonly quick: boolean
  readonly only: readonly Part[]
  readonly rounds: number | undefined
}

export const usage = `usage: npm run bench [-- --quick] [--only ${parts.join(',')}] [--rounds N]`

/** Reads the command line. Undefined: it is not understood. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        rounds: { type: 'string' },
      },
    })
    const names = values.only?.split(',') ?? parts
    const only = parts.filter((part) => names.includes(part))
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
    if (only.length !== names.length) return undefined
    if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) return undefined
    return { quick: values.quick, only, rounds }
  } catch {
    return undefined
  }
}
