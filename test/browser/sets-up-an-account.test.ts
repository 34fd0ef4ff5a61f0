import type { Page } from 'playwright-core'
import { beforeEach, expect, it } from 'vitest'
import { codeFrom, makeLink } from '../support/account.ts'
import { newPerson, codeOf } from '../support/people.ts'
import type { Somebody } from '../support/people.ts'
import { sharedServer } from '../support/worker-server.ts'
import { inBrowser } from './support/in-browser.ts'
import type { Chromium } from './support/in-browser.ts'
import { expectGoodLooks, looks } from './support/looks.ts'
import { expectErrorPage } from './support/pages.ts'
import { givePassword } from './support/people.ts'

const url = (path: string) => `${sharedServer().issuer}${path}`

/** The secret the page shows beside its picture. */
const secretOn = async (page: Page): Promise<string> =>
  (await page.locator('#secret').innerText()).replace(/\s/g, '')

/** Signs in where the page asks for name, password and code. */
async function signIn(page: Page, person: Somebody, steps = 0): Promise<void> {
  await givePassword(page, person)
  await page.fill('#otp', codeOf(person, steps))
  await page.click('#login')
}

inBrowser('Setting up an account', ({ visitor }: Chromium) => {
  let person: Somebody
  beforeEach(async () => {
    person = await newPerson()
  })

  it.each([true, false])(
    'by a one-time link: password, one-time code and recovery codes (JavaScript: %s)',
    async (javaScript) => {
      const { page } = await visitor({ javaScript, device: 'phone' })
      await page.goto(await makeLink(person.username, 'reset'))
      await page.click('#begin')
      await page.click('#password')
      await page.fill('#password', 'a password of my own')
      await page.fill('#again', 'a password of my own')
      await page.click('#save')
      await page.click('#code')
      const secret = await secretOn(page)
      expect(await page.locator('svg.qr').boundingBox()).toMatchObject({ width: 200, height: 200 })
      await page.fill('#otp', codeFrom(secret))
      await page.click('#confirm')
      expect(await page.locator('#codes li').count()).toBe(10)
      const code = await page.locator('#codes code').first().innerText()
      await page.reload()
      expect(await page.locator('#codes code').first().innerText()).toBe(code)
      await page.click('#home')
      await page.click('#finish')
      await givePassword(page, { ...person, password: 'a password of my own' })
      // A recovery code as it was shown, spaces and all.
      await page.fill('#otp', code)
      await page.click('#login')
      await page.locator('#sign-out').waitFor()
    },
  )

  it('replaces the one-time codes of a lost app, with JavaScript switched off', async () => {
    const { page } = await visitor({ javaScript: false })
    await page.goto(url('/account'))
    await signIn(page, person)
    await page.click('#code')
    await page.fill('#otp', '000000')
    await page.click('#confirm')
    await page.locator('[role=alert]').waitFor()
    const secret = await secretOn(page)
    await page.fill('#otp', codeFrom(secret))
    await page.click('#confirm')
    await page.locator('#codes').waitFor()
    await page.click('#home')
    await page.click('#sign-out')
    await page.click('#again')
    await givePassword(page, person)
    await page.fill('#otp', codeFrom(secret, 1))
    await page.click('#login')
    await page.locator('#sign-out').waitFor()
  })

  it('says what to do when a link was used before', async () => {
    const link = await makeLink(person.username, 'reset')
    const { page } = await visitor()
    await page.goto(link)
    await page.click('#begin')
    await page.locator('#finish').waitFor()
    await page.goto(link)
    await expectErrorPage(page, 'not_found')
    await page.goBack()
    await page.locator('#finish').waitFor()
  })

  it.each(looks)('reads well on %s', async (name, look) => {
    const { page } = await visitor(look)
    await page.goto(await makeLink(person.username, 'reset'))
    await expectGoodLooks(page, 'setup-begin', name)
    await page.click('#begin')
    await page.locator('#finish').waitFor()
    await expectGoodLooks(page, 'setup', name)
    await page.click('#password')
    await page.locator('#save').waitFor()
    await expectGoodLooks(page, 'password', name)
    await page.fill('#password', 'short')
    await page.fill('#again', 'short')
    await page.click('#save')
    await page.locator('[role=alert]').waitFor()
    await expectGoodLooks(page, 'password-problem', name)
    await page.goto(url('/account/code'))
    await expectGoodLooks(page, 'code-setup', name)
    await page.fill('#otp', codeFrom(await secretOn(page)))
    await page.click('#confirm')
    await page.locator('#codes').waitFor()
    await expectGoodLooks(page, 'recovery-codes', name)
    await page.goto(url('/account/recovery-codes'))
    await expectGoodLooks(page, 'recovery', name)
  })
})
