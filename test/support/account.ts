import { inject } from 'vitest'
import { createBrowser } from './browser.ts'
import type { Browser, Page } from './browser.ts'

/** Opens the account page of the running server and signs in with a password. */
export async function openAccount(
  person: { readonly username: string; readonly password: string },
  browser: Browser = createBrowser(),
): Promise<{ readonly browser: Browser; readonly page: Page }> {
  const login = await browser.open(`${inject('server').issuer}/account`)
  const { username, password } = person
  return { browser, page: await login.submit('login', { username, password }) }
}

/** Opens the account page again. */
export const account = (browser: Browser, path = '/account'): Promise<Page> =>
  browser.open(`${inject('server').issuer}${path}`)
