import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { oneTimeCode } from '../../demo/story/one-time-code.ts'
import { createBrowser } from './browser.ts'
import type { Browser, Page } from './browser.ts'
import { freePorts, startRuntime } from './local-runtime.ts'
import type { Runtime } from './local-runtime.ts'
import { moveClock, nowSeconds } from './test-client.ts'
import type { Server } from './test-client.ts'

/** A bank whose people sign in at a second server, and that server. */
export type TwoServers = {
  readonly bank: Server & Runtime
  readonly upstream: Server & Runtime
  readonly moveClocks: (seconds: number) => Promise<void>
  readonly stop: () => Promise<void>
}

/** The bank's name as a client of the upstream. */
export const bankClientId = 'the-bank'

export const levels = {
  'urn:fapi-edge:acr:one-factor': 'one-factor',
  'urn:fapi-edge:acr:two-factors': 'two-factors',
} as const

/** People of the upstream: two factors, and one. */
export const ana = {
  username: 'ana',
  password: 'ana has a long password',
  totp_secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  sub: 'upstream-ana',
  claims: { name: 'Ana Lima', email: 'ana@people.example', email_verified: true },
} as const
export const ben = {
  username: 'ben',
  password: 'ben has a long password',
  sub: 'upstream-ben',
  claims: { name: 'Ben Roy' },
} as const

type Changes = {
  /** Of `authentication.upstream`. */
  readonly login?: Readonly<Record<string, unknown>>
  /** Of `authentication`. */
  readonly authentication?: Readonly<Record<string, unknown>>
  /** Of the bank's registration at the upstream. */
  readonly registration?: Readonly<Record<string, unknown>>
  readonly upstreamArgs?: readonly string[]
  readonly bankArgs?: (upstream: Runtime) => readonly string[]
}

/** Starts both. The bank has another host name, so that they share no cookies. */
export async function startTwoServers(changes: Changes = {}): Promise<TwoServers> {
  const ports = await freePorts(10)
  const [upstreamPorts, bankPorts] = [ports.slice(0, 5), ports.slice(5)]
  const bankUrl = `http://127.0.0.1:${String(bankPorts[0])}`
  const upstreamUrl = `http://localhost:${String(upstreamPorts[0])}`
  const upstream = await startRuntime({
    ports: upstreamPorts,
    args: ['--no-demo', '--outbound-allow', bankUrl, ...(changes.upstreamArgs ?? [])],
    config: {
      issuer: { id: 'people', name: 'People', authentication: { factors: 1 } },
      users: [ana, ben],
      clients: [
        {
          client_id: bankClientId,
          client_name: 'The Bank',
          application_type: 'native',
          redirect_uris: [`${bankUrl}/login/callback`],
          grant_types: ['authorization_code'],
          scope: 'openid profile email',
          token_endpoint_auth_method: 'private_key_jwt',
          jwks_uri: `${bankUrl}/jwks`,
          dpop_bound_access_tokens: true,
          ...changes.registration,
        },
      ],
    },
  })
  const bank = await startRuntime({
    ports: bankPorts,
    args: [
      '--no-demo', '--issuer', bankUrl,
      ...(changes.bankArgs?.(upstream) ?? ['--outbound-allow', upstreamUrl]),
    ],
    config: {
      issuer: {
        id: 'bank',
        name: 'Bank',
        authentication: {
          ...changes.authentication,
          upstream: {
            issuer: upstreamUrl,
            client_id: bankClientId,
            scope: 'openid profile email',
            acr: levels,
            claims: { name: 'name', email: 'email', email_verified: 'email_verified' },
            ...changes.login,
          },
        },
      },
    },
  }) // prettier-ignore
  const servers = { bank: withCa(bank), upstream: withCa(upstream) }
  return {
    ...servers,
    moveClocks: async (seconds) => {
      await moveClock(seconds, servers.upstream)
      await moveClock(seconds, servers.bank)
    },
    stop: async () => {
      await Promise.all([bank.stop(), upstream.stop()])
    },
  }
}

export const withCa = (runtime: Runtime): Server & Runtime => ({
  ...runtime,
  ca: readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8'),
})

/** Opens an address of one server as a redirect from the other. */
export const cross = (browser: Browser, page: Page): Promise<Page> => {
  if (page.redirectedTo === undefined) throw new Error(`no redirect: ${page.status} ${page.words}`)
  return browser.open(page.redirectedTo, { from: 'cross-site' })
}

type UpstreamPerson = {
  readonly username: string
  readonly password: string
  readonly totp_secret?: string
}

/** Signs in at the upstream and agrees; answers the page that leads back to the bank. */
export async function signInThere(login: Page, person: UpstreamPerson): Promise<Page> {
  const { username, password, totp_secret: secret } = person
  let page = await login.submit('login', { username, password })
  if (secret !== undefined && asksFor(page, 'otp')) {
    page = await page.submit('login', { otp: oneTimeCode(secret, nowSeconds() * 1000) })
  }
  return page.submit('approve')
}

const asksFor = (page: Page, field: string): boolean =>
  page.forms.some(({ fields }) => fields.some(([name]) => name === field))

/** The whole way from the client's address to the bank's consent page. */
export async function signInAtBank(
  address: string,
  person: UpstreamPerson = ana,
  browser: Browser = createBrowser(),
): Promise<Page> {
  const there = await cross(browser, await browser.open(address))
  return cross(browser, await signInThere(there, person))
}

/** The session cookie a server gave this browser. */
export const sessionOf = (server: Server, browser: Browser): string | undefined =>
  browser.cookies
    .list()
    .find(({ name, host }) => name.endsWith('-session') && host === new URL(server.issuer).hostname)
    ?.value
