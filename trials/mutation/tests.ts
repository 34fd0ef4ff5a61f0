import { expect, vi } from 'vitest'

/**
 * As much of vitest as the rules use, without its worker and modules: a test file is a script that is
 * evaluated anew for each mutant, and a single test of it can be run.
 */
type Step = () => unknown

type Suite = {
  readonly parent: Suite | undefined
  readonly beforeAll: Step[]
  readonly afterAll: Step[]
  readonly beforeEach: Step[]
  readonly afterEach: Step[]
  begun: boolean
}

export type Test = { readonly name: string; readonly suite: Suite; readonly run: Step }

type Body = (...values: unknown[]) => unknown

const newSuite = (parent?: Suite): Suite => ({
  parent,
  beforeAll: [],
  afterAll: [],
  beforeEach: [],
  afterEach: [],
  begun: false,
})

/** What a test file imports as `vitest`, and the tests it declared with it. */
export function makeCollector() {
  const tests: Test[] = []
  let here = newSuite()

  const it = (name: string, body: Body, ..._timeout: unknown[]): void => {
    tests.push({ name, suite: here, run: () => body() })
  }
  const describe = (_name: string, body: Body): void => {
    const outer = here
    here = newSuite(outer)
    try {
      body()
    } finally {
      here = outer
    }
  }
  const each =
    (declare: typeof it) =>
    (rows: readonly unknown[]) =>
    (name: string, body: Body): void => {
      // A list is spread only among lists.
      const lists = rows.every((row) => Array.isArray(row))
      for (const row of rows)
        declare(name, () => (lists ? body(...(row as readonly unknown[])) : body(row)))
    }
  const hook = (kind: 'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach') => (step: Step) => {
    here[kind].push(step)
  }
  return {
    tests,
    api: {
      expect,
      vi,
      it: Object.assign(it, { each: each(it) }),
      describe: Object.assign(describe, { each: each(describe) }),
      beforeAll: hook('beforeAll'),
      afterAll: hook('afterAll'),
      beforeEach: hook('beforeEach'),
      afterEach: hook('afterEach'),
    },
  }
}

const line = (suite: Suite): readonly Suite[] =>
  suite.parent === undefined ? [suite] : [...line(suite.parent), suite]

/** Makes ready what the test's groups make ready once. */
export async function begin(test: Test): Promise<void> {
  for (const suite of line(test.suite)) {
    if (suite.begun) continue
    suite.begun = true
    for (const step of suite.beforeAll) await step()
  }
}

/** A test that did not end in time: a loop, or a promise nobody keeps. */
export class TooLong extends Error {}

/** Runs one test; throws as it does, and `TooLong` after `most` milliseconds. */
export async function runTest(test: Test, most: number): Promise<void> {
  const suites = line(test.suite)
  for (const suite of suites) for (const step of suite.beforeEach) await step()
  const timer = Promise.withResolvers<never>()
  const late = setTimeout(() => timer.reject(new TooLong()), most)
  try {
    await Promise.race([test.run(), timer.promise])
  } finally {
    clearTimeout(late)
    for (const suite of suites.toReversed()) for (const step of suite.afterEach) await step()
  }
}

/** Undoes what the groups of these tests made. */
export async function end(tests: readonly Test[]): Promise<void> {
  const begun = new Set(tests.flatMap(({ suite }) => line(suite)).filter((suite) => suite.begun))
  for (const suite of begun) for (const step of suite.afterAll) await step()
}
