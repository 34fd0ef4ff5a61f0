import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { codeOf, newPerson } from '../support/people.ts'
import type { Server } from '../support/test-client.ts'
import { openApp } from './support/app.ts'
import type { App } from './support/app.ts'
import { inBrowser } from './support/in-browser.ts'
import { expectArrived } from './support/pages.ts'
import { startServer } from './support/server.ts'
import { givePassword } from './support/people.ts'

const twoFactors = 'urn:fapi-edge:acr:two-factors'

inBrowser('Where one factor is enough', ({ visitor }) => {
  let stop: () => Promise<unknown>
  let server: Server
  let app: App
  beforeAll(async () => {
    const world = inject('world')
    const issuer = { authentication: { factors: 1 } }
    ;({ server, stop } = await startServer(world, { issuer }))
    app = await openApp(world.clients.budget, server)
  })
  afterAll(async () => {
    await app.close()
    await stop()
  })

  const sessionOf = async (context: {
    cookies: () => Promise<{ name: string; value: string }[]>
  }) => (await context.cookies()).find(({ name }) => name.endsWith('-session'))?.value

  it.each([true, false])(
    'an app that needs two is given the one that is missing, and nothing else is asked (JavaScript: %s)',
    async (javaScript) => {
      const { page, context } = await visitor({ javaScript })
      const person = await newPerson({ on: server })
      const first = await app.start()
      await page.goto(first.url)
      await givePassword(page, person)
      await page.click('#approve')
      await expectArrived(page, app)
      expect((await first.tokens()).claims()).toMatchObject({ amr: ['pwd'] })
      const before = await sessionOf(context)

      const second = await app.start({
        claims: JSON.stringify({ id_token: { acr: { essential: true, value: twoFactors } } }),
      })
      await page.goto(second.url)
      expect(await page.locator('#password').count()).toBe(0)
      await page.fill('#otp', codeOf(person))
      await page.click('#login')
      await page.locator('#approve').waitFor()
      // ATK-A1-18: a new session at the step-up.
      expect(await sessionOf(context)).not.toBe(before)
      await page.click('#approve')
      await expectArrived(page, app)
      const claims = (await second.tokens()).claims()
      expect(claims).toMatchObject({ acr: twoFactors, amr: ['pwd', 'otp', 'mfa'] })

      // What is there now suffices: only consent is asked.
      const third = await app.start({ acr_values: twoFactors })
      await page.goto(third.url)
      await page.click('#deny')
      expect((await third.answer()).searchParams.get('error')).toBe('access_denied')
    },
  )
})
