import type { TestProject } from 'vitest/node'
import { problemsIn } from './audit.ts'
import { makeFixtures } from './fixtures.ts'
import type { Fixtures } from './fixtures.ts'
import { startSharedServer } from './shared-server.ts'
import type { Server } from './wire-server.ts'

declare module 'vitest' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- only an interface merges
  interface ProvidedContext {
    /** One for each worker, with the same clients and people. */
    readonly servers: readonly Server[]
    readonly fixtures: Fixtures
  }
}

/** A running server for each worker of the flow tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const made = await makeFixtures()
  const started = await forEachWorker(project, () => startSharedServer(['--audit'], made))
  const servers = started.map(({ server }) => server)
  project.provide('servers', servers)
  project.provide('fixtures', made.fixtures)
  return async () => {
    await Promise.all(started.map(({ stop }) => stop()))
    // Whatever the tests did: every record is what the schema says.
    const problems = servers.flatMap(({ state }) => problemsIn(state))
    if (problems.length > 0) throw new Error(`records without schema:\n${problems.join('\n')}`)
  }
}

/** Starts as many as workers may run side by side. */
export const forEachWorker = <T>(project: TestProject, start: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: project.config.maxWorkers }, start))
