import type { Page } from '../../test/support/browser.ts'
import { createBrowser } from '../../test/support/browser.ts'
import type { FlowSettings } from './client.ts'
import { oneTimeCode } from './one-time-code.ts'
import { promise } from './steps.ts'

/** Opens an authorization request in a browser of its own and signs in, up to the consent page. */
export async function signIn(settings: FlowSettings, request: URL): Promise<Page> {
  const { username, password, totpSecret } = settings.person
  const browser = createBrowser({ fetch: settings.fetch })
  let page = await browser.open(request, { from: 'cross-site' })
  promise(hasButton(page, 'login'), 'a sign-in page', describePage(page))
  page = await page.submit('login', { username, password })
  if (totpSecret !== undefined) page = await page.submit('login', { otp: oneTimeCode(totpSecret) })
  promise(hasButton(page, 'approve'), 'a consent page', describePage(page))
  return page
}

export const hasButton = (page: Page, button: string): boolean =>
  page.forms.some((form) => form.buttons.some(({ id }) => id === button))

export const describePage = (page: Page | undefined): string =>
  page === undefined ? 'no page' : `${page.status} ${page.url}\n${page.words}`
