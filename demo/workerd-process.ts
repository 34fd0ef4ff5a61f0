import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import diagnostics from 'node:diagnostics_channel'
import { join } from 'node:path'
import { markProcess } from './processes.ts'
import type { ProcessMark } from './processes.ts'
import type { State } from './state.ts'

/** Miniflare does not say which process it starts, but Node does. */
export function followWorkerd(on: {
  readonly started: (mark: ProcessMark) => void
  readonly ended: () => void
}): () => void {
  const listener = (message: unknown): void => {
    const { process: child } = message as { readonly process: ChildProcess }
    child.once('spawn', () => {
      const mark = child.pid === undefined ? undefined : markProcess(child.pid)
      if (mark === undefined || !/workerd(\.exe)?$/.test(child.spawnfile)) return
      on.started(mark)
      child.once('exit', on.ended)
    })
  }
  diagnostics.subscribe('child_process', listener)
  return () => diagnostics.unsubscribe('child_process', listener)
}

/** Starts the process that ends workerd when this one is killed. */
export function startWatchdog(state: State): ChildProcess {
  const script = join(import.meta.dirname, 'watchdog.ts')
  const args = [script, state.folder, String(process.pid), state.temporary ? 'temporary' : 'kept']
  return spawn(process.execPath, args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
}

/** Tells the watchdog that all is in order, and waits until it is gone. */
export async function stopWatchdog(watchdog: ChildProcess): Promise<void> {
  if (watchdog.exitCode !== null) return
  const { promise, resolve } = Promise.withResolvers<void>()
  watchdog.once('exit', () => resolve())
  watchdog.stdin?.on('error', () => undefined)
  watchdog.stdin?.end('done')
  const limit = setTimeout(() => watchdog.kill('SIGKILL'), 1_000)
  await promise
  clearTimeout(limit)
}
