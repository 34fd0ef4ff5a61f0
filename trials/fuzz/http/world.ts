import { Secret, TOTP } from 'otpauth'
import { createFetch } from '../../../cli/fetch-with-ca.ts'
import { createBrowser } from '../../../test/support/browser.ts'
import type { Browser, Page } from '../../../test/support/browser.ts'
import type { ClientFixture, Fixtures } from '../../../test/support/fixtures.ts'
import { startSharedServer } from '../../../test/support/shared-server.ts'
import { operatorFixture } from '../../../test/support/wire-admin.ts'
import { wireClient } from '../../../test/support/wire-client.ts'
import type { WireClient } from '../../../test/support/wire-client.ts'
import { makeDpopKey, newClock, secondsBy } from '../../../test/support/wire-keys.ts'
import type { DpopKey } from '../../../test/support/wire-keys.ts'
import { moveClock, nonceOf } from '../../../test/support/wire-server.ts'
import type { Server } from '../../../test/support/wire-server.ts'

/** A fresh server with clients, people and an operator, and what acts as each. */
export type World = {
  readonly server: Server
  readonly fixtures: Fixtures
  readonly key: DpopKey
  readonly now: () => number
  readonly client: (name: keyof Fixtures['clients']) => WireClient
  /** The current nonce of whoever answers at this address. */
  readonly nonce: (url: string) => Promise<string | undefined>
  /** Keeps the nonce an answer brings. */
  readonly hear: (url: string, nonce: string | null) => void
  readonly operatorToken: () => Promise<string>
  /** What is dear to make: made once for a minute of a day. */
  readonly lately: <T>(name: string, make: () => Promise<T>) => Promise<T>
  readonly browser: () => Browser
  /** Signs alice in anew, with both factors; failed attempts of before are forgotten. */
  readonly signIn: (path?: string) => Promise<{ readonly browser: Browser; readonly page: Page }>
  /** A day on which nobody failed to sign in yet. */
  readonly newDay: () => Promise<void>
  readonly close: () => Promise<void>
}

export async function openWorld(): Promise<World> {
  const { server, fixtures, stop } = await startSharedServer()
  const clock = newClock()
  const nonces = new Map<string, { readonly nonce: string; readonly at: number }>()
  const kept = new Map<string, { readonly value: unknown; readonly at: number }>()
  const key = await makeDpopKey()
  const now = () => secondsBy(clock)
  const as = (fixture: ClientFixture) =>
    wireClient(fixture, { server, clock, person: fixtures.users.alice })
  const browser = () => createBrowser({ fetch: createFetch({ ca: server.ca }) })
  const newDay = async () => {
    await moveClock(clock.offset + 6 * 3_600 + 1, server, clock)
    nonces.clear()
    kept.clear()
  }

  async function lately<T>(name: string, make: () => Promise<T>): Promise<T> {
    const known = kept.get(name)
    if (known !== undefined && now() - known.at < 60) return known.value as T
    const value = await make()
    kept.set(name, { value, at: now() })
    return value
  }

  async function signIn(path = '/account') {
    const fresh = browser()
    await newDay()
    const login = await fresh.open(`${server.issuer}${path}`)
    const { username, password, totp_secret: secret = '' } = fixtures.users.alice
    const next = await login.submit('login', { username, password })
    if (!new URL(next.url).pathname.endsWith('/login/code')) return { browser: fresh, page: next }
    const totp = new TOTP({ secret: Secret.fromBase32(secret) })
    const otp = totp.generate({ timestamp: now() * 1000 })
    return { browser: fresh, page: await next.submit('login', { otp }) }
  }

  return {
    server,
    fixtures,
    key,
    now,
    client: (name) => as(fixtures.clients[name]),
    nonce: async (url) => {
      const known = nonces.get(new URL(url).origin)
      if (known !== undefined && now() - known.at < 60) return known.nonce
      const nonce = await nonceOf(url, server)
      if (nonce !== undefined) nonces.set(new URL(url).origin, { nonce, at: now() })
      return nonce
    },
    hear: (url, nonce) => {
      if (nonce !== null) nonces.set(new URL(url).origin, { nonce, at: now() })
    },
    operatorToken: () =>
      lately('operator', async () => {
        const acting = as(operatorFixture(server))
        const fields = { grant_type: 'client_credentials', scope: 'admin' }
        return (await acting.token(fields, { key })).accessToken
      }),
    lately,
    browser,
    signIn,
    newDay,
    close: stop,
  }
}
