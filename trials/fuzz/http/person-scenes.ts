import { createAuthenticator } from '../../../test/support/authenticator.ts'
import type { Browser, Page } from '../../../test/support/browser.ts'
import { asked } from '../../../test/support/asked-passkey.ts'
import { formType } from './client-scenes.ts'
import type { Draft, Pair } from './draft.ts'
import type { Scene } from './scene.ts'
import type { World } from './world.ts'

type Shown = { readonly browser: Browser; readonly page: Page }

const headersOf = (browser: Browser, url: string, method: string): readonly Pair[] => {
  const cookie = browser.cookies.header(new URL(url), { method, crossSite: false })
  return [
    ...(cookie === '' ? [] : [['cookie', cookie] as const]),
    ['accept', 'text/html'],
    ['sec-fetch-site', 'same-origin'],
  ]
}

/** Opens an address with the cookies of a browser. */
const visit = (browser: Browser, url: string): Draft => {
  const { origin, pathname, searchParams } = new URL(url)
  const query = [...searchParams]
  return { method: 'GET', url: `${origin}${pathname}`, query, headers: headersOf(browser, url, 'GET') } // prettier-ignore
}

/** The forms of a page as their buttons would post them, one after the other. */
function posts({ browser, page }: Shown, more: Readonly<Record<string, string>> = {}): () => Draft {
  const all = page.forms
    .filter(({ method }) => method === 'post')
    .flatMap((form) => {
      const buttons = form.buttons.length === 0 ? [undefined] : form.buttons
      return buttons.map((button): Draft => {
        const pressed = button?.name === undefined ? [] : [[button.name, button.value] as const]
        return {
          method: 'POST',
          url: form.action,
          headers: [formType, ...headersOf(browser, form.action, 'POST'), ['origin', new URL(form.action).origin]],
          form: [...form.fields.filter(([name]) => !(name in more)), ...pressed, ...Object.entries(more)],
        }
      })
    }) // prettier-ignore
  if (all.length === 0) throw new Error(`no form on ${page.url}:\n${page.words}`)
  let next = 0
  return () => all[next++ % all.length] ?? fail(page)
}

const fail = (page: Page): never => {
  throw new Error(`no form on ${page.url}`)
}

const scene = (
  name: string,
  route: string,
  expect: Scene['expect'],
  make: (world: World) => Promise<() => Draft>,
): Scene => ({
  name,
  route,
  expect,
  open: async (world) => {
    const next = await make(world)
    return () => Promise.resolve(next())
  },
})

async function pushed(world: World, fields: Record<string, string> = {}): Promise<string> {
  const client = world.client('web')
  const { requestUri, answer } = await client.par({ fields })
  if (requestUri === '') throw new Error(`not pushed: ${answer.text}`)
  return client.authorizeUrl(requestUri)
}

/** The sign-in page of a pushed request. */
async function signInPage(world: World): Promise<Shown> {
  await world.newDay()
  const browser = world.browser()
  return { browser, page: await browser.open(await pushed(world)) }
}

/** Where alice is asked for her code. */
async function codePage(world: World): Promise<Shown> {
  await world.newDay()
  const browser = world.browser()
  const login = await browser.open(`${world.server.issuer}/account`)
  const { username, password } = world.fixtures.users.alice
  return { browser, page: await login.submit('login', { username, password }) }
}

async function consentPage(world: World): Promise<Shown> {
  const { browser } = await world.signIn()
  const details = [{ type: 'account_information', actions: ['list_accounts', 'read_balances'] }]
  const fields = { authorization_details: JSON.stringify(details) }
  return { browser, page: await browser.open(await pushed(world, fields)) }
}

const account = (path: string): Scene =>
  scene(`the page ${path}`, `GET ${path}`, [200, 303], async (world) => {
    const { browser } = await world.signIn(path === '/account/signed-out' ? '/account' : path)
    return () => visit(browser, `${world.server.issuer}${path}`)
  })

/** A form of the account: its page is opened anew for each batch. */
const accountForm = (route: string, page: string, more: Readonly<Record<string, string>> = {}): Scene =>
  scene(`the form ${route}`, `POST ${route}`, [200, 303, 400, 403, 422, 429], async (world) => {
    const { browser } = await world.signIn(page)
    const shown = await browser.open(`${world.server.issuer}${page}`)
    const next = posts({ browser, page: shown }, more)
    return () => ({ ...next(), url: `${world.server.issuer}${route}` })
  }) // prettier-ignore

async function passkeyDraft(world: World): Promise<() => Draft> {
  const { browser } = await world.signIn('/account/passkeys')
  const url = `${world.server.issuer}/account/passkeys`
  const page = await browser.open(url)
  const wanted = asked(page)
  if (wanted === undefined) throw new Error(`no passkey is asked for: ${page.words}`)
  const authenticator = await createAuthenticator(new URL(url).origin)
  const attestation = JSON.stringify(await authenticator.create(wanted.options))
  const form = page.forms.flatMap(({ fields }) => fields).find(([name]) => name === 'form')
  const { headers = [] } = posts({ browser, page })()
  const fields: readonly Pair[] = [['form', form?.[1] ?? ''], ['attestation', attestation], ['name', 'My phone']]
  return () => ({ method: 'POST', url, headers, form: fields })
} // prettier-ignore

