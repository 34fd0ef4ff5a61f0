import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A local runtime: its addresses and the folder that holds the key of the example client. */
export type DemoServer = {
  readonly issuer: string
  readonly api: string
  readonly redirectUri: string
  readonly state: string
  readonly close: () => Promise<void>
}

const startPatience = 90_000

/**
 * Starts the local runtime on free ports with a state of its own, as `npm start` does, and ends it
 * with everything it started.
 */
export async function startDemoServer(options: {
  readonly tls: boolean
  /** Profile of the issuer; without it the local runtime's own. */
  readonly profile?: string
  /** Gives up, and ends what was started so far. */
  readonly signal: AbortSignal
}): Promise<DemoServer> {
  const state = await mkdtemp(join(tmpdir(), 'fapi-edge-demo-'))
  const config = `${state}.json`
  const { profile } = options
  if (profile !== undefined) await writeFile(config, JSON.stringify({ issuer: { profile } }))
  const [port, mtls, api, apiMtls, client] = await freePorts(5)
  const flags = {
    '--port': port,
    '--mtls-port': mtls,
    '--api-port': api,
    '--api-mtls-port': apiMtls,
    '--client-port': client,
    '--state': state,
  }
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, '../start.ts'),
      ...Object.entries(flags).flatMap(([name, value]) => [name, String(value)]),
      ...(options.tls ? ['--tls'] : []),
      ...(profile === undefined ? [] : ['--config', config]),
    ],
    // A group of its own, so that it can be ended as a whole.
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const close = async () => {
    signalGroup(child.pid, 'SIGTERM')
    await Promise.race([ended, sleep(10_000)])
    signalGroup(child.pid, 'SIGKILL')
    await rm(state, { recursive: true, force: true })
    await rm(config, { force: true })
  }
  let complaint = ''
  child.stderr.on('data', (text: Buffer) => {
    complaint = `${complaint}${text.toString()}`.slice(-2_000)
  })
  const ready = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready ')) resolve(line.slice('ready '.length))
    })
    child.once('error', reject)
    options.signal.addEventListener('abort', () => reject(new Error('Interrupted.')))
    child.once('exit', () => reject(new Error(`The server did not start.\n${complaint}`)))
    setTimeout(() => reject(new Error('The server took too long to start.')), startPatience).unref()
  })
  try {
    const issuer = await ready
    const { protocol, hostname } = new URL(issuer)
    return {
      issuer,
      api: `${protocol}//${hostname}:${api}`,
      redirectUri: `http://127.0.0.1:${client}/callback`,
      state,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Ports nobody listens on now. All are held until all are known, so none comes twice. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address()
      await new Promise((resolve) => server.close(resolve))
      return typeof address === 'object' && address !== null ? address.port : 0
    }),
  )
}

/** The group of one process we started; it may have ended already. */
function signalGroup(pid: number | undefined, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // Nothing left to end.
  }
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref()
  })
