import { appendFileSync, renameSync, statSync } from 'node:fs'
import { codeOf } from './problem.ts'

/** Where the Workers' log lines go: one JSON object per line. */
export type ServerLog = {
  readonly path: string
  /** Takes one line of a Worker (JSON of its own) or a plain text. */
  readonly line: (level: string, text: string) => void
}

const mostBytes = 16 * 1024 * 1024

/** Opens the log in the state folder; the one before is kept once as `.1`. */
export function openLog(path: string, verbose: boolean): ServerLog {
  setAsideWhenLarge(path)
  return {
    path,
    line: (level, text) => {
      const line = isObject(text)
        ? text
        : JSON.stringify({ time: new Date().toISOString(), level, message: text })
      if (verbose) process.stderr.write(`${line}\n`)
      try {
        appendFileSync(path, `${line}\n`, { mode: 0o600 })
      } catch {
        // A log that cannot be written must not end the server.
      }
    },
  }
}

function setAsideWhenLarge(path: string): void {
  try {
    if (statSync(path).size > mostBytes) renameSync(path, `${path}.1`)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

function isObject(text: string): boolean {
  if (!text.startsWith('{') || text.includes('\n')) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
