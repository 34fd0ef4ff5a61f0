import { setTimeout as wait } from 'node:timers/promises'
import { oneTimeCode } from '../../demo/story/one-time-code.ts'
import { createBrowser } from '../../test/support/browser.ts'
import type { Browser, Fetch, Page } from '../../test/support/browser.ts'
import type { Contender } from './contenders.ts'
import type { Sender } from './load.ts'

/** A person's browser, signed in. */
export type Visitor = { readonly browser: Browser }

const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const password = 'a password that nobody would guess'

/** A browser over kept connections, like any real one. */
export const browserOver = (sender: Sender): Browser => createBrowser({ fetch: fetchOver(sender) })

function fetchOver(sender: Sender): Fetch {
  return async (url, { method, headers, body }) => {
    const reply = await sender.send({
      method: method === 'POST' ? 'POST' : 'GET',
      url: new URL(url),
      headers,
      ...(body === undefined ? {} : { body }),
    })
    const sent = new Headers()
    for (const [name, value] of Object.entries(reply.headers)) {
      for (const one of [value ?? []].flat()) sent.append(name, one)
    }
    return new Response(reply.body, { status: reply.status, headers: sent })
  }
}

/** Makes a person at our server; the peer takes whoever presses the button. */
export async function invite({ admin }: Contender, username: string): Promise<void> {
  if (admin === undefined) return
  const body = { password, sub: `sub-${username}`, claims: {}, totp_secret: secret }
  const answer = await admin.request('PUT', `/users/${username}`, body)
  if (answer.status >= 300) throw new Error(`no person: ${JSON.stringify(answer)}`)
}

export const hasButton = (page: Page, button: string): boolean =>
  page.forms.some((form) => form.buttons.some(({ id }) => id === button))

/** Signs a person in, from the first page of a request up to the consent page. */
export async function signIn(page: Page, username: string): Promise<Page> {
  if (!hasButton(page, 'login')) return page
  const second = await page.submit('login', { username, password })
  const consent = await second.submit('login', { otp: oneTimeCode(secret) })
  if (hasButton(consent, 'approve')) return consent
  // The code's half minute ended on the way.
  await wait(1_000)
  return second.submit('login', { otp: oneTimeCode(secret) })
}
