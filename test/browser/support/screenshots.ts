import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

const folder = join(import.meta.dirname, '../../../test-artifacts/screenshots')

/**
 * Keeps a picture of the whole page to be looked at.
 *
 * @example await keepScreenshot(page, 'consent-phone-en') // test-artifacts/screenshots/consent-phone-en.png
 */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}
