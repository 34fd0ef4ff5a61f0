import { availableParallelism } from 'node:os'
import { table } from '../../cli/table.ts'
import { isWanted, readOptions, usage } from './options.ts'
import type { Options } from './options.ts'
import { parserNames } from './parsers.ts'
import { problemsWith } from './support/run.ts'
import type { Outcome } from './support/run.ts'
import { runSideBySide } from './support/threads.ts'

/** `npm run fuzz`: every property with many inputs, then a server with requests that are almost right. */
async function fuzz(options: Options): Promise<readonly string[]> {
  const { runs, seed, only, requests } = options
  console.log(`seed ${seed}: to repeat, npm run fuzz -- --seed ${seed} --runs ${runs}`)
  const properties = runs === 0 ? [] : await fuzzParsers(options)
  if (requests === 0) return properties
  const { fuzzServer } = await import('./http/fuzz-server.ts')
  const { rows, problems } = await fuzzServer({ seed, requests, only })
  console.log(`\n${table(['scene', 'requests', 'seconds', 'answers', 'outcome'], rows, '')}`)
  return [...properties, ...problems]
}

async function fuzzParsers({ runs, seed, only }: Options): Promise<readonly string[]> {
  const names = parserNames.filter((name) => isWanted(name, only))
  const outcomes = await runSideBySide(names, {
    wanted: { seed, runs },
    threads: availableParallelism(),
    tell: (one) => console.log(`${one.failure === undefined ? 'holds ' : 'BROKEN'} ${words(one)}`),
  })
  for (const { failure } of outcomes) if (failure !== undefined) console.log(`\n${failure}`)
  console.log(`\n${table(['parser', 'property', 'inputs', 'seconds', 'outcome'], rowsOf(outcomes), 'No parser has this name.')}`) // prettier-ignore
  return problemsWith(outcomes, names, runs)
}

const words = ({ parser, property, inputs }: Outcome): string =>
  `${parser}: ${property} (${inputs})`

const rowsOf = (outcomes: readonly Outcome[]) =>
  parserNames.flatMap((name) =>
    outcomes
      .filter(({ parser }) => parser === name)
      .map(({ property, inputs, milliseconds, failure }) => [
        name,
        property,
        String(inputs),
        (milliseconds / 1000).toFixed(1),
        failure === undefined ? 'holds' : 'BROKEN',
      ]),
  )

const options = readOptions(process.argv.slice(2))
if (typeof options === 'string') {
  console.error(`${options}\n${usage}`)
  process.exitCode = 2
} else {
  const problems = await fuzz(options)
  console.log(problems.length === 0 ? '\nAll promises hold.' : `\n${problems.join('\n')}`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
