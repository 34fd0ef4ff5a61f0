import type { TestProject } from 'vitest/node'
import { problemsIn } from './audit.ts'
import type { Fixtures } from './fixtures.ts'
import { startSharedServer } from './shared-server.ts'
import type { Server } from './wire-server.ts'

declare module 'vitest' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- only an interface merges
  interface ProvidedContext {
    readonly server: Server
    readonly fixtures: Fixtures
  }
}

/** One running server for all flow tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { server, fixtures, stop } = await startSharedServer(['--audit'])
  project.provide('server', server)
  project.provide('fixtures', fixtures)
  return async () => {
    await stop()
    // Whatever the tests did: every record is what the schema says.
    const problems = problemsIn(server.state)
    if (problems.length > 0) throw new Error(`records without schema:\n${problems.join('\n')}`)
  }
}
