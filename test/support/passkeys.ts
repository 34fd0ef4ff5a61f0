import { createAuthenticator } from './authenticator.ts'
import type { Answer, SoftwareAuthenticator, Twist } from './authenticator.ts'
import { createBrowser } from './browser.ts'
import type { Browser, Page } from './browser.ts'
import { asked } from './asked-passkey.ts'
import type { Asked } from './asked-passkey.ts'
import { codeOf } from './people.ts'
import type { Somebody } from './people.ts'
import type { Server } from './test-client.ts'
import { sharedServer } from './worker-server.ts'

export { asked } from './asked-passkey.ts'
export type { Asked } from './asked-passkey.ts'

/** Asks what a page must ask. */
export function askedBy(page: Page): Asked {
  return asked(page) ?? fail(page)
}

const fail = (page: Page): never => {
  throw new Error(`no passkey is asked for on ${page.url}:\n${page.words}`)
}

/** Posts an answer as the script does. */
export function answerWith(browser: Browser, page: Page, answer: Answer | string): Promise<Page> {
  const { action, interaction } = askedBy(page)
  const assertion = typeof answer === 'string' ? answer : JSON.stringify(answer)
  return browser.post(action, { interaction, assertion })
}

/** Touches the authenticator and posts what it says. */
export async function signInWithPasskey(
  browser: Browser,
  page: Page,
  {
    authenticator,
    twist = {},
  }: { readonly authenticator: SoftwareAuthenticator; readonly twist?: Twist },
): Promise<Page> {
  return answerWith(browser, page, await authenticator.get(askedBy(page).options, twist))
}

/** Opens the page of passkeys, with the second factor it asks for. */
export async function openPasskeys(
  person: Somebody,
  given: { readonly browser?: Browser; readonly steps?: number; readonly on?: Server } = {},
): Promise<{ readonly browser: Browser; readonly page: Page }> {
  const { browser = createBrowser(), steps = 0, on = sharedServer() } = given
  const login = await browser.open(`${on.issuer}/account/passkeys`)
  const { username, password } = person
  const code = await login.submit('login', { username, password })
  return { browser, page: await code.submit('login', { otp: codeOf(person, steps) }) }
}

/** Posts the form of the page of passkeys as its script does. */
export async function addPasskey(
  browser: Browser,
  page: Page,
  fields: Readonly<Record<string, string>>,
): Promise<Page> {
  return browser.post(new URL(page.url).origin + new URL(page.url).pathname, {
    form: formOf(page),
    ...fields,
  })
}

/** The sealed token of a page's forms. */
export const formOf = (page: Page): string =>
  page.forms.flatMap(({ fields }) => fields).find(([name]) => name === 'form')?.[1] ?? ''

/** Gives somebody a passkey. */
export async function enrol(
  person: Somebody,
  given: Parameters<typeof createAuthenticator>[1] & { readonly on?: Server } = {},
): Promise<SoftwareAuthenticator> {
  const { on = sharedServer(), ...kind } = given
  const authenticator = await createAuthenticator(new URL(on.issuer).origin, kind)
  const { browser, page } = await openPasskeys(person, { on })
  const attestation = JSON.stringify(await authenticator.create(askedBy(page).options))
  const after = await addPasskey(browser, page, { attestation, name: 'My phone' })
  if (!after.url.endsWith('notice=passkey-added'))
    throw new Error(`${after.url}
${after.words}`)
  return authenticator
}
