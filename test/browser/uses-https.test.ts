import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import type { Server } from '../support/test-client.ts'
import { newPerson } from '../support/people.ts'
import { openApp } from './support/app.ts'
import type { App } from './support/app.ts'
import { inBrowser } from './support/in-browser.ts'
import { expectArrived, openConsent } from './support/pages.ts'
import { startServer } from './support/server.ts'

inBrowser('Over https', ({ visitor }) => {
  let stop: () => Promise<unknown>
  let server: Server
  let app: App
  beforeAll(async () => {
    const world = inject('world')
    ;({ server, stop } = await startServer(world, { tls: true }))
    app = await openApp(world.clients.budget, server)
  })
  afterAll(async () => {
    await app.close()
    await stop()
  })

  it('a person signs in and approves, and cookies belong to this very host alone', async () => {
    const { page, context } = await visitor({ device: 'phone' })
    const attempt = await app.start()
    await openConsent(page, attempt, await newPerson({ on: server }))
    const cookies = await context.cookies()
    expect(cookies.length).toBeGreaterThanOrEqual(2)
    for (const cookie of cookies) {
      expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Lax', path: '/' })
      expect(cookie.name).toMatch(/^__Host-fapi-local-/)
    }
    await page.click('#approve')
    await expectArrived(page, app)
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
  })

  it('ATK-A1-18 a neighbour on the same host cannot plant a cookie', async () => {
    const { page, context } = await visitor()
    const { origin } = app.site
    const neighbour = origin.replace('127.0.0.1', 'localhost')
    await page.goto((await app.start()).url)
    const honest = await context.cookies()
    await page.route(`${neighbour}/**`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>Neighbour</title>' }),
    )
    await page.goto(`${neighbour}/`)
    await page.evaluate(`document.cookie = 'planted=1; path=/'`)
    for (const { name } of honest) {
      await page.evaluate(`document.cookie = '${name}=planted; path=/'`)
      await page.evaluate(`document.cookie = '${name}=planted; path=/; secure'`)
    }
    const after = await context.cookies()
    expect(after.find(({ name }) => name === 'planted')?.value).toBe('1')
    expect(after.filter(({ name }) => name !== 'planted')).toEqual(honest)
  })
})
