import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleTests } from './bundles.ts'
import type { Bundle } from './bundles.ts'
import { makeMutants } from './mutants.ts'
import type { Mutant } from './mutants.ts'
import type { Judgement, Measure, Order } from './worker.ts'

/** `killed`: a test failed. `timeout`: none ended. `uncovered`: no test runs the code. */
export type Status = 'killed' | 'survived' | 'uncovered' | 'timeout' | 'ignored'
export type Verdict = { readonly mutant: Mutant; readonly status: Status; readonly by?: string }

/** A mutant that no test ended in this time is a loop. */
const mostMs = 90_000
const processes = 2
const memoryFile = '.mutation/verdicts.json'

type Remembered = { readonly status: Status; readonly by?: string; readonly version: string }
type Memory = Record<string, Remembered>

type Run = { readonly file: number; readonly tests: readonly number[]; readonly ms: number }
type Plan = { readonly mutant: Mutant; readonly runs: readonly Run[]; readonly hitLimit: number }

/**
 * Judges every mutant of the files under `paths`. What was judged before with the same code and the same
 * tests is not judged again, unless `anew`.
 */
export async function judge(
  paths: readonly string[],
  options: { readonly anew: boolean; readonly tell: (line: string) => void },
): Promise<readonly Verdict[]> {
  const { mutants, sources } = await makeMutants(paths)
  const bundles = await bundleTests(sources)
  const folder = mkdtempSync(join(tmpdir(), 'fapi-edge-mutation-'))
  const file = join(folder, 'bundles.json')
  writeFileSync(file, JSON.stringify(bundles))
  try {
    options.tell(`${mutants.length} mutants, ${bundles.length} test files`)
    const measures = await measureAll(file, bundles)
    const users = usersOf(mutants, measures)
    const plans = mutants
      .filter(({ ignored }) => !ignored)
      .map((mutant) => plan(mutant, measures, users.get(mutant.file) ?? new Set()))
    const memory = options.anew ? {} : recall()
    const verdicts = await inTurn(
      plans,
      file,
      async (one, ask) => {
        const known = recalled(memory, one, bundles)
        const verdict = known ?? (await judgeOne(one, bundles, ask))
        memory[nameOf(one.mutant)] = remember(verdict, one, bundles)
        return verdict
      },
      (done) => {
        if (done % 100 !== 0) return
        options.tell(`${done} of ${plans.length}`)
        keep(memory)
      },
    )
    keep(memory)
    const ignored = mutants.filter((mutant) => mutant.ignored)
    return [...verdicts, ...ignored.map((mutant) => ({ mutant, status: 'ignored' as const }))]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measureAll(file: string, bundles: readonly Bundle[]): Promise<readonly Measure[]> {
  const measures = await inTurn(
    [...bundles.keys()],
    file,
    async (at, ask) => (await ask({ kind: 'measure', file: at })) as Measure,
  )
  const failures = measures.flatMap(({ failures }, at) =>
    failures.map((failure) => `${bundles[at]?.file ?? ''}: ${failure}`),
  )
  if (failures.length > 0) throw new Error(`tests fail without any mutant:\n${failures.join('\n')}`)
  return measures
}

/** By source file: the test files whose tests run some of it, not only evaluate it. */
function usersOf(
  mutants: readonly Mutant[],
  measures: readonly Measure[],
): ReadonlyMap<string, Set<number>> {
  const fileOf = new Map(mutants.map(({ id, file }) => [id, file]))
  const users = new Map<string, Set<number>>()
  for (const [at, { tests }] of measures.entries()) {
    for (const id of new Set(tests.flatMap(({ hits }) => Object.keys(hits)))) {
      const file = fileOf.get(id) ?? ''
      users.set(file, (users.get(file) ?? new Set()).add(at))
    }
  }
  return users
}

/**
 * Which tests may kill a mutant, the quick ones first. What is evaluated outside any test, such as a
 * table, is judged by all tests of the files that use its module, or else of all that evaluate it.
 */
function plan(mutant: Mutant, measures: readonly Measure[], users: ReadonlySet<number>): Plan {
  let hits = 0
  const runs = measures.flatMap(({ tests, outside }, file) => {
    const evaluates = users.size === 0 || users.has(file)
    const outsideHits = evaluates ? (outside[mutant.id] ?? 0) : 0
    const fitting = [...tests.entries()].filter(
      ([, test]) => outsideHits > 0 || test.hits[mutant.id] !== undefined,
    )
    hits += fitting.reduce((sum, [, test]) => sum + (test.hits[mutant.id] ?? 0), outsideHits)
    const ordered = fitting.sort(([, one], [, other]) => one.ms - other.ms)
    const ms = ordered.reduce((sum, [, test]) => sum + test.ms, 0)
    return ordered.length === 0 ? [] : [{ file, tests: ordered.map(([at]) => at), ms }]
  })
  return {
    mutant,
    runs: runs.sort((one, other) => one.ms - other.ms),
    hitLimit: hits * 100 + 1_000,
  }
}

type Ask = (order: Order) => Promise<unknown>

async function judgeOne(plan: Plan, bundles: readonly Bundle[], ask: Ask): Promise<Verdict> {
  const { mutant, runs, hitLimit } = plan
  if (runs.length === 0) return { mutant, status: 'uncovered' }
  const answer = (await ask({ kind: 'judge', mutant: mutant.id, hitLimit, runs })) as
    Judgement | undefined
  if (answer === undefined || answer.late === true) return { mutant, status: 'timeout' }
  const { killedBy } = answer
  if (killedBy === undefined) return { mutant, status: 'survived' }
  return { mutant, status: 'killed', by: `${bundles[killedBy.file]?.file ?? ''}: ${killedBy.test}` }
}

/** Works through a list with a few processes; a process that does not answer is replaced. */
async function inTurn<Item, Done>(
  items: readonly Item[],
  file: string,
  work: (item: Item, ask: Ask) => Promise<Done>,
  told: (done: number) => void = () => undefined,
): Promise<readonly Done[]> {
  const results: Done[] = []
  let next = 0
  let done = 0
  await Promise.all(
    Array.from({ length: processes }, async () => {
      let child: ChildProcess | undefined
      const ask: Ask = async (order) => {
        child ??= fork(join(import.meta.dirname, 'worker.ts'), [file], {
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        })
        const answer = await askChild(child, order)
        if (answer === undefined) {
          child.kill('SIGKILL')
          child = undefined
        }
        return answer
      }
      try {
        while (next < items.length) {
          const at = next
          next += 1
          results[at] = await work(items[at] as Item, ask)
          done += 1
          told(done)
        }
      } finally {
        child?.kill('SIGKILL')
      }
    }),
  )
  return results
}

function askChild(child: ChildProcess, order: Order): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      clearTimeout(late)
      child.removeAllListeners()
      finish()
    }
    const late = setTimeout(() => settle(() => resolve(undefined)), mostMs)
    child.once('exit', (code) =>
      settle(() => reject(new Error(`a judging process ended: ${code}`))),
    )
    child.once('message', (message: { readonly answer?: unknown; readonly fault?: string }) =>
      settle(() =>
        message.fault === undefined ? resolve(message.answer) : reject(new Error(message.fault)),
      ),
    )
    child.send(order)
  })
}

