import { afterAll, beforeAll, expect, it } from 'vitest'
import { codeOf, newPerson } from '../support/people.ts'
import { openApp } from './support/app.ts'
import type { App } from './support/app.ts'
import { inBrowser } from './support/in-browser.ts'
import { expectGoodLooks, looks } from './support/looks.ts'
import { expectArrived, expectErrorPage } from './support/pages.ts'
import { givePassword } from './support/people.ts'

inBrowser('What a person sees', ({ visitor }) => {
  let app: App
  beforeAll(async () => {
    app = await openApp()
  })
  afterAll(() => app.close())

  it.each(looks)('reads well on %s, and axe finds nothing serious', async (name, look) => {
    const { page } = await visitor(look)
    const person = await newPerson()
    const judge = (what: string) => expectGoodLooks(page, what, name)
    const attempt = await app.start()
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
