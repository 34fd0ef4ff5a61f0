import { inject } from 'vitest'
import { openAdmin } from './admin.ts'
import { createBrowser } from './browser.ts'
import type { Browser, Page } from './browser.ts'
import { codeOf } from './people.ts'
import type { Somebody } from './people.ts'

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

/** Signs in with password and one-time code; `steps` as in `codeOf`. */
export async function openWithCode(
  person: Somebody,
  steps = 0,
  browser: Browser = createBrowser(),
): Promise<{ readonly browser: Browser; readonly page: Page }> {
  const opened = await openAccount(person, browser)
  return { browser, page: await answerCode(opened.page, person, steps) }
}

/** Enters a one-time code where the page asks for one. */
export async function answerCode(page: Page, person: Somebody, steps = 0): Promise<Page> {
  if (!new URL(page.url).pathname.endsWith('/login/code')) return page
  return page.submit('login', { otp: codeOf(person, steps) })
}

/** The secret a page of one-time codes shows. */
export const secretOn = (page: Page): string => (page.element('secret') ?? '').replace(/\s/g, '')

/** The recovery codes a page shows. */
export const recoveryOn = (page: Page): readonly string[] =>
  [
    ...(/<ol[^>]*id="codes">(.*?)<\/ol>/s.exec(page.text)?.[1] ?? '').matchAll(
      /<code[^>]*>([^<]+)</g,
    ),
  ].map(([, code = '']) => code)

/** The code an app with this secret shows. */
export const codeFrom = (secret: string, steps = 0): string =>
  codeOf({ username: '', password: '', sub: '', secret }, steps)

/** Makes a one-time link as the operator. */
export async function makeLink(username: string, action: 'setup-link' | 'reset'): Promise<string> {
  const answer = await (await openAdmin()).request('POST', `/users/${username}/${action}`)
  if (answer.status !== 200) throw new Error(`no link: ${answer.status} ${answer.text}`)
  return String(answer.json['url'])
}
