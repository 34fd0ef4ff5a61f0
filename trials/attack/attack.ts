import { writeFileSync } from 'node:fs'
import { explain, Failure, misuse } from '../../cli/failure.ts'
import { table } from '../../cli/table.ts'
import { startLocalWorld } from './local-world.ts'
import { readOptions, usage } from './options.ts'
import type { Options } from './options.ts'
import { openWorldOutside } from './outside-world.ts'
import { jsonReport, passes } from './report/json.ts'
import { sarifReport } from './report/sarif.ts'
import { resultsTable, scenarioList, summary } from './report/table.ts'
import { mount } from './run.ts'
import type { Result } from './run.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios/index.ts'

/*
 * `npm run attack`: mounts the attacker model against a server and says what happened.
 */

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`)
  return error instanceof Failure ? error.exitCode : 2
})

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (options.help) return say(usage)
  const chosen = choose(options.only)
  if (options.list) return say(scenarioList(chosen))
  const started = new Date()
  const { issuer, config } = options
  const world =
    issuer === undefined || config === undefined
      ? await startLocalWorld()
      : await openWorldOutside(issuer, config)
  const results: Result[] = []
  try {
    for (const scenario of chosen) {
      const result = await mount(scenario, world)
      results.push(result)
      process.stderr.write(`${result.id} ${result.outcome}\n`)
    }
  } finally {
    await world.close()
  }
  const run = { issuer: world.server.issuer, started, finished: new Date() }
  write(options, results, run)
  say(`${resultsTable(results)}\n\n${failures(results)}${summary(results)}`)
  return passes(results) ? 0 : 1
}

function choose(only: Options['only']): readonly Scenario[] {
  if (only === undefined) return scenarios
  const fits = (id: string, one: string) => id === one || id.startsWith(`${one}-`)
  const unknown = only.filter((one) => !scenarios.some(({ id }) => fits(id, one)))
  if (unknown.length > 0) throw misuse(`There is no scenario ${unknown.join(', ')}; see --list.`)
  return scenarios.filter(({ id }) => only.some((one) => fits(id, one)))
}

/** Every step that is not as it should be. */
function failures(results: readonly Result[]): string {
  const rows = results.flatMap(({ id, steps, outcome, reason }) => {
    const bad = steps.filter(({ finding }) => !finding.good)
    if (bad.length > 0) return bad.map(({ kind, part, what, finding }) => [id, kind, part, what, finding.saw]) // prettier-ignore
    return outcome === 'error' ? [[id, 'error', '', '', reason]] : []
  })
  return rows.length === 0 ? '' : `${table(['ID', 'STEP', 'PART', 'WHAT', 'SAW'], rows, '')}\n\n`
}

function write(
  { json, sarif }: Options,
  results: readonly Result[],
  run: { readonly issuer: string; readonly started: Date; readonly finished: Date },
): void {
  const put = (file: string, content: object) => {
    try {
      writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`)
    } catch {
      throw misuse(`${file} cannot be written.`)
    }
  }
  if (json !== undefined) put(json, jsonReport(results, run))
  if (sarif !== undefined) put(sarif, sarifReport(results, run.issuer))
}

function say(text: string): 0 {
  process.stdout.write(`${text}\n`)
  return 0
}
