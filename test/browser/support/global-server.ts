import type { TestProject } from 'vitest/node'
import { forEachWorker } from '../../support/global-server.ts'
import { findChromium, noChromium } from './chromium.ts'
import { startServer } from './server.ts'
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

/** A running server for each worker of the browser tests, where there is a browser; its absence is said aloud. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chromium = findChromium(process.env)
  project.provide('chromium', chromium)
  if (chromium === undefined) {
    if (process.env['CI'] === 'true') throw new Error(noChromium)
    console.error(`\n${noChromium} They are skipped.\n`)
    return () => Promise.resolve()
  }
  const world = await makeWorld()
  const started = await forEachWorker(project, () => startServer(world))
  project.provide(
    'servers',
    started.map(({ server }) => server),
  )
  project.provide('world', world)
  return async () => {
    await Promise.all(started.map(({ stop }) => stop()))
  }
}