const link = async (world: World): Promise<string> => {
  const { resourceDraft } = await import('./client-scenes.ts')
  const { render } = await import('./draft.ts')
  const { send } = await import('../../../test/support/http.ts')
  const url = `${world.server.issuer}/admin/users/carol/setup-link`
  const rendered = await render(await resourceDraft(world, await world.operatorToken(), { method: 'POST', url }))
  const answer = await send(url, rendered)
  return String(answer.json['url'])
} // prettier-ignore

const followed = async (world: World): Promise<Shown> => {
  await world.newDay()
  const browser = world.browser()
  return { browser, page: await browser.open(await link(world)) }
}

const anyOf = [200, 303, 400, 401, 403, 404, 422, 429]

export const personScenes: readonly Scene[] = [
  scene('authorize: GET', 'GET /authorize', 303, async (world) => {
    const [browser, url] = [world.browser(), await pushed(world)]
    return () => visit(browser, url)
  }),
  scene('authorize: POST', 'POST /authorize', 303, async (world) => {
    const { origin, pathname, searchParams } = new URL(await pushed(world))
    const form = [...searchParams]
    return () => ({ method: 'POST', url: `${origin}${pathname}`, headers: [formType], form })
  }),
  scene('authorize, signed in', 'GET /authorize', [200, 303], async (world) => {
    const { browser } = await world.signIn()
    const url = await pushed(world)
    return () => visit(browser, url)
  }),
  scene('the sign-in page', 'GET /login', 200, async (world) => {
    const { browser, page } = await signInPage(world)
    return () => visit(browser, page.url)
  }),
  scene('the sign-in form', 'POST /login', anyOf, async (world) => {
    const shown = await signInPage(world)
    const { username, password } = world.fixtures.users.carol
    return posts(shown, { username, password })
  }),
  scene('the page for a code', 'GET /login/code', 200, async (world) => {
    const { browser, page } = await codePage(world)
    return () => visit(browser, page.url)
  }),
  scene('the form for a code', 'POST /login/code', anyOf, async (world) =>
    posts(await codePage(world), { otp: '123456' }),
  ),
  scene('an answer with a passkey', 'POST /login/passkey', anyOf, async (world) => {
    const { browser, page } = await signInPage(world)
    const next = posts({ browser, page })
    const authenticator = await createAuthenticator(new URL(page.url).origin)
    const given = await authenticator.get({ challenge: 'A'.repeat(43), rpId: new URL(page.url).hostname } as Parameters<typeof authenticator.get>[0])
    return () => {
      const { form = [], ...draft } = next()
      const url = `${world.server.issuer}/login/passkey`
      return { ...draft, url, form: [...form, ['assertion', JSON.stringify(given)]] }
    }
  }),
  scene('the way back from elsewhere', 'GET /login/callback', 404, (world) => {
    const query: readonly Pair[] = [['code', 'x'], ['state', 'y'], ['iss', 'https://login.example']]
    return Promise.resolve(() => ({ method: 'GET', url: `${world.server.issuer}/login/callback`, query }))
  }),
  scene('the consent page', 'GET /consent', 200, async (world) => {
    const { browser, page } = await consentPage(world)
    return () => visit(browser, page.url)
  }),
  scene('the consent form', 'POST /consent', [200, 303, 400, 403], async (world) =>
    posts(await consentPage(world), { 'take.0': '1', 'choose.0.accounts.0': '1' }),
  ),
  ...['/account', '/account/passkeys', '/account/signed-out', '/account/code', '/account/recovery-codes', '/account/password'].map(account),
  accountForm('/account/permissions', '/account', { grant: 'A'.repeat(64) }),
  accountForm('/account/sessions', '/account', { session: 'x' }),
  accountForm('/account/sign-out', '/account'),
  accountForm('/account/code', '/account/code', { otp: '123456' }),
  accountForm('/account/recovery-codes', '/account/recovery-codes'),
  accountForm('/account/password', '/account/password', { password: 'alice has a long password', new_password: 'short' }),
  scene('a new passkey', 'POST /account/passkeys', anyOf, passkeyDraft),
  scene('a link of the operator', 'GET /setup', [200, 303], async (world) => {
    const [browser, url] = [world.browser(), await link(world)]
    return () => visit(browser, url)
  }),
  scene('the form behind a link', 'POST /setup', anyOf, async (world) =>
    posts(await followed(world), { password: 'carol has a long password' }),
  ),
  scene('the end of a setup', 'POST /setup/finish', anyOf, async (world) => {
    const next = posts(await followed(world))
    return () => ({ ...next(), url: `${world.server.issuer}/setup/finish` })
  }),
  scene('the question whether to sign out', 'GET /logout', 200, async (world) => {
    const { browser } = await world.signIn()
    const query = 'client_id=client-web&state=s&ui_locales=de'
    return () => visit(browser, `${world.server.issuer}/logout?${query}`)
  }),
  scene('the answer to it', 'POST /logout', anyOf, async (world) => {
    const { browser } = await world.signIn()
    return posts({ browser, page: await browser.open(`${world.server.issuer}/logout`) })
  }),
  scene('a style sheet', 'GET /assets/:id', 200, async (world) => {
    const page = await world.browser().open(`${world.server.issuer}/account/signed-out`)
    const [, path = ''] = /href="([^"]*\/assets\/[^"]*)"/.exec(page.text) ?? []
    const browser = world.browser()
    return () => visit(browser, new URL(path, page.url).href)
  }),
] // prettier-ignore
