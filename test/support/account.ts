import { openAdmin } from './admin.ts'
import { createBrowser } from './browser.ts'
import type { Browser, Page } from './browser.ts'
import { makeFixtures } from './fixtures.ts'
import { startRuntime } from './local-runtime.ts'
import { codeOf } from './people.ts'
import type { Somebody } from './people.ts'
import { moveClock, testClient } from './test-client.ts'
import type { Server, TestClient } from './test-client.ts'
import { sharedServer } from './worker-server.ts'

type Named = { readonly username: string; readonly password: string }

/** Opens the account page and signs in with a password. */
export async function openAccount(
  person: Named,
  browser: Browser = createBrowser(),
  on: Server = sharedServer(),
): Promise<{ readonly browser: Browser; readonly page: Page }> {
  const login = await browser.open(`${on.issuer}/account`)
  const { username, password } = person
  return { browser, page: await login.submit('login', { username, password }) }
}

/** Opens a page of the account. */
export const account = (
  browser: Browser,
  path = '/account',
  on: Server = sharedServer(),
): Promise<Page> => browser.open(`${on.issuer}${path}`)

/** Enters a one-time code where the page asks for one. */
export async function answerCode(page: Page, person: Somebody, steps = 0): Promise<Page> {
  if (!new URL(page.url).pathname.endsWith('/login/code')) return page
  return page.submit('login', { otp: codeOf(person, steps) })
}

/** The secret a page of one-time codes shows. */
export const secretOn = (page: Page): string => (page.element('secret') ?? '').replace(/\s/g, '')

/** The recovery codes a page shows. */
export function recoveryOn(page: Page): readonly string[] {
  const list = /<ol[^>]*id="codes">(.*?)<\/ol>/s.exec(page.text)?.[1] ?? ''
  return [...list.matchAll(/<code[^>]*>([^<]+)</g)].map(([, code = '']) => code)
}

/** The code an app with this secret shows. */
export const codeFrom = (secret: string, steps = 0): string =>
  codeOf({ username: '', password: '', sub: '', secret }, steps)

/** Makes a one-time link as the operator. */
export async function makeLink(
  username: string,
  action: 'setup-link' | 'reset',
  on: Server = sharedServer(),
): Promise<string> {
  const answer = await (await openAdmin(on)).request('POST', `/users/${username}/${action}`)
  if (answer.status !== 200) throw new Error(`no link: ${answer.status} ${answer.text}`)
  return String(answer.json['url'])
}

/** What the operator sees of a person's factors. */
export async function factorsOf(username: string, on: Server = sharedServer()): Promise<unknown> {
  return (await (await openAdmin(on)).request('GET', `/users/${username}`)).json['factors']
}

/**
 * A server of a file's own: failures throttle their address, which all tests share. `newDay` lets what
 * failed before be forgotten, `pass` moves the clock from there.
 */
export async function ownServer() {
  const { config, fixtures } = await makeFixtures()
  const runtime = await startRuntime({ config })
  const server: Server = { ...runtime, ca: '' }
  const web: TestClient = testClient(fixtures.clients.web, server)
  let ahead = 0
  const pass = (seconds: number) => moveClock(ahead + seconds, server)
  return {
    server,
    web,
    pass,
    newDay: () => {
      ahead += 6 * 3_600 + 1
      return pass(0)
    },
    open: (person: Named, browser?: Browser) => openAccount(person, browser, server),
    go: (browser: Browser, path?: string) => account(browser, path, server),
    link: (username: string, action: 'setup-link' | 'reset') => makeLink(username, action, server),
    factorsOf: (username: string) => factorsOf(username, server),
    stop: () => runtime.stop(),
  }
}
