import { afterAll, beforeAll, expect, it } from 'vitest'
import { newPerson } from '../support/people.ts'
import { openApp } from './support/app.ts'
import type { App } from './support/app.ts'
import { inBrowser } from './support/in-browser.ts'
import { givePassword, signIn } from './support/people.ts'

inBrowser('A person who signs in', ({ visitor }) => {
  let app: App
  beforeAll(async () => {
    app = await openApp()
  })
  afterAll(() => app.close())

  it.each([true, false])(
    'approves, and the app gets tokens that open the bank API (JavaScript: %s)',
    async (javaScript) => {
      const { page } = await visitor({ javaScript })
      const attempt = await app.start()
      await page.goto(attempt.url)
      await signIn(page, await newPerson())
      await page.click('#approve')
      await page.waitForURL(`${app.site.origin}/callback?*`)
      const tokens = await attempt.tokens()
      expect(tokens.token_type).toBe('dpop')
      expect(await attempt.accounts(tokens)).toBe(200)
      expect(attempt.answers()).toHaveLength(1)
    },
  )

  it('denies, and the app is told access_denied and gets no code', async () => {
    const { page } = await visitor()
    const attempt = await app.start()
    await page.goto(attempt.url)
    await signIn(page, await newPerson())
    await page.click('#deny')
    const { searchParams } = await attempt.answer()
    expect(searchParams.get('error')).toBe('access_denied')
    expect(searchParams.get('code')).toBeNull()
  })

  it('cancels at sign-in, and the app is told access_denied and gets no code', async () => {
    const { page } = await visitor()
    const attempt = await app.start()
    await page.goto(attempt.url)
    await page.click('#cancel')
    const { searchParams } = await attempt.answer()
    expect(searchParams.get('error')).toBe('access_denied')
    expect(searchParams.get('code')).toBeNull()
  })

  it('mistypes the password, is told so beside the fields, and then gets in', async () => {
    const { page } = await visitor()
    const person = await newPerson()
    const attempt = await app.start()
    await page.goto(attempt.url)
    await givePassword(page, { ...person, password: 'not the password at all' })
    const problem = page.locator('#problem')
    await problem.waitFor()
    expect(await problem.getAttribute('role')).toBe('alert')
    expect(await page.getAttribute('#username', 'aria-describedby')).toContain('problem')
    expect(await page.inputValue('#username')).toBe(person.username)
    expect(await page.inputValue('#password')).toBe('')
    await signIn(page, person)
    await page.click('#approve')
    expect((await attempt.answer()).searchParams.get('code')).toBeTruthy()
  })
})
