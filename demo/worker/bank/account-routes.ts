import type { Context } from 'hono'
import { refuseDetails } from '../../../src/resource/refusal.ts'
import { accountOf, accounts, listed, permits, transactionsOf } from './accounts.ts'
import { unstored } from './answers.ts'
import type { Bank } from './answers.ts'
import { settingsOf } from './settings.ts'

const type = 'account_information'

const notFound = (c: Context<Bank>) => c.json({ error: 'not_found' }, 404)

const refused = (c: Context<Bank>, action: string) =>
  refuseDetails(settingsOf(c.env), c.get('access'), type, `${action} was not granted for this`)

/** By the scope all accounts as they are; by details what a person chose, where the token has any. */
export function listAccounts(c: Context<Bank>) {
  const details = c.get('details')
  if (details.length > 0 && !permits(details, 'list_accounts')) return refused(c, 'list_accounts')
  const owner = c.get('access').subject
  return c.json({ owner, accounts: details.length > 0 ? listed(details) : accounts }, 200, unstored)
}

/** By details, an account that was not chosen is refused like one that is not there. */
export function listTransactions(c: Context<Bank>) {
  const details = c.get('details')
  const byDetails = details.length > 0
  const account = accountOf(c.req.param('id') ?? '')
  const allowed = account !== undefined && permits(details, 'read_transactions', account)
  if (byDetails && !allowed) return refused(c, 'read_transactions')
  if (account === undefined) return notFound(c)
  const found = transactionsOf(account, byDetails ? details : undefined)
  return c.json({ account: account.id, transactions: found }, 200, unstored)
}

/** Whoever orders a statement must not be able to say later that it was somebody else. */
export async function orderStatement(c: Context<Bank>) {
  const account = accountOf(c.req.param('id') ?? '')
  if (account === undefined) return notFound(c)
  const order = await c.req.json<{ readonly year?: unknown }>().catch(() => undefined)
  const year = order?.year
  if (typeof year !== 'number' || !Number.isInteger(year)) {
    return c.json({ error: 'invalid_request', error_description: 'year must be a number' }, 400)
  }
  const { clientId } = c.get('access')
  return c.json({ account: account.id, year, ordered_by: clientId }, 201, unstored)
}
