import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { codeOf } from './problem.ts'

/** A process that cannot be mistaken for a later one with the same number. */
export type ProcessMark = {
  readonly pid: number
  readonly started: string
  /** Who started it, where that matters. */
  readonly parent?: number
}

/** Marks a running process, or answers undefined when there is none (a zombie counts as none). */
export function markProcess(pid: number): ProcessMark | undefined {
  const started = process.platform === 'linux' ? startOnLinux(pid) : startElsewhere(pid)
  return started === undefined ? undefined : { pid, started }
}

/** Whether exactly this process still runs. */
export const isRunning = (mark: ProcessMark): boolean =>
  markProcess(mark.pid)?.started === mark.started

/** Ends exactly this process, at once, and waits until it is gone. Its state on disk survives that. */
export async function endProcess(mark: ProcessMark): Promise<void> {
  for (let tries = 0; tries < 200 && isRunning(mark); tries += 1) {
    if (tries === 0) kill(mark.pid)
    await wait(10)
  }
}

/** Reads a mark that was stored as JSON. */
export function readMark(text: string | undefined): ProcessMark | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { pid, started, parent } = value as Readonly<Record<string, unknown>>
    if (typeof pid !== 'number' || !Number.isInteger(pid) || typeof started !== 'string') {
      return undefined
    }
    return typeof parent === 'number' ? { pid, started, parent } : { pid, started }
  } catch {
    return undefined
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error
  }
}

/** The parent of a process; known on Linux only. */
export const parentOf = (pid: number): string | undefined => readStat(pid)?.[1]

/** In ticks since boot (proc(5): starttime); the boot is named because ticks begin again with it. */
function startOnLinux(pid: number): string | undefined {
  const stat = readStat(pid)
  const started = stat?.[19]
  if (started === undefined || stat?.[0] === 'Z' || stat?.[0] === 'X') return undefined
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${started}`
}

/** The fields of /proc/PID/stat from the third on (proc(5)). Linux only. */
export function readStat(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command in the second field may hold anything, so begin behind its closing parenthesis.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

function startElsewhere(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
    })
    const [status, ...started] = line.trim().split(/\s+/)
    return status === undefined || status === '' || status.startsWith('Z')
      ? undefined
      : started.join(' ')
  } catch {
    return undefined
  }
}
