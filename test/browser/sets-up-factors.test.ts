import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openAdmin } from '../support/admin.ts'
import { codeOf, newPerson } from '../support/people.ts'
import type { Somebody } from '../support/people.ts'
import { openApp } from './support/app.ts'
import type { App } from './support/app.ts'
import { inBrowser } from './support/in-browser.ts'
import { expectGoodLooks, looks } from './support/looks.ts'
import { expectArrived } from './support/pages.ts'
import { givePassword, signIn } from './support/people.ts'

/** The one-time link that an operator hands over. */
async function linkFor({ username }: Somebody): Promise<string> {
  const answer = await (await openAdmin()).request('POST', `/users/${username}/setup-link`)
  expect(answer.status).toBe(200)
  return String(answer.json['url'])
}

/** Opens the link and goes on to what can be set up. */
async function begin(page: Page, person: Somebody, link: string): Promise<void> {
  await page.goto(link)
  await page.fill('#password', person.password)
  await page.click('#begin')
  await page.locator('#finish').waitFor()
}

/** On the page with picture and key: what the person's app knows from now on. */
async function readSecret(page: Page, person: Somebody): Promise<Somebody> {
  const secret = (await page.locator('#secret').innerText()).replaceAll(/\s/g, '')
  return { ...person, secret }
}

inBrowser('A person without a second factor', ({ visitor }) => {
  let app: App
  beforeAll(async () => {
    app = await openApp()
  })
  afterAll(() => app.close())

  it.each([true, false])(
    'sets up one-time codes by the operator’s link, and signs in with one (JavaScript: %s)',
    async (javaScript) => {
      const { page } = await visitor({ javaScript, device: 'phone' })
      const bare = await newPerson({ code: false })
      const attempt = await app.start()
      await page.goto(attempt.url)
      await givePassword(page, bare)
      await page.locator('#problem').waitFor()
      const link = await linkFor(bare)
      await begin(page, bare, link)
      await page.click('#code')
      const person = await readSecret(page, bare)
      await page.fill('#otp', codeOf(person))
      await page.click('#confirm')
      // Recovery codes come with the first second factor.
      await page.locator('#codes').waitFor()
      expect(await page.locator('#codes li').count()).toBe(10)
      await page.click('#home')
      await page.click('#finish')
      await page.goto(attempt.url)
      await signIn(page, person, codeOf(person, 1))
      await page.click('#approve')
      await expectArrived(page, app)
      expect(await attempt.accounts(await attempt.tokens())).toBe(200)
      // ATK-A1-18: the link is worth nothing after it was used, here or elsewhere.
      const { page: elsewhere } = await visitor()
      await elsewhere.goto(link)
      expect(await elsewhere.locator('#finish').count()).toBe(0)
      if ((await elsewhere.locator('#begin').count()) > 0) {
        await elsewhere.fill('#password', bare.password)
        await elsewhere.click('#begin')
      }
      await elsewhere.locator('#error').waitFor()
    },
  )

  it.each(looks)('is led through it in good looks on %s', async (name, look) => {
    const { page } = await visitor(look)
    const bare = await newPerson({ code: false })
    await page.goto(await linkFor(bare))
    await expectGoodLooks(page, 'setup-begin', name)
    await page.fill('#password', bare.password)
    await page.click('#begin')
    await page.locator('#finish').waitFor()
    await expectGoodLooks(page, 'setup', name)
    await page.click('#code')
    const person = await readSecret(page, bare)
    await expectGoodLooks(page, 'setup-code', name)
    await page.fill('#otp', codeOf(person))
    await page.click('#confirm')
    await page.locator('#codes').waitFor()
    await expectGoodLooks(page, 'recovery-codes', name)
    await page.click('#home')
    await page.locator('#finish').waitFor()
    await expectGoodLooks(page, 'setup-done', name)
  })
})

inBrowser('Recovery codes', ({ visitor }) => {
  let app: App
  beforeAll(async () => {
    app = await openApp()
  })
  afterAll(() => app.close())

  it('are shown once, and each stands in for the one-time code once', async () => {
    const { page, context } = await visitor()
    const person = await newPerson()
    const account = `${new URL((await app.start()).url).origin}/account/recovery-codes`
    await page.goto(account)
    await givePassword(page, person)
    await page.fill('#otp', codeOf(person))
    await page.click('#login')
    await page.click('#make')
    const codes = await page.locator('#codes li').allInnerTexts()
    expect(new Set(codes).size).toBe(10)
    await page.click('#home')
    await page.goto(account)
    expect(await page.locator('#codes').count()).toBe(0)
    const [first = '', second = ''] = codes
    const useCode = async (code: string) => {
      await context.clearCookies()
      await page.goto((await app.start()).url)
      await givePassword(page, person)
      await page.fill('#otp', code)
      await page.click('#login')
      await page.locator('#approve, #problem').first().waitFor()
      return (await page.locator('#approve').count()) > 0
    }
    expect(await useCode(first)).toBe(true)
    expect(await useCode(first)).toBe(false)
    expect(await useCode(second)).toBe(true)
  })
})
