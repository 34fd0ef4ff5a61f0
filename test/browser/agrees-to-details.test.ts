import { afterAll, beforeAll, expect, it } from 'vitest'
import { accountInformation, asking, payment, savings } from '../support/details.ts'
import { newPerson } from '../support/people.ts'
import { openApp } from './support/app.ts'
import type { App } from './support/app.ts'
import { inBrowser } from './support/in-browser.ts'
import { expectGoodLooks, looks } from './support/looks.ts'
import { expectArrived, openConsent } from './support/pages.ts'

inBrowser('A person who is asked for a payment and accounts', ({ visitor }) => {
  let app: App
  beforeAll(async () => {
    app = await openApp()
  })
  afterAll(() => app.close())

  it.each([true, false])(
    'RAR-10 RAR-20 chooses the account to pay from, and only that is granted (JavaScript: %s)',
    async (javaScript) => {
      const { page } = await visitor({ javaScript })
      const attempt = await app.start(asking(payment, accountInformation))
      await openConsent(page, attempt, await newPerson())
      await page.uncheck('[name="take.1"]')
      // Without the account that pays the page comes again, as it was ticked, and says what is missing.
      await page.click('#approve')
      expect(await page.locator('#problem').innerText()).toContain('Pay from')
      expect(await page.isChecked('[name="take.0"]')).toBe(true)
      expect(await page.isChecked('[name="take.1"]')).toBe(false)
      await page.click('#choose-0-debtorAccount label:nth-of-type(2)')
      await page.click('#approve')
      await expectArrived(page, app)
      const tokens = await attempt.tokens()
      expect(tokens['authorization_details']).toMatchObject([
        { ...payment, debtorAccount: savings },
      ])
      expect(tokens['authorization_details']).toHaveLength(1)
    },
  )

  it('RAR-20 denies all of it, whatever is ticked', async () => {
    const { page } = await visitor()
    const attempt = await app.start(asking(payment, accountInformation))
    await openConsent(page, attempt, await newPerson())
    await page.click('#deny')
    await expectArrived(page, app)
    expect((await attempt.answer()).searchParams.get('error')).toBe('access_denied')
  })

  it('RAR-14 reads markup and tricks of direction in a payee’s name as text', async () => {
    const { page } = await visitor()
    const creditorName = '<b id="planted">Bank</b>\u202e <script>alert(1)</script>'
    const attempt = await app.start(asking({ ...payment, creditorName }))
    await openConsent(page, attempt, await newPerson())
    expect(await page.locator('#planted').count()).toBe(0)
    const said = await page.locator('#detail-0').innerText()
    expect(said).toContain('<b id="planted">Bank</b> <script>alert(1)</script>')
  })

  it.each(looks)('reads it well on %s, and axe finds nothing serious', async (name, look) => {
    const { page } = await visitor(look)
    const person = await newPerson()
    const only = await app.start({ ...asking(payment), scope: 'openid' })
    await openConsent(page, only, person)
    await expectGoodLooks(page, 'consent-payment', name)
    const both = await app.start(asking(payment, accountInformation))
    await page.goto(both.url)
    const again = page.locator('#password, #approve').first()
    await again.waitFor()
    if ((await page.locator('#approve').count()) === 0) await openConsent(page, both, person)
    await expectGoodLooks(page, 'consent-details', name)
    await page.click('#approve')
    await page.locator('#problem').waitFor()
    await expectGoodLooks(page, 'consent-choice-missing', name)
  })
})
