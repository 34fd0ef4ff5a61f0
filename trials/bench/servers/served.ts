import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import type { JsonWebKey } from 'node:crypto'

/** What a server under measurement is told. JSON, because it crosses processes. */
export type ServeOptions = {
  readonly kind: 'fapi-edge' | 'floor' | 'oidc-provider'
  readonly port: number
  /** Folder of the Durable Objects. */
  readonly state: string
  /** Text files of Workers built before. */
  readonly bundle?: string
  readonly client: BenchClient
  readonly operatorKey: JsonWebKey
  readonly signingKey: JsonWebKey
  readonly inspectorPort?: number
  /** How many objects the floor worker asks. */
  readonly calls?: number
}

/** The one client of all servers. */
export type BenchClient = {
  readonly clientId: string
  readonly redirectUri: string
  /** Private JWK. */
  readonly jwk: JsonWebKey & { readonly kid: string }
}

/** A server under measurement. `pid` is the process whose CPU counts: workerd, or Node. */
export type Served = {
  readonly kind: ServeOptions['kind']
  readonly issuer: string
  readonly pid: number
  readonly stop: () => Promise<void>
}

/** The API that access tokens are for. */
export const audience = 'https://api.bench.example'

/** Starts a server in a process of its own; it ends with the process that started it. */
export async function serve(options: ServeOptions): Promise<Served> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'serve.ts'), JSON.stringify(options)],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' },
    },
  )
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const lines = createInterface({ input: child.stdout })
  const ready = new Promise<{ readonly pid: number }>((resolve) => {
    lines.on('line', (line) => {
      if (line.startsWith('{"pid"')) resolve(JSON.parse(line) as { pid: number })
    })
  })
  const failed = exited.then(() => Promise.reject(new Error(`${options.kind} did not start`)))
  const { pid } = await Promise.race([ready, failed])
  return {
    kind: options.kind,
    issuer: `http://127.0.0.1:${options.port}`,
    pid,
    stop: async () => {
      child.stdin.end()
      await exited
    },
  }
}
