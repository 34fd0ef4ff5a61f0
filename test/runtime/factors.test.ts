// @vitest-environment node
import { execFileSync } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import { createBrowser } from '../support/browser.ts'
import type { Page } from '../support/browser.ts'
import { startRuntime } from '../support/local-runtime.ts'
import type { Runtime } from '../support/local-runtime.ts'

let runtime: Runtime
afterEach(() => runtime.stop())

const notice = 'People may sign in with one factor only.'
const shows = (page: Page): readonly (string | undefined)[] =>
  page.forms.flatMap(({ buttons }) => buttons.map(({ id }) => id))

/** Follows the example client's link to the sign-in page. */
async function arrive(): Promise<Page> {
  const client = await createBrowser().open(`${runtime.client}/connect`)
  return createBrowser().open(client.redirectedTo ?? '')
}

describe('a newcomer', () => {
  it('signs in as a demo person with the code that `npm run code` shows, once', async () => {
    runtime = await startRuntime()
    expect(runtime.output()).not.toContain(notice)
    const [, password = ''] = /user name alice\s+password (\S+)/.exec(runtime.output()) ?? []
    const printed = execFileSync(process.execPath, ['demo/code.ts'], { encoding: 'utf8' })
    const [, otp = ''] = /^alice\s+(\d{6})$/m.exec(printed) ?? []
    for (const next of ['approve', 'login']) {
      const code = await (await arrive()).submit('login', { username: 'alice', password })
      expect(shows(code)).toContain('login')
      expect(shows(await code.submit('login', { otp }))).toContain(next)
    }
  })

  it('is told at the start where one factor is enough', async () => {
    runtime = await startRuntime({ config: { issuer: { authentication: { factors: 1 } } } })
    expect(runtime.output()).toContain(notice)
    const [, password = ''] = /user name alice\s+password (\S+)/.exec(runtime.output()) ?? []
    const consent = await (await arrive()).submit('login', { username: 'alice', password })
    expect(shows(consent)).toContain('approve')
  })
})
