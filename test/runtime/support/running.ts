import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execFileSync } from 'node:child_process'

/** The whole local runtime in processes of its own, as `npm start` runs it. */
export type RunningServer = {
  readonly process: ChildProcess
  readonly pid: number
  readonly port: number
  readonly issuer: string
  readonly output: string
  readonly control: (
    path: string,
    body?: unknown,
    token?: string,
    method?: string,
  ) => Promise<Response>
  /** Ends it as Ctrl-C does and answers its exit status. */
  readonly stop: () => Promise<number | null>
}

const root = dirname(dirname(dirname(import.meta.dirname)))

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'runtime-test-'))

export const removeFolder = (path: string): void =>
  rmSync(path, { recursive: true, force: true, maxRetries: 5 })

/** A port with four free ones after it, as the defaults need them. */
export async function freePorts(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 20_000)
    const free = await Promise.all([0, 1, 2, 3, 4].map((offset) => isFree(port + offset)))
    if (free.every((one) => one)) return port
  }
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Takes a port until `release` is called. */
export function takePort(): Promise<{ readonly port: number; readonly release: () => void }> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      resolve({ port, release: () => server.close() })
    })
  })
}

function launch(args: readonly string[], environment: Readonly<Record<string, string>>) {
  return spawn(process.execPath, [join(root, 'demo/start.ts'), ...args], {
    cwd: root,
    // A group of its own, so that nothing of the test's process is hit by accident.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_lifecycle_event: '', ...environment },
  })
}

/** Runs the start command to its end, for starts that must fail or are interrupted at some point. */
export async function startAndFail(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  interruptWhen?: () => boolean,
): Promise<{ readonly status: number | null; readonly errors: string; readonly output: string }> {
  const child = launch(args, environment)
  if (interruptWhen !== undefined)
    void until(interruptWhen, 40_000).then(() => child.kill('SIGTERM'))
  const [output, errors, status] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    exitOf(child),
  ])
  return { status, errors, output }
}

/** Starts the runtime and waits for its `ready` line. */
export async function startServer(args: readonly string[]): Promise<RunningServer> {
  const port = Number(args[args.indexOf('--port') + 1])
  const child = launch(args, {})
  const exit = exitOf(child)
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const ready = until(() => /^ready \S+\n$/m.test(output), 40_000)
  await Promise.race([
    ready,
    exit.then((status) => Promise.reject(new Error(`start ended with ${status}: ${errors}`))),
  ])
  const lines = output.trimEnd().split('\n')
  const [, url = '', token = ''] = (lines.at(-2) ?? '').split(' ')
  return {
    process: child,
    pid: child.pid ?? 0,
    port,
    issuer: (lines.at(-1) ?? '').slice('ready '.length),
    output,
    control: (path, body, given = token, method = 'POST') =>
      fetch(`${url}${path}`, {
        method,
        headers: given === '' ? {} : { authorization: `Bearer ${given}` },
        ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
      }),
    stop: () => {
      child.kill('SIGTERM')
      return exit
    },
  }
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('exit', (status) => resolve(status)))

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const part of stream) text += part.toString('utf8')
  return text
}

/** Waits until something holds. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  limit = 10_000,
): Promise<void> {
  const end = Date.now() + limit
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come true in time')
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** The processes that a process started, by command. */
export function childrenOf(
  pid: number,
): readonly { readonly pid: number; readonly command: string }[] {
  const table = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' })
  return table.split('\n').flatMap((line) => {
    const [own, parent, status, ...command] = line.trim().split(/\s+/)
    const ours = Number(parent) === pid && status?.startsWith('Z') === false
    return ours ? [{ pid: Number(own), command: command.join(' ') }] : []
  })
}

/** Whether a process runs; one that only waits to be collected by its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    const status = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
    return status.trim() !== '' && !status.startsWith('Z')
  } catch {
    return false
  }
}
