import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { endProcess, isRunning, markProcess, readMark } from '../../demo/processes.ts'
import type { ProcessMark } from '../../demo/processes.ts'
import { makeFixtures } from '../../test/support/fixtures.ts'
import type { ClientFixture, Fixtures } from '../../test/support/fixtures.ts'
import { keySet, openKeyHost } from '../../test/support/key-host.ts'
import type { KeyHost } from '../../test/support/key-host.ts'
import { freePorts, startRuntime } from '../../test/support/local-runtime.ts'
import type { Runtime } from '../../test/support/local-runtime.ts'
import { makeDpopKey } from '../../test/support/wire-keys.ts'
import type { Server } from '../../test/support/wire-server.ts'

export type Victim = 'workerd' | 'parent' | 'both'

/** The server that is broken, in processes of its own, on state that outlives them. */
export type Host = {
  readonly fixtures: Fixtures
  /** A client whose keys are at an address of its own, and that address. */
  readonly remote: ClientFixture
  readonly keyHost: KeyHost
  readonly server: () => Server
  readonly ports: readonly number[]
  /** SIGKILL; what was killed is back when this resolves. `meanwhile`: with everything down. */
  readonly kill: (victim: Victim, meanwhile?: () => void) => Promise<void>
  /** The processes that were killed so far. */
  readonly killed: () => readonly ProcessMark[]
  /** Ends it as Ctrl-C does; its exit status. Then everything of it is removed. */
  readonly close: () => Promise<number | null>
}

const keysPath = '/keys'

/** Answers with the remote client's keys again. */
export type RemoteKeys = { readonly serve: () => void; readonly hang: () => void }

export async function openHost(): Promise<Host & { readonly remoteKeys: RemoteKeys }> {
  const folder = mkdtempSync(join(tmpdir(), 'fapi-edge-chaos-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const made = await makeFixtures()
  const keyHost = await openKeyHost()
  const remote = await makeRemote(keyHost)
  const clientCa = join(folder, 'client-ca.pem')
  writeFileSync(clientCa, made.clientCaPem)
  const config = made.config as { readonly clients: readonly object[] }
  const state = join(folder, 'state')
  const ports = await freePorts(5)
  const start = () =>
    startRuntime({
      config: { ...config, clients: [...config.clients, remote.metadata] },
      args: ['--no-demo', '--client-ca', clientCa, '--outbound-allow', keyHost.origin],
      state,
      ports,
    })
  let runtime: Runtime = await start()
  const ca = readFileSync(join(state, 'tls', 'ca.pem'), 'utf8')
  const killed: ProcessMark[] = []
  remote.keys.serve()

  const workerd = () => readMark(readText(join(state, 'workerd.json')))

  let killing: Promise<void> = Promise.resolve()
  const kill: Host['kill'] = (victim, meanwhile) => (killing = killNow(victim, meanwhile))

  async function killNow(victim: Victim, meanwhile?: () => void): Promise<void> {
    const inner = workerd()
    const outer = markProcess(runtime.pid)
    if (inner === undefined || outer === undefined) throw new Error('there is nothing to kill')
    const victims = { workerd: [inner], parent: [outer], both: [inner, outer] }[victim]
    killed.push(...victims)
    await Promise.all(victims.map(endProcess))
    if (victim === 'workerd') return untilBack(inner)
    await runtime.exited
    if (meanwhile !== undefined) {
      await untilGone(inner)
      meanwhile()
    }
    runtime = await start()
  }

  /** Miniflare starts it again; the mark of the new one is written then. */
  async function untilBack(before: ProcessMark): Promise<void> {
    for (let tries = 0; tries < 1_200; tries += 1) {
      const now = workerd()
      if (now !== undefined && now.pid !== before.pid && isRunning(now)) return
      await wait(50)
    }
    throw new Error('workerd did not come back')
  }

  return {
    fixtures: made.fixtures,
    remote: remote.fixture,
    remoteKeys: remote.keys,
    keyHost,
    server: () => ({ ...runtime, ca }),
    ports,
    kill,
    killed: () => killed,
    close: async () => {
      // What is being started again is ended too.
      await killing.catch(() => undefined)
      const status = await runtime.stop()
      await keyHost.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
      return status
    },
  }
}

/** The watchdog ends what its parent left behind. */
async function untilGone(mark: ProcessMark): Promise<void> {
  for (let tries = 0; tries < 200 && isRunning(mark); tries += 1) await wait(50)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

async function makeRemote(host: KeyHost) {
  const { jwk, publicJwk } = await makeDpopKey()
  const named = { kid: 'remote-1', alg: 'ES256', use: 'sig' }
  const [clientId, redirectUri] = ['client-remote', 'https://remote.example/cb']
  return {
    fixture: { clientId, redirectUri, jwk: { ...jwk, ...named }, alg: 'ES256' },
    metadata: {
      client_id: clientId,
      client_name: 'Test client remote',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      scope: 'openid accounts grant_management_query grant_management_revoke',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `${host.origin}${keysPath}`,
    },
    keys: {
      serve: () => host.serve(keysPath, keySet({ ...publicJwk, ...named })),
      hang: () => host.serve(keysPath, () => undefined),
    },
  }
}
