import { Hono } from 'hono'
import { ReplayGuard } from '../../src/objects/replay-guard.ts'
import { fapi2Security } from '../../src/profiles/fapi2-security.ts'
import type { IntrospectionService } from '../../src/introspection.ts'
import { resourceMetadata } from '../../src/resource/metadata.ts'
import { protectedResource } from '../../src/resource/middleware.ts'
import type { ResourceVariables } from '../../src/resource/middleware.ts'
import type { ResourceSettings } from '../../src/resource/settings.ts'
import { responseKeys, signedResponses } from '../../src/resource/signed-responses.ts'
import { controllable, now, storageHooks, underControl } from './control.ts'

/*
 * The example bank API: a Worker of its own, as a bank would run it beside the authorization server.
 * It holds its own nonce secret, its own replay guards and the key that signs its responses, and asks
 * about tokens and clients' keys through the `Introspection` entrypoint.
 */

type BankEnv = {
  readonly CONTROL_TOKEN: string
  readonly RESOURCE_SECRET: string
  readonly RESOURCE_KEY: string
  readonly RESOURCE_REPLAY_GUARD: DurableObjectNamespace<ReplayGuard>
  readonly INTROSPECTION: IntrospectionService
  readonly SETTINGS: {
    readonly issuer: string
    readonly resource: string
    readonly origin: string
    readonly mtls_origin: string
    readonly revocation: 'introspection' | 'expiry'
  }
}

export const ResourceReplayGuard = controllable('ResourceReplayGuard', ReplayGuard)

const settingsOf = (env: BankEnv): ResourceSettings => ({
  issuer: env.SETTINGS.issuer,
  resource: env.SETTINGS.resource,
  origin: env.SETTINGS.origin,
  mtlsOrigin: env.SETTINGS.mtls_origin,
  profile: fapi2Security,
  revocation: env.SETTINGS.revocation,
  introspection: env.INTROSPECTION,
  secret: env.RESOURCE_SECRET,
  guards: env.RESOURCE_REPLAY_GUARD,
  guardsPerLocation: 4,
  defaultLocation: 'weur',
  signatures: { requests: 'accepted', responses: 'when-signed', key: env.RESOURCE_KEY },
})

const app = new Hono<{ Bindings: BankEnv; Variables: ResourceVariables }>()

app.use(async (c, next) => {
  await next()
  c.res.headers.set('date', new Date(now()).toUTCString())
  c.res.headers.set('x-content-type-options', 'nosniff')
  if (new URL(c.req.url).protocol === 'https:') {
    c.res.headers.set('strict-transport-security', 'max-age=63072000')
  }
  const interaction = c.req.header('x-fapi-interaction-id')
  if (interaction !== undefined && /^[A-Za-z0-9-]{1,64}$/.test(interaction)) {
    c.res.headers.set('x-fapi-interaction-id', interaction)
  }
  const storage = c.get('storage')
  if (storage !== undefined) {
    const { calls, depth, rows } = storage
    c.res.headers.append('server-timing', `do;desc="calls=${calls} depth=${depth} rows=${rows}"`)
  }
})

app.use(signedResponses(settingsOf, { now }))

/** What a client needs to know of this API, its keys included (RFC 9728); of its own address alone. */
app.get('/.well-known/oauth-protected-resource', async (c, next) => {
  const settings = settingsOf(c.env)
  if (new URL(c.req.url).origin === settings.mtlsOrigin) return next()
  const described = { name: 'Example Bank API', scopes: ['accounts'], jwksPath: '/jwks' }
  return c.json(await resourceMetadata(settings, described))
})
app.get('/jwks', async (c) => c.json((await responseKeys(settingsOf(c.env))).jwks))

const guard = protectedResource(settingsOf, { scope: 'accounts' }, { now, storage: storageHooks })

app.get('/accounts', guard, (c) =>
  c.json(
    {
      owner: c.get('access').subject,
      accounts: [
        {
          id: 'current',
          name: 'Current account',
          iban: 'DE02120300000000202051',
          currency: 'EUR',
          balance: '1842.17',
        },
        {
          id: 'savings',
          name: 'Rainy day savings',
          iban: 'DE02500105170137075030',
          currency: 'EUR',
          balance: '9310.00',
        },
      ],
    },
    200,
    { 'cache-control': 'no-store' },
  ),
)

/** What happened on an account is for a person whose two factors were shown just now (RFC 9470). */
const fresh = protectedResource(
  settingsOf,
  {
    scope: 'accounts',
    acrValues: ['urn:fapi-edge:acr:two-factors', 'urn:fapi-edge:acr:phishing-resistant'],
    maxAge: 300,
  },
  { now, storage: storageHooks },
)

const transactions: Readonly<Record<string, readonly object[]>> = {
  current: [
    { date: '2026-08-28', text: 'Salary', amount: '2950.00', currency: 'EUR' },
    { date: '2026-08-30', text: 'Rent', amount: '-980.00', currency: 'EUR' },
    { date: '2026-08-31', text: 'Greengrocer', amount: '-27.83', currency: 'EUR' },
  ],
  savings: [{ date: '2026-08-01', text: 'Standing order', amount: '310.00', currency: 'EUR' }],
}

app.get('/accounts/:id/transactions', fresh, (c) => {
  const id = c.req.param('id')
  const known = Object.hasOwn(transactions, id) ? transactions[id] : undefined
  return known === undefined
    ? c.json({ error: 'not_found' }, 404)
    : c.json({ account: id, transactions: known }, 200, { 'cache-control': 'no-store' })
})

/** Whoever orders a statement must not be able to say later that it was somebody else. */
const signed = protectedResource(
  settingsOf,
  { scope: 'accounts', signed: true },
  { now, storage: storageHooks },
)

app.post('/accounts/:id/statements', signed, async (c) => {
  const account = c.req.param('id')
  if (!Object.hasOwn(transactions, account)) return c.json({ error: 'not_found' }, 404)
  const order = await c.req.json<{ readonly year?: unknown }>().catch(() => undefined)
  const year = order?.year
  if (typeof year !== 'number' || !Number.isInteger(year)) {
    return c.json({ error: 'invalid_request', error_description: 'year must be a number' }, 400)
  }
  const { clientId } = c.get('access')
  return c.json({ account, year, ordered_by: clientId }, 201, { 'cache-control': 'no-store' })
})

app.all('/accounts/:id/statements', (c) =>
  c.json({ error: 'method_not_allowed' }, 405, { allow: 'POST' }),
)
app.all('/accounts/:id/transactions', (c) =>
  c.json({ error: 'method_not_allowed' }, 405, { allow: 'GET' }),
)
app.all('/accounts', (c) => c.json({ error: 'method_not_allowed' }, 405, { allow: 'GET' }))
app.notFound((c) => c.json({ error: 'not_found' }, 404))

const api: ExportedHandler<BankEnv> = {
  fetch: (request, env, context) => app.fetch(request, env, context),
}

export default underControl(api, { ResourceReplayGuard: 'RESOURCE_REPLAY_GUARD' })