const nameOf = ({ file, line, column, code, becomes }: Mutant): string =>
  JSON.stringify([file, line, column, code, becomes])

/** A kill stands as long as the test that did it; everything else, as long as all tests that could do it. */
function remember({ status, by }: Verdict, plan: Plan, bundles: readonly Bundle[]): Remembered {
  const killer =
    by === undefined ? undefined : bundles.find(({ file }) => by.startsWith(`${file}: `))
  const version = killer?.version ?? plan.runs.map(({ file }) => bundles[file]?.version).join(' ')
  return { status, version, ...(by === undefined ? {} : { by }) }
}

function recalled(memory: Memory, plan: Plan, bundles: readonly Bundle[]): Verdict | undefined {
  const { mutant } = plan
  const known = memory[nameOf(mutant)]
  // What took too long may only have met a busy machine.
  if (known === undefined || known.status === 'timeout') return undefined
  const verdict = {
    mutant,
    status: known.status,
    ...(known.by === undefined ? {} : { by: known.by }),
  }
  return remember(verdict, plan, bundles).version === known.version ? verdict : undefined
}

function recall(): Memory {
  try {
    return JSON.parse(readFileSync(memoryFile, 'utf8')) as Memory
  } catch {
    return {}
  }
}

function keep(memory: Memory): void {
  mkdirSync('.mutation', { recursive: true })
  writeFileSync(`${memoryFile}.new`, JSON.stringify(memory))
  renameSync(`${memoryFile}.new`, memoryFile)
}
