import { expect, it } from 'vitest'
import { openApp } from './support/app.ts'
import { expectAccessible } from './support/axe.ts'
import { inBrowser } from './support/in-browser.ts'

/** What the other tests rest on: a page that is not in order is noticed. */
inBrowser('The watchers of the browser tests', ({ visitor }) => {
  it.each([
    ['an inline script', `document.createElement('script')`, `element.text = 'let a = 1'`],
    [
      'an inline style',
      `document.createElement('style')`,
      `element.textContent = 'p { color: red }'`,
    ],
    [
      'a picture from elsewhere',
      `document.createElement('img')`,
      `element.src = 'http://127.0.0.1:9/x.png'`,
    ],
  ])('notice %s, which the policy keeps from working', async (_what, make, fill) => {
    const { page, violations } = await visitor()
    const app = await openApp()
    await page.goto((await app.start()).url)
    await app.close()
    expect(violations.list()).toEqual([])
    await page.evaluate(`{ const element = ${make}; ${fill}; document.body.append(element) }`)
    // The page is told, and so is whoever looks at the console.
    await expect.poll(() => violations.list().length).toBe(2)
    violations.take()
  })

  it('notice a picture without words', async () => {
    const { page, violations } = await visitor()
    const app = await openApp()
    await page.goto((await app.start()).url)
    await app.close()
    await expectAccessible(page)
    await page.evaluate(`document.querySelector('main').append(document.createElement('img'))`)
    await expect(expectAccessible(page)).rejects.toThrow('image-alt')
    expect(violations.list()).toEqual([])
  })
})
