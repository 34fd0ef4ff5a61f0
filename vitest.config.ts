import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

/**
 * Four kinds of tests: pure rules (Node, fast), objects in real workerd with a controlled clock, whole
 * flows over real HTTP against the running local runtime, and its pages in a real browser.
 */
export default defineConfig({
  test: {
    // The Worker logs a line for each request: shown where a test fails.
    silent: 'passed-only',
    projects: [
      {
        test: {
          name: 'rules',
          include: ['test/rules/**/*.test.ts', 'test/cli/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: './test/objects/worker.ts',
            wrangler: { configPath: './test/objects/wrangler.toml' },
          }),
        ],
        test: { name: 'objects', include: ['test/objects/**/*.test.ts'], testTimeout: 20_000 },
      },
      {
        test: {
          name: 'flows',
          include: ['test/{flows,attacks,runtime}/**/*.test.ts'],
          globalSetup: ['test/support/global-server.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // The runtime, its clock and its faults are shared: one file at a time moves them.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/browser/support/global-server.ts'],
          testTimeout: 40_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
