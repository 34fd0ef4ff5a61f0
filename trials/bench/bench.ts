import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillTables } from '../scale/document.ts'
import { openWorkshop } from './contenders.ts'
import type { Workshop } from './contenders.ts'
import { measureDepth } from './measure-depth.ts'
import { measureFlows } from './measure-flow.ts'
import { measureGrowth } from './measure-growth.ts'
import { measureTokens } from './measure-tokens.ts'
import { measureWeight } from './measure-weight.ts'
import { readOptions, usage } from './options.ts'
import type { BenchOptions } from './options.ts'
import { makePlots, makeReport } from './report.ts'
import { describeRun } from './results.ts'
import type { Part, Results } from './results.ts'

/*
 * `npm run bench`: this server beside its peers, in one run on one machine. Prints tables and puts them
 * into docs/performance.md, with plots and raw figures in docs/performance/. `--quick` only prints.
 */

const docs = join(import.meta.dirname, '../../docs')
const figuresPath = join(docs, 'performance', 'figures.json')

async function measureAll(options: BenchOptions): Promise<Results> {
  const workshop = await openWorkshop()
  let results: Results = { about: describeRun(new Date()) }
  try {
    for (const part of options.only) {
      const begun = performance.now()
      results = { ...results, [part]: await measurePart(workshop, part, options) }
      console.error(`${part}: ${((performance.now() - begun) / 1000).toFixed(0)} s`)
    }
    return results
  } finally {
    workshop.remove()
  }
}

async function measurePart(workshop: Workshop, part: Part, { quick, rounds }: BenchOptions) {
  switch (part) {
    case 'tokens':
      return measureTokens(
        workshop,
        quick
          ? { rounds: rounds ?? 2, requests: 300, inFlight: 16 }
          : { rounds: rounds ?? 5, requests: 1_500, inFlight: 16 },
      )
    case 'flow':
      return measureFlows(
        workshop,
        quick
          ? { rounds: rounds ?? 1, flows: 30, inFlight: 4 }
          : { rounds: rounds ?? 4, flows: 120, inFlight: 8 },
      )
    case 'depth':
      return measureDepth(workshop, { requests: quick ? 40 : 200 })
    case 'growth':
      return measureGrowth(
        workshop,
        quick
          ? { rounds: rounds ?? 2, requests: 200, inFlight: [1, 16], grants: [60, 120], clients: [100, 10_000], proofs: [0, 10_000] }
          : { rounds: rounds ?? 5, requests: 1_000, inFlight: [1, 2, 4, 8, 16, 32, 64], grants: [100, 1_000, 10_000], clients: [100, 10_000, 100_000], proofs: [0, 100_000, 1_000_000] },
      ) // prettier-ignore
    case 'weight':
      return measureWeight(
        workshop,
        quick ? { requests: 2_000, step: 500 } : { requests: 100_000, step: 10_000 },
      )
  }
}

/** A part that was not measured now keeps what an earlier run found. */
function readEarlier(): Partial<Results> {
  if (!existsSync(figuresPath)) return {}
  return JSON.parse(readFileSync(figuresPath, 'utf8')) as Results
}

function write(results: Results): void {
  mkdirSync(join(docs, 'performance'), { recursive: true })
  writeFileSync(figuresPath, `${JSON.stringify(results, rounded, 1)}\n`)
  for (const [name, plot] of makePlots(results)) {
    writeFileSync(join(docs, 'performance', `${name}.svg`), plot)
  }
  const document = join(docs, 'performance.md')
  const tables = makeReport(results)
  writeFileSync(document, fillTables(readFileSync(document, 'utf8'), tables, 'bench'))
}

const rounded = (_name: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toFixed(3)) : value

const options = readOptions(process.argv.slice(2))
if (options === undefined) {
  console.error(usage)
  process.exitCode = 2
} else {
  const results = await measureAll(options)
  for (const { name, text } of makeReport(results)) console.log(`\n${name}\n\n${text}`)
  if (!options.quick) write({ ...readEarlier(), ...results })
}
