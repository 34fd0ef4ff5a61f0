import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeFixtures } from './fixtures.ts'
import type { Fixtures } from './fixtures.ts'
import { startRuntime } from './local-runtime.ts'
import type { Server } from './wire-server.ts'

/** A running server with the clients and people of the fixtures, in JSON, and how to end it. */
export type SharedServer = {
  readonly server: Server
  readonly fixtures: Fixtures
  readonly stop: () => Promise<void>
}

/** Starts the local runtime with new fixtures, or these; its clients' authority is trusted. */
export async function startSharedServer(
  args: readonly string[] = [],
  made?: Awaited<ReturnType<typeof makeFixtures>>,
): Promise<SharedServer> {
  const { fixtures, config, clientCaPem } = made ?? (await makeFixtures())
  const folder = mkdtempSync(join(tmpdir(), 'fapi-edge-test-'))
  const clientCa = join(folder, 'client-ca.pem')
  writeFileSync(clientCa, clientCaPem)
  const runtime = await startRuntime({ config, args: [...args, '--client-ca', clientCa] })
  const { output: _output, stop, exited: _exited, ...addresses } = runtime
  const ca = readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8')
  return {
    server: { ...addresses, ca },
    fixtures,
    stop: async () => {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
