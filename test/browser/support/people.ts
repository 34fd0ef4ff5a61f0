import type { Page } from 'playwright-core'
import { codeOf } from '../../support/people.ts'
import type { Somebody } from '../../support/people.ts'
import { sharedServer } from '../../support/worker-server.ts'

/** Signs in on the page that asks for user name and password, up to the question of consent. */
export async function signIn(page: Page, person: Somebody, code?: string): Promise<void> {
  await givePassword(page, person)
  await page.locator('#otp, #approve').first().waitFor()
  if ((await page.locator('#otp').count()) === 0) return
  await page.fill('#otp', code ?? codeOf(person))
  await page.click('#login')
  await page.locator('#approve').waitFor()
}

/** Fills in user name and password and sends them. */
export async function givePassword(page: Page, person: Somebody): Promise<void> {
  await page.fill('#username', person.username)
  await page.fill('#password', person.password)
  await page.click('#login')
}

/** Opens the account page, signing in with password and code. */
export async function openAccount(page: Page, person: Somebody, steps = 0): Promise<void> {
  await page.goto(`${sharedServer().issuer}/account`)
  await givePassword(page, person)
  await page.fill('#otp', codeOf(person, steps))
  await page.click('#login')
  await page.locator('#sign-out').waitFor()
}
