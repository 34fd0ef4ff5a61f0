import { ResponseBodyError } from 'openid-client'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newPerson } from '../support/people.ts'
import type { Somebody } from '../support/people.ts'
import { sharedServer } from '../support/worker-server.ts'
import { openApp } from './support/app.ts'
import type { App, Attempt } from './support/app.ts'
import { frame, postFrom, submissionsOf } from './support/attacker.ts'
import { inBrowser } from './support/in-browser.ts'
import type { Chromium } from './support/in-browser.ts'
import { expectGoodLooks, looks } from './support/looks.ts'
import { expectArrived, expectErrorPage, openConsent } from './support/pages.ts'
import { openAccount } from './support/people.ts'
import { openSite } from './support/site.ts'

const permissions = 'section:has(#permissions)'
const sessions = 'section:has(#sessions)'
const endButtons = `${permissions} button[name=action][value=end]`

inBrowser('The account page', ({ visitor }: Chromium) => {
  let app: App
  beforeAll(async () => {
    app = await openApp()
  })
  afterAll(() => app.close())

  async function grant(page: Page, person: Somebody): Promise<Attempt> {
    const attempt = await app.start()
    await openConsent(page, attempt, person)
    await page.click('#approve')
    await expectArrived(page, app)
    return attempt
  }

  it.each([true, false])(
    'takes a permission back, and the bank API and refresh refuse at once (JavaScript: %s)',
    async (javaScript) => {
      const { page } = await visitor({ javaScript, device: 'phone' })
      const attempt = await grant(page, await newPerson())
      const tokens = await attempt.tokens()
      expect(await attempt.accounts(tokens)).toBe(200)
      // The session of the sign-in is the session of the account.
      await page.goto(`${sharedServer().issuer}/account`)
      expect(await page.locator(permissions).innerText()).toContain('Budget Buddy')
      await page.click(endButtons)
      await page.locator('[role=status]').first().waitFor()
      expect(await page.locator(endButtons).count()).toBe(0)
      expect(await attempt.accounts(tokens)).toBe(401)
      const refused: unknown = await attempt.refresh(tokens).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(ResponseBodyError)
      expect((refused as ResponseBodyError).error).toBe('invalid_grant')
    },
  )

  it('asks a stranger to sign in, and shows one person nothing of another', async () => {
    const { page } = await visitor()
    const { page: other } = await visitor()
    await grant(page, await newPerson())
    await openAccount(other, await newPerson())
    expect(await other.locator(permissions).innerText()).not.toContain('Budget Buddy')
    await page.goto(other.url())
    expect(await page.locator(permissions).innerText()).toContain('Budget Buddy')
  })

  it('shows sessions elsewhere and ends them: that browser has to sign in again', async () => {
    const { page } = await visitor()
    const { page: elsewhere } = await visitor({ device: 'phone' })
    const person = await newPerson()
    await openAccount(elsewhere, person)
    await openAccount(page, person, 1)
    expect(await page.locator(`${sessions} li`).count()).toBe(2)
    await page.click('#end-others')
    await page.locator('[role=status]').first().waitFor()
    expect(await page.locator(`${sessions} li`).count()).toBe(1)
    await elsewhere.reload()
    await elsewhere.locator('#login').waitFor()
    await page.reload()
    await page.locator('#sign-out').waitFor()
  })

  it('signs out, and going back shows nothing of the account', async () => {
    const { page } = await visitor()
    await openAccount(page, await newPerson())
    await page.click('#sign-out')
    await page.locator('#again').waitFor()
    await page.goBack()
    await page.locator('#login').waitFor()
  })

  it('ATK-A1-17 ATK-A1-16 takes no form from another site and stands in no frame', async () => {
    const { page, context, violations } = await visitor()
    const site = await openSite('Attacker')
    const attempt = await grant(page, await newPerson())
    await page.goto(`${sharedServer().issuer}/account`)
    const submissions = await submissionsOf(page)
    expect(submissions.length).toBeGreaterThanOrEqual(2)
    const lure = await context.newPage()
    for (const submission of submissions) {
      await postFrom(site, lure, submission)
      await expectErrorPage(lure, 'invalid_request')
    }
    await frame(site, lure, [page.url()])
    expect(await lure.frames()[1]?.locator('form').count()).toBe(0)
    expect(violations.take().length).toBeGreaterThan(0)
    await site.close()
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
    await page.click(endButtons)
    await page.locator('[role=status]').first().waitFor()
  })

  it.each(looks)('reads well on %s', async (name, look) => {
    const { page } = await visitor(look)
    await grant(page, await newPerson())
    await page.goto(`${sharedServer().issuer}/account`)
    await expectGoodLooks(page, 'account', name)
    await page.click(endButtons)
    await page.locator('[role=status]').first().waitFor()
    await expectGoodLooks(page, 'account-taken-back', name)
    await page.click('#sign-out')
    await page.locator('#again').waitFor()
    await expectGoodLooks(page, 'signed-out', name)
  })
})
