import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApp } from './support/app.ts'
import type { App, Attempt } from './support/app.ts'
import { expectAccessible } from './support/axe.ts'
import { inBrowser } from './support/in-browser.ts'
import type { Look } from './support/in-browser.ts'
import { expectArrived, expectErrorPage } from './support/pages.ts'
import { codeOf, givePassword, newPerson } from './support/people.ts'
import { keepScreenshot } from './support/screenshots.ts'

const looks: readonly (readonly [string, Look])[] = [
  ['phone-en', { device: 'phone', locale: 'en-GB' }],
  ['phone-de', { device: 'phone', locale: 'de-DE' }],
  ['phone-en-dark', { device: 'phone', locale: 'en-GB', colours: 'dark' }],
  ['desktop-en', { device: 'desktop', locale: 'en-GB' }],
  ['desktop-de', { device: 'desktop', locale: 'de-DE' }],
  ['desktop-de-dark', { device: 'desktop', locale: 'de-DE', colours: 'dark' }],
]

/** Nothing to scroll sideways for, down to the narrowest phone (WCAG 1.4.10). */
async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const size = page.viewportSize()
  for (const width of [size?.width ?? 0, 320]) {
    await page.setViewportSize({ width, height: 844 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
  }
  if (size !== null) await page.setViewportSize(size)
}

inBrowser('What a person sees', ({ visitor }) => {
  let app: App
  beforeAll(async () => {
    app = await openApp()
  })
  afterAll(() => app.close())

  it.each(looks)('reads well on %s, and axe finds nothing serious', async (name, look) => {
    const { page } = await visitor(look)
    const person = await newPerson()
    const judge = async (what: string) => {
      await expectAccessible(page)
      await expectNoSidewaysScroll(page)
      await keepScreenshot(page, `${what}-${name}`)
    }
    const attempt: Attempt = await app.start()
    await page.goto(attempt.url)
    await judge('login')
    await givePassword(page, { ...person, password: 'not the password' })
    await page.locator('#problem').waitFor()
    await judge('login-refused')
    await givePassword(page, person)
    await page.locator('#otp, #approve').first().waitFor()
    if ((await page.locator('#otp').count()) > 0) {
      await judge('code')
      await page.fill('#otp', codeOf(person))
      await page.click('#login')
    }
    await page.locator('#approve').waitFor()
    await judge('consent')
    await page.click('#approve')
    await expectArrived(page, app)
    await page.goBack()
    await expectErrorPage(page, 'invalid_request_uri')
    await judge('error-with-way-back')
    await page.goto(new URL('/nowhere', attempt.url).href)
    await judge('error')
  })

  it('is done with the keyboard alone, and the focus is always seen', async () => {
    const { page } = await visitor()
    const person = await newPerson()
    const attempt = await app.start()
    const focused = () => page.evaluate<string>(`document.activeElement.id`)
    const reach = async (id: string) => {
      for (let presses = 0; (await focused()) !== id; presses += 1) {
        expect(presses, `Tab leads to #${id}`).toBeLessThan(12)
        await page.keyboard.press('Tab')
      }
      const ring = `getComputedStyle(document.activeElement)`
      const seen = await page.evaluate<boolean>(
        `${ring}.outlineStyle !== 'none' || ${ring}.boxShadow !== 'none'`,
      )
      expect(seen, `the focus on #${id} is seen`).toBe(true)
    }
    await page.goto(attempt.url)
    expect(await focused()).toBe('username')
    await page.keyboard.type(person.username)
    await reach('password')
    await page.keyboard.type(person.password)
    await page.keyboard.press('Enter')
    await page.locator('#otp, #approve').first().waitFor()
    if ((await page.locator('#otp').count()) > 0) {
      expect(await focused()).toBe('otp')
      await page.keyboard.type(codeOf(person))
      await page.keyboard.press('Enter')
    }
    await page.locator('#approve').waitFor()
    await reach('deny')
    await reach('approve')
    await page.keyboard.press('Enter')
    await expectArrived(page, app)
    expect((await attempt.answer()).searchParams.get('code')).toBeTruthy()
  })
})
