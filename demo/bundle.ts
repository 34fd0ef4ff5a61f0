import { build, stop as stopService } from 'esbuild'
import { dirname } from 'node:path'
import { messageOf, stop } from './problem.ts'

const root = dirname(import.meta.dirname)

/** Bundles a Worker as wrangler would; returns the module's text. `entry` is relative to the project. */
export async function bundleWorker(entry: string): Promise<string> {
  try {
    const result = await build({
      absWorkingDir: root,
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: 'esm',
      target: 'es2023',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['workerd', 'worker', 'browser'],
      external: ['cloudflare:*'],
      jsx: 'automatic',
      jsxImportSource: 'hono/jsx',
      legalComments: 'none',
      logLevel: 'silent',
    })
    return result.outputFiles[0]?.text ?? stop(`The Worker ${entry} is empty.`)
  } catch (error) {
    const [first] = messageOf(error)
      .split('\n')
      .filter((line) => line.includes('error:'))
    return stop(`The Worker ${entry} cannot be built: ${first ?? messageOf(error)}`)
  }
}

/** Ends the process that esbuild keeps for further builds. */
export const endBundling = (): Promise<void> => stopService()
