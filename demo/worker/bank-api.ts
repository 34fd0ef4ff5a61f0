import { Hono } from 'hono'
import { ReplayGuard } from '../../src/objects/replay-guard.ts'
import { resourceMetadata } from '../../src/resource/metadata.ts'
import { protectedResource } from '../../src/resource/middleware.ts'
import type { AccessNeed } from '../../src/resource/middleware.ts'
import { responseKeys, signedResponses } from '../../src/resource/signed-responses.ts'
import { listAccounts, listTransactions, orderStatement } from './bank/account-routes.ts'
import { answerHeaders } from './bank/answers.ts'
import type { Bank } from './bank/answers.ts'
import { PaymentBook as BasePaymentBook } from './bank/payment-book.ts'
import { findPayment, makePayment } from './bank/payment-routes.ts'
import { settingsOf } from './bank/settings.ts'
import type { BankEnv } from './bank/settings.ts'
import { controllable, now, storageHooks, underControl } from './control.ts'

/*
 * The example bank API: a Worker of its own, as a bank would run it beside the authorization server.
 * It holds its own nonce secret, its own replay guards, the payments it made and the key that signs its
 * responses, and asks about tokens and clients' keys through the `Introspection` entrypoint. Its own
 * entrypoint `Choices` tells the authorization server what people may choose at consent.
 */

export const ResourceReplayGuard = controllable('ResourceReplayGuard', ReplayGuard)
export const PaymentBook = controllable('PaymentBook', BasePaymentBook)
export { Choices } from './bank/choices.ts'

const app = new Hono<Bank>()

app.use(answerHeaders)
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

const guard = (needed: AccessNeed) =>
  protectedResource(settingsOf, needed, { now, storage: storageHooks })

/** By the scope, or more exactly by details (RFC 9396); where a token has both, the details decide. */
const reading = { scope: 'accounts', details: 'account_information', either: true } as const

/** What happened on an account is for a person whose two factors were shown just now (RFC 9470). */
const fresh = {
  acrValues: ['urn:fapi-edge:acr:two-factors', 'urn:fapi-edge:acr:phishing-resistant'],
  maxAge: 300,
}

/** No scope allows a payment: each is agreed to by itself. */
const paying = { details: 'payment_initiation' } as const

app.get('/accounts', guard(reading), listAccounts)
app.get('/accounts/:id/transactions', guard({ ...reading, ...fresh }), listTransactions)
app.post('/accounts/:id/statements', guard({ scope: 'accounts', signed: true }), orderStatement)
app.post('/payments', guard(paying), makePayment)
app.get('/payments/:id', guard(paying), findPayment)

const methods = [
  ['/accounts', 'GET'],
  ['/accounts/:id/transactions', 'GET'],
  ['/accounts/:id/statements', 'POST'],
  ['/payments', 'POST'],
  ['/payments/:id', 'GET'],
] as const
for (const [path, allow] of methods) {
  app.all(path, (c) => c.json({ error: 'method_not_allowed' }, 405, { allow }))
}
app.notFound((c) => c.json({ error: 'not_found' }, 404))

const api: ExportedHandler<BankEnv> = {
  fetch: (request, env, context) => app.fetch(request, env, context),
}

export default underControl(api, {
  ResourceReplayGuard: 'RESOURCE_REPLAY_GUARD',
  PaymentBook: 'PAYMENT_BOOK',
})
