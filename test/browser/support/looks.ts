import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { expectAccessible } from './axe.ts'
import type { Look } from './in-browser.ts'
import { keepScreenshot } from './screenshots.ts'

/** The ways people look at pages, by the name that pictures carry. */
export const looks: readonly (readonly [string, Look])[] = [
  ['phone-en', { device: 'phone', locale: 'en-GB' }],
  ['phone-de', { device: 'phone', locale: 'de-DE', colours: 'dark' }],
  ['desktop-en', { device: 'desktop', locale: 'en-GB', colours: 'dark' }],
  ['desktop-de', { device: 'desktop', locale: 'de-DE' }],
]

/**
 * Demands that a page is in the person's language, that axe finds nothing serious, and that nothing is
 * to be scrolled sideways for, down to the narrowest phone (WCAG 1.4.10). Keeps a picture.
 */
export async function expectGoodLooks(page: Page, what: string, name: string): Promise<void> {
  const language = name.includes('-de') ? 'de' : 'en'
  expect(await page.getAttribute('html', 'lang'), what).toBe(language)
  await expectAccessible(page)
  const size = page.viewportSize()
  for (const width of [size?.width ?? 0, 320]) {
    await page.setViewportSize({ width, height: 844 })
    const scrollWidth = await page.evaluate('document.documentElement.scrollWidth')
    expect(scrollWidth, `${what} at ${width} pixels`).toBeLessThanOrEqual(width)
  }
  if (size !== null) await page.setViewportSize(size)
  await keepScreenshot(page, `${what}-${name}`)
}
