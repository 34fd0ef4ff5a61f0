import { expect, it } from 'vitest'
import type { Page } from 'playwright-core'
import { newPerson } from '../support/people.ts'
import { sharedServer } from '../support/worker-server.ts'
import { expectAccessible } from './support/axe.ts'
import { inBrowser } from './support/in-browser.ts'
import { signIn } from './support/people.ts'
import { keepScreenshot } from './support/screenshots.ts'

/** The radio buttons of the account to pay from, in the order of the bank's list. */
const account = (page: Page, place: number) =>
  page.locator(`#choose-0-debtorAccount input`).nth(place)

inBrowser('A person who pays with the example app', ({ visitor }) => {
  const { client } = sharedServer()

  async function order(page: Page, creditor: string): Promise<void> {
    await page.goto(client)
    await page.fill('#amount', '24,5')
    await page.fill('#creditor', creditor)
    await page.click('#pay')
  }

  it.each([true, false])(
    'reads it, agrees, and it is made (JavaScript: %s)',
    async (javaScript) => {
      const { page } = await visitor({ javaScript })
      const creditor = `<b id="planted">Bold</b> & "Sons"`
      await order(page, creditor)
      await signIn(page, await newPerson())
      const consent = (await page.locator('main').innerText()).replace(/\u00a0/g, ' ')
      expect(consent).toContain(`€24.50 to ${creditor}, account DE75 5121 0800 1245 1261 99`)
      expect(await page.locator('#planted').count()).toBe(0)
      await account(page, 1).check()
      await page.click('#approve')
      await page.locator('#paid').waitFor()
      const paid = await page.locator('#paid').innerText()
      expect(paid).toContain(`€24.50 to ${creditor}, from DE02 5001 0517 0137 0750 30`)
      expect(await page.locator('#planted').count()).toBe(0)
      await page.reload()
      expect(await page.locator('#paid').count()).toBe(0)
    },
  )

  it('denies, and is told that nothing was paid', async () => {
    const { page } = await visitor()
    await order(page, 'Merchant A')
    await signIn(page, await newPerson())
    await page.click('#deny')
    await page.locator('#error').waitFor()
    expect(await page.locator('#error').innerText()).toBe('access_denied')
    expect(await page.locator('[role=alert]').innerText()).toContain('Nothing was paid')
    expect(await page.locator('#pay').count()).toBe(1)
  })

  it('is told by the app where the bank takes no such payment', async () => {
    const { page } = await visitor()
    await page.goto(client)
    await page.fill('#iban', 'nowhere')
    await page.click('#pay')
    expect(await page.locator('#error').innerText()).toBe('invalid_authorization_details')
    await page.fill('#amount', 'a lot')
    await page.click('#pay')
    expect(await page.locator('#error').innerText()).toBe('invalid_form')
  })

  it('shares single accounts, and the app sees those alone', async () => {
    const { page } = await visitor()
    await page.goto(client)
    await page.click('#connect-chosen')
    await signIn(page, await newPerson())
    await page.locator('#choose-0-accounts input').nth(1).check()
    await page.click('#approve')
    await page.locator('#accounts').waitFor()
    const accounts = await page.locator('#accounts tbody tr').allInnerTexts()
    expect(accounts).toHaveLength(1)
    expect(accounts[0]).toContain('Rainy day savings')
    await page.click('#statement-savings')
    await page.locator('#transactions, #error').first().waitFor()
    expect(await page.locator('#transactions').innerText()).toContain('Standing order')
  })

  it.each([
    ['phone', 'light'],
    ['desktop', 'dark'],
  ] as const)('finds the app easy on the eye (%s, %s)', async (device, colours) => {
    const { page } = await visitor({ device, colours })
    await order(page, 'Greengrocer & Daughters')
    await signIn(page, await newPerson())
    await account(page, 0).check()
    await keepScreenshot(page, `payment-consent-${device}`)
    await page.click('#approve')
    await page.locator('#paid').waitFor()
    await expectAccessible(page)
    await keepScreenshot(page, `payment-made-${device}`)
    const width = page.viewportSize()?.width ?? 0
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
  })
})
