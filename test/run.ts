import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'

/*
 * `npm test`: the tests, and beside them format, lint and types, since tests wait for servers much of the
 * time. What is given on the command line goes to the tests. Exit status 1 when either failed.
 */

const cwd = join(import.meta.dirname, '..')

/** Formats, lints and types; what they said is kept until the tests are through. */
async function check(): Promise<{ readonly well: boolean; readonly said: string }> {
  const child = spawn('npm', ['run', '--silent', 'check'], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = statusOf(child)
  const said = await Promise.all([text(child.stdout), text(child.stderr)])
  return { well: (await ended) === 0, said: said.join('') }
}

/** The tests start the runtime and the commands many times: Node keeps what it compiled of them. */
function test(): Promise<number | null> {
  const env = { NODE_COMPILE_CACHE: join(cwd, 'node_modules/.cache/node'), ...process.env }
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)]
  return statusOf(spawn(process.execPath, args, { cwd, env, stdio: 'inherit' }))
}

function statusOf(child: ReturnType<typeof spawn>): Promise<number | null> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', reject)
  child.once('close', resolve)
  return promise
}

const [checked, tested] = await Promise.all([check(), test()])
console.log(
  checked.well
    ? 'Format, lint and types are well.'
    : `${checked.said}\nNOT well: format, lint or types.`,
)
process.exitCode = checked.well && tested === 0 ? 0 : 1
