import { parseArgs } from 'node:util'

/** What `npm run fuzz` was asked for. */
export type Options = {
  /** Inputs for each parser. */
  readonly runs: number
  readonly seed: number
  /** Parts of names of parsers or scenes; empty: all. */
  readonly only: readonly string[]
  /** HTTP requests in all; 0: none. */
  readonly requests: number
}

export const usage = 'Usage: npm run fuzz [-- --runs 200000 --seed N --only NAME --requests 20000]'

/** Reads the command line; a text says what is wrong with it. */
export function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        runs: { type: 'string', default: '200000' },
        seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
        only: { type: 'string', default: '' },
        requests: { type: 'string', default: '20000' },
      },
    })
    const [runs, seed, requests] = [values.runs, values.seed, values.requests].map(Number)
    const counts = [runs, seed, requests]
    if (!counts.every((count) => Number.isSafeInteger(count) && Number(count) >= 0)) {
      return 'runs, seed and requests must be whole numbers.'
    }
    return {
      runs: runs ?? 0,
      seed: seed ?? 0,
      only: values.only.split(','),
      requests: requests ?? 0,
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Whether a name is among those asked for. */
export const isWanted = (name: string, only: readonly string[]): boolean =>
  only.some((part) => name.includes(part))
