import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { faults } from './faults.ts'
import { seeded } from './random.ts'
import { printReport } from './report.ts'
import { runChaos } from './run.ts'

/*
 * `npm run chaos`: breaks the local runtime under load and accounts for everything that clients handed in
 * or received. Status 1 when anything was lost, used twice or answered dishonestly.
 */

const usage = `npm run chaos -- [--seconds N] [--seed S] [--json FILE] [--faults LIST] [--parties N]

  --seconds  seconds of load, shared out among the faults (120); verification comes on top
  --seed     decides what the load does, to repeat a run
  --json     writes the report to a file as well
  --faults   some of the faults, with commas between them: ${faults.map(({ name }) => name).join(', ')}
  --parties  how many act at the same time (8)
`

function readOptions() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '120' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      json: { type: 'string' },
      faults: { type: 'string' },
      parties: { type: 'string', default: '8' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const number = (name: 'seconds' | 'seed' | 'parties', most: number): number => {
    const value = Number(values[name])
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new Error(`--${name} must be a whole number from 1 to ${most}`)
    }
    return value
  }
  const names = values.faults?.split(',')
  const strange = names?.find((name) => !faults.some((fault) => fault.name === name))
  if (strange !== undefined) throw new Error(`there is no fault '${strange}'`)
  return {
    seconds: number('seconds', 86_400),
    seed: number('seed', 2 ** 31),
    parties: number('parties', 64),
    json: values.json,
    faults: faults.filter(({ name }) => names === undefined || names.includes(name)),
  }
}

async function main(): Promise<number> {
  const options = readOptions()
  if (options === undefined) {
    process.stdout.write(usage)
    return 0
  }
  const stop = new AbortController()
  // The server is ended in order. It gets a Ctrl-C of the terminal as well, and ends by itself then.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stop.abort())
  const tell = (line: string): void => void process.stdout.write(`${line}\n`)
  const { seed, json } = options
  tell(`seed ${seed}, ${options.seconds} s of load, ${options.parties} parties`)
  const report = await runChaos({ ...options, random: seeded(seed), tell, signal: stop.signal })
  if (report === undefined) {
    tell('interrupted')
    process.exit(130)
  }
  tell(`\n${printReport(report)}`)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`)
  return report.sound ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
