import { makeDpopKey } from '../../support/test-client.ts'
import type { ClientFixture } from '../../support/fixtures.ts'

/** The clients of the browser tests. JSON, so that it can cross processes. */
export type World = {
  /** The configuration file that registers them. */
  readonly config: Readonly<Record<string, unknown>>
  readonly clients: {
    /** What an honest app registers. */
    readonly budget: ClientFixture
    /** One whose name is markup. */
    readonly markup: ClientFixture
  }
}

/** A name that is a page of its own where somebody forgets to escape it. */
export const markupName =
  '<img src=x onerror=alert(1)><b>Bold</b> & "Co" </title><script>alert(2)</script>'

/** Native clients may come back to any port of the loopback address, where the tests listen. */
const redirectUri = 'http://127.0.0.1/callback'

/** Makes the clients' keys, and the configuration file that registers them; all else is as by default. */
export async function makeWorld(): Promise<World> {
  const budget = await makeClient('browser-budget', 'Budget Buddy')
  const markup = await makeClient('browser-markup', markupName)
  return {
    config: { clients: [budget.metadata, markup.metadata] },
    clients: { budget: budget.fixture, markup: markup.fixture },
  }
}

async function makeClient(clientId: string, name: string) {
  const { jwk, publicJwk } = await makeDpopKey()
  const named = { kid: `${clientId}-1`, alg: 'ES256', use: 'sig' }
  const fixture: ClientFixture = { clientId, redirectUri, jwk: { ...jwk, ...named }, alg: 'ES256' }
  const metadata = {
    client_id: clientId,
    client_name: name,
    application_type: 'native',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile accounts',
    authorization_details_types: ['account_information', 'payment_initiation'],
    token_endpoint_auth_method: 'private_key_jwt',
    dpop_bound_access_tokens: true,
    jwks: { keys: [{ ...publicJwk, ...named }] },
  }
  return { fixture, metadata }
}
