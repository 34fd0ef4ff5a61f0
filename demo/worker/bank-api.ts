import { Hono } from 'hono'
import { ReplayGuard } from '../../src/objects/replay-guard.ts'
import { fapi2Security } from '../../src/profiles/fapi2-security.ts'
import type { IntrospectionService } from '../../src/introspection.ts'
import { resourceMetadata } from '../../src/resource/metadata.ts'
import { protectedResource } from '../../src/resource/middleware.ts'
import type { ResourceVariables } from '../../src/resource/middleware.ts'
import type { ResourceSettings } from '../../src/resource/settings.ts'
import { responseKeys, signedResponses } from '../../src/resource/signed-responses.ts'
import { isRecord } from '../../src/encoding.ts'
import { allows, mayRead, paymentFor } from './bank/access.ts'
import { accounts, transactions } from './bank/accounts.ts'
import type { Payment } from './bank/payment.ts'
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
  readonly PAYMENT: DurableObjectNamespace<Payment>
  readonly INTROSPECTION: IntrospectionService
  readonly SETTINGS: {
    readonly issuer: string
    readonly resource: string
    readonly origin: string
    readonly mtls_origin: string
    readonly revocation: 'introspection' | 'expiry'
  }
}

export { Choices } from './bank/choices.ts'
export { Payment } from './bank/payment.ts'
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
  const described = {
    name: 'Example Bank API',
    scopes: ['accounts'],
    detailTypes: ['account_information', 'payment_initiation'],
    jwksPath: '/jwks',
  }
  return c.json(await resourceMetadata(settings, described))
})
app.get('/jwks', async (c) => c.json((await responseKeys(settingsOf(c.env))).jwks))

const guard = protectedResource(
  settingsOf,
  { scope: 'accounts', details: 'account_information' },
  { now, storage: storageHooks },
)

/** Accounts and, where the token allows it, their balances. */
app.get('/accounts', guard, (c) => {
  const token = c.get('access')
  const listed = accounts
    .filter((account) => allows(token, 'list_accounts', account))
    .map(({ balance, ...account }) =>
      allows(token, 'read_balances', { ...account, balance }) ? { ...account, balance } : account,
    )
  const body = { owner: token.subject, accounts: listed }
  return c.json(body, 200, { 'cache-control': 'no-store' })
})

/** What happened on an account is for a person whose two factors were shown just now (RFC 9470). */
const fresh = protectedResource(
  settingsOf,
  {
    scope: 'accounts',
    details: 'account_information',
    acrValues: ['urn:fapi-edge:acr:two-factors', 'urn:fapi-edge:acr:phishing-resistant'],
    maxAge: 300,
  },
  { now, storage: storageHooks },
)

app.get('/accounts/:id/transactions', fresh, (c) => {
  const id = c.req.param('id')
  const account = accounts.find((one) => one.id === id)
  if (account === undefined) return c.json({ error: 'not_found' }, 404)
  const token = c.get('access')
  if (!allows(token, 'read_transactions', account)) return c.json(beyond, 403)
  const list = (transactions[id] ?? []).filter((entry) => mayRead(token, account, entry.date))
  const body = { account: id, transactions: list }
  return c.json(body, 200, { 'cache-control': 'no-store' })
})

const beyond = {
  error: 'insufficient_scope',
  error_description: 'The authorization_details of the access token do not allow this',
}

const payer = protectedResource(
  settingsOf,
  { details: 'payment_initiation' },
  { now, storage: storageHooks },
)

/** Makes the one payment that a person agreed to, exactly as they agreed to it, and once. */
app.post('/payments', payer, async (c) => {
  const order = await c.req.json<unknown>().catch(() => undefined)
  if (!isRecord(order)) {
    const error_description = 'A payment is a JSON object'
    return c.json({ error: 'invalid_request', error_description }, 400)
  }
  const payment = paymentFor(c.get('access'), order)
  const identifier = payment?.['identifier']
  if (payment === undefined || typeof identifier !== 'string') return c.json(beyond, 403)
  const made = await c.env.PAYMENT.getByName(identifier).make(payment, now())
  if (!made) {
    const error_description = 'This payment was made before'
    return c.json({ error: 'already_paid', error_description }, 409)
  }
  const { type: _type, ...rest } = payment
  return c.json({ status: 'made', ...rest }, 201, { 'cache-control': 'no-store' })
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
app.all('/payments', (c) => c.json({ error: 'method_not_allowed' }, 405, { allow: 'POST' }))
app.all('/accounts', (c) => c.json({ error: 'method_not_allowed' }, 405, { allow: 'GET' }))
app.notFound((c) => c.json({ error: 'not_found' }, 404))

const api: ExportedHandler<BankEnv> = {
  fetch: (request, env, context) => app.fetch(request, env, context),
}

export default underControl(api, { ResourceReplayGuard: 'RESOURCE_REPLAY_GUARD' })
