import { Instrumenter } from '@stryker-mutator/instrumenter'
import { globSync, readFileSync } from 'node:fs'
import { shouldIgnore } from './ignore.ts'

/** What is judged: everything that decides about tokens. */
export const judgedFolders = ['src/authorization', 'src/clients', 'src/proof', 'src/tokens']

export type Mutant = {
  /** Its name while it is judged; another one each time. */
  readonly id: string
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  readonly column: number
  /** The text it replaces, and the whole line that text begins in. */
  readonly code: string
  readonly in: string
  readonly becomes: string
  /** It is no behaviour: `ignore.ts`. */
  readonly ignored: boolean
}

/** Files with all their mutants in them, each asleep until its number is called. */
export type Mutated = {
  readonly mutants: readonly Mutant[]
  /** By path from the project. */
  readonly sources: ReadonlyMap<string, string>
}

const silent = () => undefined
const logger = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  fatal: silent,
}

/** Has Stryker's instrumenter make every mutant of the judged files that lie under one of `paths`. */
export async function makeMutants(paths: readonly string[]): Promise<Mutated> {
  const names = judgedFolders
    .flatMap((folder) => globSync(`${folder}/**/*.ts`))
    .filter((name) => paths.some((path) => name === path || name.startsWith(`${path}/`)))
    .sort()
  const files = names.map((name) => ({ name, mutate: true, content: readFileSync(name, 'utf8') }))
  const instrumenter = new Instrumenter(logger)
  const { files: made, mutants } = await instrumenter.instrument(files, {
    plugins: null,
    excludedMutations: [],
    ignorers: [{ shouldIgnore }],
    noHeader: false,
  } as Parameters<typeof instrumenter.instrument>[1])
  const originals = new Map(files.map(({ name, content }) => [name, content.split('\n')]))
  return {
    sources: new Map(made.map(({ name, content }) => [name, content])),
    mutants: mutants.map(({ id, fileName, location, replacement, status }) => {
      const { start, end } = location
      const lines = originals.get(fileName) ?? []
      return {
        id,
        file: fileName,
        line: start.line + 1,
        column: start.column + 1,
        code: plain(cut(lines, start, end)),
        in: plain(lines[start.line] ?? ''),
        becomes: plain(replacement),
        ignored: status === 'Ignored',
      }
    }),
  }
}

type Place = { readonly line: number; readonly column: number }

function cut(lines: readonly string[], start: Place, end: Place): string {
  const taken = lines.slice(start.line, end.line + 1)
  const last = taken.length - 1
  return taken
    .map((line, at) => (at === last ? line.slice(0, end.column) : line))
    .map((line, at) => (at === 0 ? line.slice(start.column) : line))
    .join('\n')
}

const plain = (text: string): string => text.replace(/\s+/g, ' ').trim()
