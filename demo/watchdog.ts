import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { endProcess, readMark } from './processes.ts'

/*
 * A process of its own that outlives its parent for a moment. When the parent disappears without a
 * word (SIGKILL, a crash), the pipe to it ends, and the watchdog ends the workerd that the parent left
 * behind. The pid is read at that moment, because the parent restarts a workerd that crashed.
 *
 * Arguments: the state folder, the parent's pid, and `temporary` when the folder is to be removed.
 */
const [folder, parent, temporary] = process.argv.slice(2)
if (folder === undefined || parent === undefined) process.exit(2)

// A terminal sends Ctrl-C to the whole group; the parent decides when this process ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

let farewell = ''
process.stdin.setEncoding('utf8')
process.stdin.on('data', (text: string) => {
  farewell += text
})
process.stdin.on('close', () => {
  void finish(folder)
})

async function finish(state: string): Promise<void> {
  if (!farewell.includes('done')) {
    const mark = readMark(readText(join(state, 'workerd.json')))
    // The next server may already have started on this state: its workerd is not ours to end.
    if (mark !== undefined && String(mark.parent) === parent) await endProcess(mark)
    if (temporary === 'temporary') rmSync(state, { recursive: true, force: true, maxRetries: 5 })
  }
  process.exit(0)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
