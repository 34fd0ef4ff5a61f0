import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { problemsIn } from './audit.ts'
import { makeFixtures } from './fixtures.ts'
import type { Fixtures } from './fixtures.ts'
import { startRuntime } from './local-runtime.ts'
import type { Addresses } from './local-runtime.ts'

declare module 'vitest' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- only an interface merges
  interface ProvidedContext {
    readonly server: Addresses & { readonly ca: string }
    readonly fixtures: Fixtures
  }
}

/** One running server for all flow tests. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { fixtures, config, clientCaPem } = await makeFixtures()
  const folder = mkdtempSync(join(tmpdir(), 'fapi-edge-test-'))
  const clientCa = join(folder, 'client-ca.pem')
  writeFileSync(clientCa, clientCaPem)
  const runtime = await startRuntime({ config, args: ['--audit', '--client-ca', clientCa] })
  const { output: _output, stop, exited: _exited, ...addresses } = runtime
  const ca = readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8')
  project.provide('server', { ...addresses, ca })
  project.provide('fixtures', fixtures)
  return async () => {
    await stop()
    // Whatever the tests did: every record is what the schema says.
    const problems = problemsIn(runtime.state)
    if (problems.length > 0) throw new Error(`records without schema:\n${problems.join('\n')}`)
    rmSync(folder, { recursive: true, force: true })
  }
}
