import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startRuntime } from '../../support/local-runtime.ts'
import type { Server } from '../../support/test-client.ts'
import type { World } from './world.ts'

/** A server that knows the world's clients. Everything else is as by default, save what is given. */
export async function startServer(
  { config }: Pick<World, 'config'>,
  options: { readonly tls?: boolean; readonly issuer?: Readonly<Record<string, unknown>> } = {},
): Promise<{ readonly server: Server; readonly stop: () => Promise<unknown> }> {
  const { tls = false, issuer = {} } = options
  const runtime = await startRuntime({ config: { ...config, issuer }, tls })
  const { output: _output, stop, exited: _exited, ...addresses } = runtime
  const ca = readFileSync(join(addresses.state, 'tls', 'ca.pem'), 'utf8')
  return { server: { ...addresses, ca }, stop }
}
