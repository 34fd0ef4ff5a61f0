/** What the example bank keeps: the same for everybody. */

export type Account = {
  readonly id: string
  readonly name: string
  readonly iban: string
  readonly currency: string
  readonly balance: string
}

export type Transaction = {
  readonly date: string
  readonly text: string
  readonly amount: string
  readonly currency: string
}

export const accounts: readonly Account[] = [
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
]

export const transactions: Readonly<Record<string, readonly Transaction[]>> = {
  current: [
    { date: '2026-08-28', text: 'Salary', amount: '2950.00', currency: 'EUR' },
    { date: '2026-08-30', text: 'Rent', amount: '-980.00', currency: 'EUR' },
    { date: '2026-08-31', text: 'Greengrocer', amount: '-27.83', currency: 'EUR' },
  ],
  savings: [{ date: '2026-08-01', text: 'Standing order', amount: '310.00', currency: 'EUR' }],
}
