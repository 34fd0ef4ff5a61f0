import { startAll } from './server.ts'
import { readOptions } from './options.ts'
import { messageOf, StartProblem } from './problem.ts'
import { parentOf } from './processes.ts'

/*
 * `npm start`: the authorization server, the example bank API and the example client on this machine.
 * One Ctrl-C ends all of it; a problem is one sentence and a status other than zero.
 */

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const ending = Promise.withResolvers<void>()
for (const signal of signals) process.on(signal, () => ending.resolve())
endWithNpm()

try {
  const running = await startAll(readOptions(process.argv.slice(2), process.env), ending.promise)
  await ending.promise
  await running?.close()
  process.exit(0)
} catch (error) {
  if (!(error instanceof StartProblem)) throw error
  process.stderr.write(`${messageOf(error)}\n`)
  process.exit(1)
}

/** npm starts a shell that starts us, and a signal to npm may end only npm: then this ends as well. */
function endWithNpm(): void {
  if (process.env['npm_lifecycle_event'] !== 'start') return
  const parents = (): string => `${process.ppid} ${parentOf(process.ppid) ?? 'unknown'}`
  const first = parents()
  setInterval(() => {
    if (parents() !== first) ending.resolve()
  }, 500).unref()
}
