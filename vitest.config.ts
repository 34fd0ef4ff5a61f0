import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/**
 * Files side by side. Those that need a running server have one for each worker: its clock is theirs. Where
 * files do not get in each other's way they share the process: a new one costs as much as many of them.
 */
const maxWorkers = Math.min(4, availableParallelism())

/** Runs tests inside workerd, beside the production Worker and its objects. */
const inWorkerd = cloudflareTest({
  main: './test/objects/worker.ts',
  wrangler: { configPath: './test/objects/wrangler.toml' },
})

/**
 * Five kinds of tests: pure rules (Node, fast), objects and the whole Worker in real workerd with a
 * controlled clock, those of them that need an isolate of their own, whole flows over real HTTP against
 * the running local runtime, and its pages in a real browser.
 */
export default defineConfig({
  test: {
    // What is printed is shown where a test fails.
    silent: 'passed-only',
    projects: [
      {
        test: {
          name: 'rules',
          include: ['test/rules/**/*.test.ts', 'test/cli/**/*.test.ts'],
          testTimeout: 20_000,
          isolate: false,
          maxWorkers,
        },
      },
      {
        plugins: [inWorkerd],
        test: {
          name: 'objects',
          include: ['test/{objects,worker}/**/*.test.ts'],
          setupFiles: ['test/objects/support/quiet.ts'],
          testTimeout: 20_000,
          isolate: false,
          maxWorkers,
        },
      },
      {
        plugins: [inWorkerd],
        test: {
          name: 'isolates',
          include: ['test/isolates/**/*.test.ts'],
          setupFiles: ['test/objects/support/quiet.ts'],
          testTimeout: 20_000,
          // Isolated files side by side: now and then the pool never hears that one has ended.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'flows',
          include: ['test/{flows,attacks,runtime}/**/*.test.ts'],
          globalSetup: ['test/support/global-server.ts'],
          setupFiles: ['test/support/on-time.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          isolate: false,
          maxWorkers,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/browser/support/global-server.ts'],
          testTimeout: 40_000,
          hookTimeout: 60_000,
          isolate: false,
          maxWorkers,
        },
      },
    ],
  },
})
