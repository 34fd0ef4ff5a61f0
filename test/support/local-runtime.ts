import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where the local runtime listens, and its control endpoint. JSON, so that it can cross processes. */
export type Addresses = {
  readonly issuer: string
  readonly mtls: string
  readonly api: string
  readonly apiMtls: string
  readonly client: string
  readonly control: string
  readonly controlToken: string
  readonly state: string
  readonly pid: number
}

export type Runtime = Addresses & {
  /** Everything printed so far. */
  readonly output: () => string
  /** Ends it as Ctrl-C does; resolves with the exit status. */
  readonly stop: () => Promise<number | null>
  readonly exited: Promise<number | null>
}

export type StartOptions = {
  readonly config?: unknown
  readonly args?: readonly string[]
  readonly state?: string
  readonly tls?: boolean
  readonly ports?: readonly number[]
}

/** Starts `npm start` as a newcomer would, on free ports, and waits until it is ready. */
export async function startRuntime(options: StartOptions = {}): Promise<Runtime> {
  const ports = options.ports ?? (await freePorts(5))
  const [port, mtls, api, apiMtls, client] = ports.map(String)
  const folder = mkdtempSync(join(tmpdir(), 'fapi-edge-test-'))
  const state = options.state ?? join(folder, 'state')
  const config = join(folder, 'config.json')
  writeFileSync(config, JSON.stringify(options.config ?? {}))
  const args = [
    'demo/start.ts', '--port', port, '--mtls-port', mtls, '--api-port', api, '--api-mtls-port', apiMtls,
    '--client-port', client, '--state', state, '--config', config,
    ...(options.tls === true ? ['--tls'] : []), ...(options.args ?? []),
  ] as string[] // prettier-ignore
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const exited = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => resolve(code)),
  )
  void exited.then(() => rmSync(folder, { recursive: true, force: true }))
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', () => /^ready /m.test(printed) && resolve())
  })
  await Promise.race([ready, exited])
  const [, control, controlToken] = /^control (\S+) (\S+)$/m.exec(printed) ?? []
  const [, issuer] = /^ready (\S+)$/m.exec(printed) ?? []
  if (issuer === undefined || control === undefined || controlToken === undefined) {
    throw new Error(`the local runtime did not start: ${printed}`)
  }
  const scheme = options.tls === true ? 'https' : 'http'
  return {
    issuer,
    mtls: `https://localhost:${mtls}`,
    api: `${scheme}://localhost:${api}`,
    apiMtls: `https://localhost:${apiMtls}`,
    client: `http://127.0.0.1:${client}`,
    control,
    controlToken,
    state,
    pid: child.pid ?? 0,
    output: () => printed,
    exited,
    stop: async () => {
      child.kill('SIGTERM')
      return exited
    },
  }
}

/** Ports nobody listens on, found by listening on them for a moment. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
