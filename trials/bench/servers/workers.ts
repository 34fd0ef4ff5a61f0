import { readFileSync } from 'node:fs'
import { Miniflare, NoOpLog } from 'miniflare'
import type { MiniflareOptions } from 'miniflare'
import {
  describeBindings,
  describeClasses,
  describeModule,
  serverObjects,
} from '../../../demo/workers.ts'
import { followWorkerd } from '../../../demo/workerd-process.ts'
import { endProcess, isRunning } from '../../../demo/processes.ts'
import type { ProcessMark } from '../../../demo/processes.ts'
import { publicOf } from '../keys.ts'
import { audience } from './served.ts'
import type { ServeOptions } from './served.ts'

type Started = { readonly pid: number; readonly close: () => Promise<void> }

/**
 * One Worker on workerd, reached directly: nothing stands between the load and it. Miniflare writes the
 * configuration, starts workerd and reads its log.
 */
export async function startWorkers(options: ServeOptions): Promise<Started> {
  let mark: ProcessMark | undefined
  const forget = followWorkerd({
    started: (started) => {
      mark = started
    },
    ended: () => undefined,
  })
  const miniflare = new Miniflare({
    cf: false,
    logRequests: false,
    log: new NoOpLog(),
    enableDevRegistry: false,
    telemetry: { enabled: false },
    resourcePersistencePath: options.state,
    handleStructuredLogs: () => undefined,
    ...(options.inspectorPort === undefined ? {} : { inspectorPort: options.inspectorPort }),
    workers: [
      {
        config: options.kind === 'floor' ? describeFloor(options) : describeServer(options),
        dev: { unsafeDirectSockets: [{ host: '127.0.0.1', port: options.port }] },
      },
    ],
  } as MiniflareOptions)
  await miniflare.ready
  const running = mark
  if (running === undefined) throw new Error('the process of workerd was not seen to start')
  return {
    pid: running.pid,
    close: async () => {
      await miniflare.dispose()
      if (isRunning(running)) await endProcess(running)
      forget()
    },
  }
}

const contentsOf = ({ bundle }: ServeOptions): string => readFileSync(bundle ?? '', 'utf8')

function describeFloor(options: ServeOptions) {
  const objects = { Once: 'ONCE' }
  return {
    ...describeModule('floor', contentsOf(options)),
    exports: describeClasses(objects),
    env: {
      ...describeBindings('floor', objects),
      CALLS: { type: 'json', value: options.calls ?? 1 },
      CLIENT_KEY: { type: 'json', value: publicOf(options.client.jwk) },
      SIGNING_KEY: { type: 'json', value: options.signingKey },
    },
  }
}

/**
 * The production bundle with the bindings of `wrangler.toml`, less the damping of pushed requests, which
 * would refuse the load; `DEVELOPMENT` only allows plain http on loopback.
 */
function describeServer(options: ServeOptions) {
  return {
    ...describeModule('fapi-edge', contentsOf(options)),
    exports: describeClasses(serverObjects),
    env: {
      ...describeBindings('fapi-edge', serverObjects),
      SETTINGS: { type: 'text', value: JSON.stringify(settingsFor(options)) },
      MASTER_SECRET: { type: 'text', value: masterSecret(options.state) },
      COPIES: { type: 'kv', id: 'copies' },
      DEVELOPMENT: { type: 'text', value: 'loopback' },
    },
  }
}

/** The same for every start on one state: a forgotten secret would lose the keys. */
const masterSecret = (state: string): string =>
  `a:${Buffer.from(state.padEnd(64, '.')).subarray(-48).toString('base64url')}`

function settingsFor({ port, operatorKey }: ServeOptions) {
  const scopes = { accounts: { title: 'Your accounts', description: 'See your accounts.' } }
  return {
    issuers: [
      {
        id: 'bench',
        issuer: `http://127.0.0.1:${port}`,
        profile: 'fapi2-security',
        name: 'Bench',
        scopes,
        resource_servers: [
          { identifier: audience, name: 'API', scopes: ['accounts'], default: true },
        ],
        operators: [{ id: 'operator.bench', jwks: { keys: [publicOf(operatorKey)] } }],
      },
    ],
  }
}
