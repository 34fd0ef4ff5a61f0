import { readFileSync } from 'node:fs'
import { readStat } from '../../demo/processes.ts'

/** Clock ticks a second of `/proc` (proc(5), sysconf(_SC_CLK_TCK)): 100 on every Linux Node runs on. */
const ticks = 100

/** CPU seconds from the fields of `/proc/PID/stat` after the command: utime and stime of all threads. */
export function cpuSecondsIn(fields: readonly string[]): number {
  return (Number(fields[11]) + Number(fields[12])) / ticks
}

/** CPU seconds a process has used so far, in user and kernel mode. Throws when there is none. */
export function cpuSeconds(pid: number): number {
  const fields = readStat(pid)
  if (fields === undefined) throw new Error(`process ${pid} cannot be read: Linux only`)
  return cpuSecondsIn(fields)
}

/** Memory of a process that is resident, in MiB. */
export function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}
