import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { newClient, openAdmin } from './admin.ts'
import type { Admin } from './admin.ts'
import { createBrowser } from './browser.ts'
import type { Browser, Page } from './browser.ts'
import type { ClientFixture } from './fixtures.ts'
import { openKeyHost } from './key-host.ts'
import type { KeyHost } from './key-host.ts'
import { startRuntime } from './local-runtime.ts'
import { makeDpopKey, testClient } from './test-client.ts'
import type { DpopKey, Server } from './test-client.ts'

export const ada = { username: 'ada', password: 'ada has a long password' }
export const bob = { username: 'bob', password: 'bob has a long password' }

export type OwnServer = {
  readonly server: Server
  /** A client's own web server, which this server may call. */
  readonly host: KeyHost
  readonly admin: () => Promise<Admin>
  readonly key: DpopKey
  readonly browser: () => Browser
  /** Registers a client and gives what acts as it. */
  readonly register: (extra?: Readonly<Record<string, unknown>>) => Promise<ClientFixture>
  /** Signs in where that is needed, approves, and redeems the code. */
  readonly connect: (
    fixture: ClientFixture,
    browser: Browser,
    person?: typeof ada,
  ) => Promise<{ readonly idToken: string; readonly refreshToken: string }>
  /** Whether this browser would be asked to sign in. */
  readonly asksToSignIn: (fixture: ClientFixture, browser: Browser) => Promise<boolean>
  readonly close: () => Promise<void>
}

/** A server of its own with one factor, two people, and a client's web server it may call. */
export async function startOwnServer(): Promise<OwnServer> {
  const host = await openKeyHost()
  const runtime = await startRuntime({
    args: ['--outbound-allow', host.origin, '--no-demo'],
    config: {
      issuer: { authentication: { factors: 1 } },
      users: [
        { ...ada, sub: 'sub-ada' },
        { ...bob, sub: 'sub-bob' },
      ],
    },
  })
  const ca = readFileSync(join(runtime.state, 'tls', 'ca.pem'), 'utf8')
  const server = { ...runtime, ca }
  const key = await makeDpopKey()
  const admin = () => openAdmin(server)

  async function open(fixture: ClientFixture, browser: Browser) {
    const client = testClient(fixture, server)
    const pushed = await client.par({ key })
    if (pushed.answer.status !== 201) throw new Error(`PAR failed: ${pushed.answer.text}`)
    const page = await browser.open(client.authorizeUrl(pushed.requestUri), { from: 'cross-site' })
    return { client, pushed, page }
  }

  return {
    server,
    host,
    admin,
    key,
    browser: () => createBrowser({ fetch: createFetch({ ca }) }),
    register: async (extra = {}) => {
      const { fixture, metadata } = await newClient(extra)
      const put = await (await admin()).request('PUT', `/clients/${fixture.clientId}`, metadata)
      if (put.status !== 201) throw new Error(`not registered: ${put.text}`)
      return fixture
    },
    connect: async (fixture, browser, person = ada) => {
      const { client, pushed, page } = await open(fixture, browser)
      const consent = isSignIn(page) ? await page.submit('login', person) : page
      const { redirectedTo } = await consent.submit('approve')
      const code = redirectedTo?.searchParams.get('code') ?? ''
      const tokens = await client.redeem({ code, verifier: pushed.verifier }, { key })
      const idToken = String(tokens.answer.json['id_token'] ?? '')
      return { idToken, refreshToken: tokens.refreshToken }
    },
    asksToSignIn: async (fixture, browser) => isSignIn((await open(fixture, browser)).page),
    close: async () => {
      await runtime.stop()
      await host.close()
    },
  }
}

const isSignIn = (page: Page): boolean =>
  page.forms.some(({ buttons }) => buttons.some(({ id }) => id === 'login'))
