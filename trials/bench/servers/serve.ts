import type { ServeOptions } from './served.ts'

/*
 * A process that holds one server under measurement: `serve.ts OPTIONS`. It prints the process whose CPU
 * counts and ends when its standard input does.
 */

const options = JSON.parse(process.argv[2] ?? '') as ServeOptions

async function start() {
  if (options.kind === 'oidc-provider') return (await import('./peer.ts')).startPeer(options)
  const { startWorkers } = await import('./workers.ts')
  return startWorkers(options)
}

const { pid, close } = await start()
process.stdin.resume()
process.stdin.once('end', () => {
  void close().finally(() => process.exit(0))
})
process.stdout.write(`${JSON.stringify({ pid })}\n`)
