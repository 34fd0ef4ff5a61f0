import { account, choiceOf, day, locations } from './parts.ts'

/** Reading accounts that the person chooses. */
export const accountInformation = {
  schema: {
    type: 'object',
    properties: {
      locations,
      actions: choiceOf(['list_accounts', 'read_balances', 'read_transactions']),
      accounts: { type: 'array', items: account, maxItems: 32, uniqueItems: true },
      transactionsFrom: day,
      transactionsTo: day,
    },
    required: ['actions'],
    additionalProperties: false,
  },
  compare: {
    locations: { by: 'subset', absent: 'any' },
    actions: 'subset',
    accounts: 'subset',
    transactionsFrom: { by: 'not-before', absent: 'any' },
    transactionsTo: { by: 'not-after', absent: 'any' },
  },
  enrich: { accounts: { many: true, least: 1 } },
  consent: {
    en: {
      title: 'See your accounts',
      sentences: [
        'It may {actions:list}.',
        'Transactions from {transactionsFrom:date}',
        'Transactions until {transactionsTo:date}',
        'At: {locations:list}',
      ],
      labels: {
        actions: {
          list_accounts: 'list the accounts',
          read_balances: 'read their balances',
          read_transactions: 'read their transactions',
        },
      },
      questions: { accounts: 'Which accounts?' },
    },
    de: {
      title: 'Ihre Konten sehen',
      sentences: [
        'Erlaubt wird: {actions:list}.',
        'Umsätze ab {transactionsFrom:date}',
        'Umsätze bis {transactionsTo:date}',
        'Bei: {locations:list}',
      ],
      labels: {
        actions: {
          list_accounts: 'die Konten auflisten',
          read_balances: 'ihre Kontostände lesen',
          read_transactions: 'ihre Umsätze lesen',
        },
      },
      questions: { accounts: 'Welche Konten?' },
    },
  },
}
