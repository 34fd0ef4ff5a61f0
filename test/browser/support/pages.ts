import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { App, Attempt } from './app.ts'
import { signIn } from './people.ts'
import type { Somebody } from '../../support/people.ts'

/** Opens an app's request in a browser and signs in, up to the question of consent. */
export async function openConsent(page: Page, attempt: Attempt, person: Somebody): Promise<void> {
  await page.goto(attempt.url)
  await signIn(page, person)
}

/**
 * Demands that the browser is back at the app. Waits for what the app shows: a second click may replace
 * the navigation that a first one began.
 */
export async function expectArrived(page: Page, app: App): Promise<void> {
  await page.locator('#arrived').waitFor()
  const { origin, pathname } = new URL(page.url())
  expect([origin, pathname]).toEqual([app.site.origin, '/callback'])
}

/** Demands a page that says what happened under this code, and what to do next. */
export async function expectErrorPage(page: Page, code: string): Promise<void> {
  const shown = page.locator('#error')
  await shown.waitFor()
  expect(await shown.innerText()).toBe(code)
  expect((await page.locator('h1').innerText()).length).toBeGreaterThan(5)
  expect(await page.locator('#back, #again, .next').count()).toBeGreaterThan(0)
}

/** Demands an error page whose way back leads to the app, which is told that this request came to nothing. */
export async function expectWayBack(page: Page, attempt: Attempt): Promise<void> {
  await expectErrorPage(page, 'invalid_request_uri')
  const before = attempt.answers().length
  await page.click('#back')
  await page.locator('#arrived').waitFor()
  const answer = attempt.answers()[before]
  expect(answer?.searchParams.get('error')).toBe('access_denied')
  expect(answer?.searchParams.get('code')).toBeNull()
}

/** Changes a field that no person sees. */
export async function setValue(page: Page, field: string, value: string): Promise<void> {
  await page.locator(field).evaluate((element, text) => {
    Object.assign(element, { value: text })
  }, value)
}
