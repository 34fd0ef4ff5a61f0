import { randomBytes } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { codeOf, newPerson } from '../support/people.ts'
import { openApp } from './support/app.ts'
import type { App } from './support/app.ts'
import { frame, postFrom, submissionsOf } from './support/attacker.ts'
import { inBrowser } from './support/in-browser.ts'
import { expectArrived, expectErrorPage, openConsent } from './support/pages.ts'
import { givePassword } from './support/people.ts'
import { openSite } from './support/site.ts'
import type { Site } from './support/site.ts'
import { markupName } from './support/world.ts'

inBrowser('An attacker with a web site', ({ visitor }) => {
  let app: App
  let site: Site
  beforeAll(async () => {
    app = await openApp()
    site = await openSite('Attacker')
  })
  afterAll(async () => {
    await app.close()
    await site.close()
  })

  it('ATK-A1-16 cannot frame any page, which the person can open', async () => {
    const { page, context, violations } = await visitor()
    const attempt = await app.start()
    await openConsent(page, attempt, await newPerson())
    const consent = page.url()
    const login = await context.newPage()
    await login.goto((await app.start()).url)
    const urls = [attempt.url, login.url(), consent, new URL('/nowhere', consent).href]
    const lure = await context.newPage()
    await frame(site, lure, urls)
    const frames = lure.frames().slice(1)
    expect(frames).toHaveLength(urls.length)
    for (const framed of frames) {
      expect(await framed.locator('form, #error, header').count(), framed.url()).toBe(0)
    }
    expect(violations.take().length).toBeGreaterThanOrEqual(urls.length)
    await page.click('#approve')
    await expectArrived(page, app)
  })

  it('keeps no hold on a window it opened', async () => {
    const { page, context } = await visitor()
    const attempt = await app.start()
    await page.goto(`${site.origin}/`)
    const opened = context.waitForEvent('page')
    await page.evaluate(`{ window.victim = open(${JSON.stringify(attempt.url)}) }`)
    const popup = await opened
    await popup.locator('#login').waitFor()
    expect(await popup.evaluate('opener')).toBeNull()
    expect(await page.evaluate('victim.closed')).toBe(true)
  })

  it('ATK-A1-17 cannot send any form of the sign-in, though it knew all that is in it', async () => {
    const { page, context } = await visitor()
    const person = await newPerson()
    const attempt = await app.start()
    const lure = await context.newPage()
    const refuseAll = async (at: Page) => {
      const submissions = await submissionsOf(at)
      expect(submissions.length).toBeGreaterThanOrEqual(2)
      for (const submission of submissions) {
        await postFrom(site, lure, submission)
        await expectErrorPage(lure, 'invalid_request')
      }
    }
    await page.goto(attempt.url)
    await page.fill('#username', person.username)
    await page.fill('#password', person.password)
    await refuseAll(page)
    await page.click('#login')
    await page.locator('#otp, #approve').first().waitFor()
    if ((await page.locator('#otp').count()) > 0) {
      await page.fill('#otp', codeOf(person))
      await refuseAll(page)
      await page.click('#login')
    }
    await page.locator('#approve').waitFor()
    await refuseAll(page)
    expect(attempt.answers()).toHaveLength(0)
    await page.click('#approve')
    await expectArrived(page, app)
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
  })
})

inBrowser('Markup in what strangers name themselves', ({ visitor }) => {
  let app: App
  beforeAll(async () => {
    app = await openApp(inject('world').clients.markup)
  })
  afterAll(() => app.close())

  /** Nothing of the name became an element. */
  const expectPlain = async (page: Page, shown: string) => {
    expect(await page.locator('img, b, main script').count()).toBe(0)
    expect(await page.locator('body').innerText()).toContain(shown)
    expect(await page.title()).not.toContain('alert')
  }
  const begin = markupName.slice(0, 20)

  it('ATK-A1-22 shows as text on every page: app, person and hint', async () => {
    const { page } = await visitor()
    const dialogs: string[] = []
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message())
      void dialog.dismiss()
    })
    const name = `<img src=x onerror=alert(3)> ${randomBytes(4).toString('hex')}`
    const person = await newPerson({ username: name })
    const hint = '"><img src=x onerror=alert(4)>'
    const attempt = await app.start({ login_hint: hint })
    await page.goto(attempt.url)
    await expectPlain(page, begin)
    expect(await page.inputValue('#username')).toBe(hint)
    await givePassword(page, { ...person, password: 'wrong wrong wrong' })
    await page.locator('#problem').waitFor()
    await expectPlain(page, begin)
    expect(await page.inputValue('#username')).toBe(name)
    await givePassword(page, person)
    await page.locator('#otp, #approve').first().waitFor()
    if ((await page.locator('#otp').count()) > 0) {
      await expectPlain(page, begin)
      await page.fill('#otp', codeOf(person))
      await page.click('#login')
    }
    await page.locator('#approve').waitFor()
    await expectPlain(page, begin)
    await expectPlain(page, name.slice(0, 20))
    await page.click('#approve')
    await expectArrived(page, app)
    await page.goBack()
    await expectErrorPage(page, 'invalid_request_uri')
    await expectPlain(page, begin)
    expect(await attempt.accounts(await attempt.tokens())).toBe(200)
    expect(dialogs).toEqual([])
  })
})
