import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startRuntime } from '../../support/local-runtime.ts'
import type {} from '../../support/global-server.ts'
import { findChromium, noChromium } from './chromium.ts'
import { makeWorld } from './world.ts'
import type { World } from './world.ts'

declare module 'vitest' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- only an interface merges
  interface ProvidedContext {
    readonly world: World
    /** The program of the browser; absent where none is installed. */
    readonly chromium: string | undefined
  }
}

/** One running server for all browser tests, where there is a browser; its absence is said aloud. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chromium = findChromium(process.env)
  project.provide('chromium', chromium)
  if (chromium === undefined) {
    if (process.env['CI'] === 'true') throw new Error(noChromium)
    console.error(`\n${noChromium} They are skipped.\n`)
    return () => Promise.resolve()
  }
  const world = await makeWorld()
  const { config } = world
  const { output: _output, stop, exited: _exited, ...addresses } = await startRuntime({ config })
  const ca = readFileSync(join(addresses.state, 'tls', 'ca.pem'), 'utf8')
  project.provide('server', { ...addresses, ca })
  project.provide('world', world)
  return async () => {
    await stop()
  }
}
