import { startSharedServer } from '../../test/support/shared-server.ts'
import type { Fixtures } from '../../test/support/fixtures.ts'
import { send } from '../../test/support/http.ts'
import { openKeyHost } from '../../test/support/key-host.ts'
import { endpointsOf } from '../../test/support/wire-server.ts'
import type { Server } from '../../test/support/wire-server.ts'
import { makeWorld } from './make-world.ts'
import type { Known } from './make-world.ts'
import { ownForms } from './pages.ts'
import type { World } from './world.ts'

/** The world of a local runtime with these fixtures: everything can be done there. */
export async function worldOf(
  server: Server,
  fixtures: Fixtures,
  more: Pick<Known, 'close' | 'disposable' | 'outbound' | 'thorough'> = {},
): Promise<World> {
  const { json: metadata } = await send(`${server.issuer}/.well-known/oauth-authorization-server`)
  const { web, second, mtlsPki, resourceServer } = fixtures.clients
  const { alice, carol } = fixtures.users
  return makeWorld({
    server: { ...server, endpoints: endpointsOf(metadata) },
    metadata,
    clients: [web, second],
    people: [alice, carol],
    signIn: { forms: ownForms },
    resource: `${server.api}/accounts`,
    resourceServer,
    certificateClient: mtlsPki,
    runtime: server,
    nonces: true,
    ...more,
  })
}

/** Starts a local runtime on free ports, with new keys, and one more when a scenario wants to lock it up. */
export async function startLocalWorld(): Promise<World> {
  const { server, fixtures, stop } = await startSharedServer()
  const spare = spareServer()
  return worldOf(server, fixtures, {
    disposable: spare.open,
    close: async () => {
      await spare.close()
      await stop()
    },
  })
}

/** A second local runtime, started when it is first asked for; it may call a host of ours. */
export function spareServer(): {
  readonly open: () => Promise<World>
  readonly close: () => Promise<void>
} {
  let started: Promise<World> | undefined
  const start = async (): Promise<World> => {
    const outbound = await openKeyHost()
    const allowed = ['--outbound-allow', outbound.origin]
    const { server, fixtures, stop } = await startSharedServer(allowed)
    const close = async () => {
      await outbound.close()
      await stop()
    }
    return worldOf(server, fixtures, { outbound, close })
  }
  return {
    open: () => (started ??= start()),
    close: async () => (await started)?.close(),
  }
}
