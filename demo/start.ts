import { startAll } from './server.ts'
import { readOptions } from './options.ts'
import { messageOf, StartProblem } from './problem.ts'

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

/** npm does not always pass a signal on; when it is gone, so is the reason to run. */
function endWithNpm(): void {
  if (process.env['npm_lifecycle_event'] !== 'start') return
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) ending.resolve()
  }, 500).unref()
}
