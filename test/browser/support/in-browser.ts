import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, inject } from 'vitest'
import { moveClock, nowSeconds } from '../../support/test-client.ts'
import { watchViolations } from './violations.ts'
import type { Violations } from './violations.ts'

/** How a person looks at the pages. */
export type Look = {
  readonly device?: Device
  readonly javaScript?: boolean
  readonly locale?: 'en-GB' | 'de-DE'
  readonly colours?: 'light' | 'dark'
}

export type Device = 'phone' | 'desktop'

/** A person's browser: nothing is shared with another visitor's. */
export type Visitor = {
  readonly page: Page
  readonly context: BrowserContext
  /** What the browser complained of so far; to be empty at the end of each test. */
  readonly violations: Violations
}

export type Chromium = {
  readonly visitor: (look?: Look) => Promise<Visitor>
}

const devices = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 900 } },
} as const

/** A page that did not come in this time does not come. The machine may be busy. */
const patience = 15_000

/**
 * Tests in one Chromium, which is launched once; skipped where there is none. After each test the
 * browsers of its visitors are closed, none of them may have seen a violation of the content security
 * policy or a failing script, and the clock is as it was.
 */
export function inBrowser(name: string, tests: (chromium: Chromium) => void): void {
  const program = inject('chromium')
  describe.skipIf(program === undefined)(name, () => {
    let browser: Browser | undefined
    let visitors: Visitor[] = []

    beforeAll(async () => {
      browser = await chromium.launch({
        ...(program === undefined ? {} : { executablePath: program }),
        args: ['--no-sandbox', '--disable-dev-shm-usage'],
      })
    })

    afterEach(async () => {
      const open = visitors
      visitors = []
      await Promise.all(open.map(({ context }) => context.close()))
      if (nowSeconds() - Math.floor(Date.now() / 1000) !== 0) await moveClock(0)
      expect(open.flatMap(({ violations }) => violations.list())).toEqual([])
    })

    afterAll(async () => {
      await browser?.close()
    })

    tests({
      visitor: async (look = {}) => {
        if (browser === undefined) throw new Error('the browser is not there yet')
        const context = await browser.newContext({
          ...devices[look.device ?? 'desktop'],
          javaScriptEnabled: look.javaScript ?? true,
          locale: look.locale ?? 'en-GB',
          colorScheme: look.colours ?? 'light',
          // The local authority of `--tls`.
          ignoreHTTPSErrors: true,
        })
        context.setDefaultTimeout(patience)
        const violations = await watchViolations(context)
        const visitor = { page: await context.newPage(), context, violations }
        visitors.push(visitor)
        return visitor
      },
    })
  })
}
