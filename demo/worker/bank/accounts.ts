import type { AuthorizationDetail } from '../../../src/authorization-details/detail.ts'
import { isRecord } from '../../../src/encoding.ts'

type Details = readonly AuthorizationDetail[]
export type Action = 'list_accounts' | 'read_balances' | 'read_transactions'

/** Everybody has the same two accounts here. */
export const accounts = [
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
] as const

export type Account = (typeof accounts)[number]

const transactions = {
  current: [
    { date: '2026-08-28', text: 'Salary', amount: '2950.00', currency: 'EUR' },
    { date: '2026-08-30', text: 'Rent', amount: '-980.00', currency: 'EUR' },
    { date: '2026-08-31', text: 'Greengrocer', amount: '-27.83', currency: 'EUR' },
  ],
  savings: [{ date: '2026-08-01', text: 'Standing order', amount: '310.00', currency: 'EUR' }],
} as const

export const accountOf = (id: string): Account | undefined =>
  accounts.find((account) => account.id === id)

/** Whether any of the details allows this; for one account, or for any. */
export const permits = (details: Details, action: Action, account?: Account): boolean =>
  permitting(details, action, account).length > 0

/** The accounts a person chose to be listed, each with its balance where that is allowed too. */
export const listed = (details: Details): readonly Partial<Account>[] =>
  accounts
    .filter((account) => permits(details, 'list_accounts', account))
    .map((account) => {
      const { balance: _balance, ...bare } = account
      return permits(details, 'read_balances', account) ? account : bare
    })

/** What happened on an account: all of it, or the days that the details cover. */
export function transactionsOf(account: Account, details?: Details) {
  const all = transactions[account.id]
  if (details === undefined) return all
  const covering = permitting(details, 'read_transactions', account)
  return all.filter(({ date }) => covering.some((detail) => covers(detail, date)))
}

function permitting(details: Details, action: Action, account?: Account): Details {
  return details.filter((detail) => {
    const { actions, accounts: chosen } = detail
    if (!Array.isArray(actions) || !actions.includes(action)) return false
    if (account === undefined) return true
    return (
      Array.isArray(chosen) &&
      chosen.some((one: unknown) => isRecord(one) && one['iban'] === account.iban)
    )
  })
}

/** Days as texts: their order is the order of time. */
function covers({ transactionsFrom: from, transactionsTo: to }: AuthorizationDetail, date: string) {
  const after = from === undefined || (typeof from === 'string' && from <= date)
  return after && (to === undefined || (typeof to === 'string' && date <= to))
}
