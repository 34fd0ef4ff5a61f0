/** A process that judges: it evaluates test bundles with one mutant awake, as the parent asks. */
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { Script } from 'node:vm'
import type { Bundle } from './bundles.ts'
import { begin, end, makeCollector, runTest, TooLong } from './tests.ts'
import type { Test } from './tests.ts'

/** What the instrumented code reads and writes (Stryker's own names). */
type Hits = Record<string, number>
type Switch = {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  mutantCoverage?: { readonly static: Hits; readonly perTest: Record<string, Hits> } | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
}

/** `measure`: run a file without mutant. `judge`: run these tests of these files until one fails. */
export type Order =
  | { readonly kind: 'measure'; readonly file: number }
  | {
      readonly kind: 'judge'
      readonly mutant: string
      readonly hitLimit: number
      readonly runs: readonly { readonly file: number; readonly tests: readonly number[] }[]
    }

export type Measure = {
  readonly tests: readonly { readonly name: string; readonly ms: number; readonly hits: Hits }[]
  /** Hit while the file was evaluated or made ready. */
  readonly outside: Hits
  readonly failures: readonly string[]
}

export type Judgement = {
  readonly killedBy?: { readonly file: number; readonly test: string }
  readonly late?: true
}

/** A test that is slower than this under a mutant has failed; none comes near it without. */
const mostMs = 20_000

const stryker: Switch = {}
Object.assign(globalThis, { __stryker__: stryker })
fc.configureGlobal({ endOnFailure: true })
process.on('unhandledRejection', () => undefined)

const bundles = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as readonly Bundle[]
const scripts = new Map<number, Script>()
const packages = new Map<string, unknown>()

async function loadPackages(names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (packages.has(name) || name === 'vitest' || name.startsWith('cloudflare:')) continue
    const module = (await import(name)) as { readonly default?: unknown }
    const { default: main } = module
    // What a bundle imports as default is the module itself.
    packages.set(
      name,
      typeof main === 'function'
        ? Object.assign((...values: unknown[]): unknown => main(...values), module)
        : module,
    )
  }
}

/** A bundle may wait at its top level, so it becomes an asynchronous function. */
const compile = ({ code, file }: Bundle): Script =>
  new Script(`(async function (load) {${code}\n})`, { filename: file })

/** Evaluates a test file anew: no module state outlives a mutant. */
async function evaluate(file: number): Promise<readonly Test[]> {
  const bundle = bundles[file]
  if (bundle === undefined) throw new Error(`no bundle ${file}`)
  await loadPackages(bundle.packages)
  const script = scripts.get(file) ?? compile(bundle)
  scripts.set(file, script)
  made.clear()
  const { api, tests } = makeCollector()
  const body = script.runInThisContext() as (load: (name: string) => unknown) => Promise<void>
  await body((name) => (name === 'vitest' ? api : packages.get(name)))
  return tests
}

/** Making keys is most of the time of many tests: the n-th of a kind is the same for every mutant. */
const made = new Map<string, number>()
const keys = new Map<string, Promise<unknown>>()
const generateKey = crypto.subtle.generateKey.bind(crypto.subtle) as (
  ...given: unknown[]
) => Promise<unknown>
Object.defineProperty(crypto.subtle, 'generateKey', {
  value: (...given: unknown[]): Promise<unknown> => {
    const kind = JSON.stringify(given)
    const nth = made.get(kind) ?? 0
    made.set(kind, nth + 1)
    const name = `${nth} ${kind}`
    const key = keys.get(name) ?? generateKey(...given)
    keys.set(name, key)
    return key
  },
})

async function measure(file: number): Promise<Measure> {
  stryker.activeMutant = undefined
  stryker.hitCount = undefined
  const coverage = { static: {} as Hits, perTest: {} as Record<string, Hits> }
  stryker.mutantCoverage = coverage
  stryker.currentTestId = undefined
  const tests = await evaluate(file)
  const failures: string[] = []
  const measured = []
  for (const [at, test] of tests.entries()) {
    await begin(test)
    const start = performance.now()
    stryker.currentTestId = String(at)
    try {
      await runTest(test, mostMs)
    } catch (error) {
      failures.push(`${test.name}: ${error instanceof Error ? error.message : String(error)}`)
    }
    stryker.currentTestId = undefined
    const hits = coverage.perTest[String(at)] ?? {}
    measured.push({ name: test.name, ms: performance.now() - start, hits })
  }
  await end(tests)
  stryker.mutantCoverage = undefined
  return { tests: measured, outside: coverage.static, failures }
}

async function judge(order: Extract<Order, { readonly kind: 'judge' }>): Promise<Judgement> {
  for (const { file, tests: wanted } of order.runs) {
    stryker.activeMutant = order.mutant
    stryker.hitCount = 0
    stryker.hitLimit = order.hitLimit
    let name = 'while it is read'
    let tests: readonly Test[] = []
    try {
      tests = await evaluate(file)
      for (const at of wanted) {
        const test = tests[at]
        if (test === undefined) throw new Error('a test is not declared')
        name = test.name
        await begin(test)
        await runTest(test, mostMs)
      }
    } catch (error) {
      return error instanceof TooLong ? { late: true } : { killedBy: { file, test: name } }
    } finally {
      stryker.activeMutant = undefined
      await end(tests).catch(() => undefined)
    }
  }
  return {}
}

process.on('message', (order: Order) => {
  const work = order.kind === 'measure' ? measure(order.file) : judge(order)
  work.then(
    (answer) => process.send?.({ answer }),
    (error: unknown) =>
      process.send?.({ fault: error instanceof Error ? error.stack : String(error) }),
  )
})
