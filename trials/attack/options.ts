import { parseArgs } from 'node:util'
import { misuse } from '../../cli/failure.ts'

/** What `npm run attack` was asked for. */
export type Options = {
  readonly issuer?: string
  readonly config?: string
  readonly json?: string
  readonly sarif?: string
  /** Ids of scenarios; absent: all. */
  readonly only?: readonly string[]
  readonly list: boolean
  readonly help: boolean
}

export const usage = `Usage: npm run attack [-- OPTIONS]

Mounts the attacks of the FAPI 2.0 Attacker Model, and some beyond it, each beside the same steps without
the fault. Without options: against a server it starts on this machine.

  --issuer URL     attack this issuer instead; needs --config
  --config FILE    two clients, people, how they sign in, a resource (docs/attack.schema.json)
  --only ID,ID     only these scenarios: ATK-A1-04, or ATK-A1 for all of an attacker
  --json FILE      write everything as JSON
  --sarif FILE     write what is broken as SARIF 2.1.0
  --list           list the scenarios
  --help           this text

Exit status: 0 nothing broken, 1 something broken or a fixture broken, 2 it could not begin.`

const flags = {
  issuer: { type: 'string' },
  config: { type: 'string' },
  json: { type: 'string' },
  sarif: { type: 'string' },
  only: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Reads the command line, or throws a misuse that says what is wrong with it. */
export function readOptions(args: readonly string[]): Options {
  const { issuer, config, json, sarif, only, list = false, help = false } = parse(args)
  if (issuer !== undefined && config === undefined)
    throw misuse('--issuer needs --config FILE with two clients; see docs/attack.md.')
  if (config !== undefined && issuer === undefined)
    throw misuse('--config is about an issuer: name it with --issuer URL.')
  const ids = only?.split(',').filter((id) => id !== '')
  if (ids?.length === 0) throw misuse('--only needs ids of scenarios; see --list.')
  return {
    list,
    help,
    ...(issuer === undefined ? {} : { issuer }),
    ...(config === undefined ? {} : { config }),
    ...(json === undefined ? {} : { json }),
    ...(sarif === undefined ? {} : { sarif }),
    ...(ids === undefined ? {} : { only: ids }),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: false }).values
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw misuse(`${message.split(/\. |\n/)[0]?.replace(/\.$/, '')}; see --help.`)
  }
}
