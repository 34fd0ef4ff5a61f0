import * as http from 'node:http'
import type { Miniflare } from 'miniflare'
import { asciiJson } from './front-headers.ts'
import type { Upstream } from './front.ts'
import { messageOf, stop } from './problem.ts'
import { endProcess, isRunning } from './processes.ts'
import type { ProcessMark } from './processes.ts'
import type { ServerLog } from './server-log.ts'
import type { State } from './state.ts'
import type { DescribedWorkers } from './workers.ts'
import { followWorkerd, startWatchdog, stopWatchdog } from './workerd-process.ts'
import type { Control } from './worker/control-values.ts'
import { noControl } from './worker/control-values.ts'

export type WorkerName = 'fapi-edge' | 'bank-api'

/** Both Workers on workerd, and what is needed to reach and steer them. */
export type Runtime = {
  readonly upstream: (worker: WorkerName) => Upstream
  readonly control: () => Control
  /** Sets the moved clock and the faults, in both Workers, before it returns. */
  readonly setControl: (values: Control) => Promise<void>
  /** Runs a command of the Workers' control shim. */
  readonly command: (worker: WorkerName, name: string, body: unknown) => Promise<unknown>
  readonly close: () => Promise<void>
}

export type RuntimeOptions = {
  readonly state: State
  readonly log: ServerLog
  readonly workers: DescribedWorkers
  readonly controlToken: string
  /** A PEM file that the Workers' outbound calls trust beside the public authorities. */
  readonly trustedAuthorities: string
}

/** How long a request waits for a workerd that is being restarted. */
const patience = 8_000

/** Starts one workerd with both Workers; Miniflare restarts it when it crashes. */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { state, log, controlToken } = options
  let control = noControl
  let revision = 1
  let ready = Promise.withResolvers<void>()
  let closing = false
  let current: ProcessMark | undefined
  const watchdog = startWatchdog(state)

  const forget = followWorkerd({
    started: (mark) => {
      current = { ...mark, parent: process.pid }
      state.write('workerd.json', JSON.stringify(current))
    },
    // From here until the restart is complete requests wait: they must not meet a Worker that does
    // not know the moved clock yet.
    ended: () => {
      if (closing) return
      log.line('error', 'workerd ended unexpectedly and is being restarted')
      ready.resolve()
      ready = Promise.withResolvers<void>()
    },
  })

  const header = (): string => asciiJson({ token: controlToken, revision, ...control })
  const url = (worker: WorkerName): Promise<URL> => miniflare.unsafeGetDirectURL(worker)
  const command: Runtime['command'] = async (worker, name, body) => {
    const headers = { 'x-fapi-edge-control': header(), 'x-fapi-edge-command': name }
    const answer = await post(await url(worker), headers, JSON.stringify(body))
    if (answer.status !== 200) throw new Error(`${worker} answered ${answer.status} to '${name}'`)
    return JSON.parse(answer.body) as unknown
  }
  const settle = async (): Promise<void> => {
    await Promise.all([command('fapi-edge', 'settle', {}), command('bank-api', 'settle', {})])
  }
  const close = async (): Promise<void> => {
    closing = true
    ready.resolve()
    const limit = setTimeout(() => current !== undefined && void endProcess(current), 3_000)
    await miniflare?.dispose().catch((error: unknown) => log.line('error', messageOf(error)))
    clearTimeout(limit)
    if (current !== undefined && isRunning(current)) await endProcess(current)
    forget()
    state.remove('workerd.json')
    await stopWatchdog(watchdog)
  }

  const { Miniflare: Constructor, NoOpLog } = await importMiniflare(
    state,
    options.trustedAuthorities,
  )
  const keep = rememberSignalListeners()
  const miniflare: Miniflare = new Constructor({
    cf: false,
    logRequests: false,
    log: new NoOpLog(),
    enableDevRegistry: false,
    telemetry: { enabled: false },
    resourcePersistencePath: state.path('objects'),
    handleStructuredLogs: ({ level, message }) => log.line(level, message),
    handleUncaughtError: (error) => log.line('error', error.message),
    unsafeHandleRuntimeRestart: async () => {
      await settle()
      ready.resolve()
    },
    workers: Object.entries(options.workers).map(([name, config]) => ({
      config,
      // Proxy style: the request line's absolute address is what the Worker sees, scheme included.
      // Nobody but the server speaks to the login, nobody but its queue to a consumer.
      dev:
        name !== 'fapi-edge' && name !== 'bank-api'
          ? {}
          : { unsafeDirectSockets: [{ host: '127.0.0.1', port: 0, proxy: true }] },
    })),
  })
  keep()
  try {
    await miniflare.ready
    if (current === undefined) stop('The process of workerd was not seen to start.')
    await settle()
    ready.resolve()
  } catch (error) {
    await close()
    return stop(`The Workers could not be started: ${messageOf(error)} (see ${log.path}).`)
  }
  return {
    upstream: (worker) => ({
      control: header,
      address: async () => {
        if (await settled(() => ready.promise)) return url(worker)
        return undefined
      },
    }),
    control: () => control,
    setControl: async (values) => {
      control = values
      revision += 1
      await settle()
    },
    command,
    close,
  }
}

/** Waits until the promise of this moment is the promise of the moment it resolved. */
async function settled(current: () => Promise<void>): Promise<boolean> {
  const limit = Date.now() + patience
  for (;;) {
    const awaited = current()
    const { promise: late, resolve } = Promise.withResolvers<'late'>()
    const timer = setTimeout(() => resolve('late'), Math.max(0, limit - Date.now()))
    const outcome = await Promise.race([awaited, late])
    clearTimeout(timer)
    if (outcome === 'late') return false
    if (awaited === current()) return true
  }
}

/**
 * Miniflare reads the file of extra authorities when it is loaded, and makes temporary folders that a
 * killed process leaves behind: those go into the state folder, where the next start removes them.
 */
async function importMiniflare(state: State, authorities: string) {
  process.env['NODE_EXTRA_CA_CERTS'] = authorities
  process.env['TMPDIR'] = state.path('tmp')
  return import('miniflare')
}

/** Miniflare ends the process on a signal before anything else can be put in order; we end it ourselves. */
function rememberSignalListeners(): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const before = new Map(signals.map((signal) => [signal, process.listeners(signal)]))
  return () => {
    for (const signal of signals) {
      for (const listener of process.listeners(signal)) {
        if (before.get(signal)?.includes(listener) !== true) process.off(signal, listener)
      }
    }
  }
}

function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
  const request = http.request(
    {
      host: url.hostname,
      port: url.port,
      method: 'POST',
      path: 'http://control.localhost/',
      headers: { ...headers, host: 'control.localhost', 'content-length': Buffer.byteLength(body) },
      agent: false,
    },
    (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
      response.on('error', reject)
    },
  )
  request.on('error', reject)
  request.end(body)
  return promise
}
