import type { Account, Claims, Statement } from './session.ts'

export const isRecord = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const word = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''

/** Takes the accounts from the API's answer; what is not as expected is shown as missing, not guessed. */
export function readAccounts(body: unknown): readonly Account[] {
  const list = isRecord(body) ? body['accounts'] : body
  if (!Array.isArray(list)) return []
  return list.filter(isRecord).map((account) => {
    const balance = account['balance']
    const amount = isRecord(balance) ? balance['amount'] : balance
    const currency = isRecord(balance) ? balance['currency'] : account['currency']
    return {
      id: word(account['id']),
      name: word(account['name']) || 'Account',
      number: word(account['iban'] ?? account['number'] ?? account['id']),
      balance: money(amount, word(currency)),
    }
  })
}

export function readTransactions(body: unknown): Statement['transactions'] {
  const list = isRecord(body) ? body['transactions'] : undefined
  if (!Array.isArray(list)) return []
  return list.filter(isRecord).map(({ date, text, amount, currency }) => {
    return { date: word(date), text: word(text), amount: money(amount, word(currency)) }
  })
}

export function money(amount: unknown, currency: string): string {
  const value = Number(amount)
  if (word(amount) === '' || !Number.isFinite(value)) return '–'
  if (!/^[A-Z]{3}$/.test(currency)) return value.toFixed(2)
  return new Intl.NumberFormat('en-GB', { style: 'currency', currency }).format(value)
}

/** An access token is not for this application to understand; it is opened here to be looked at. */
export function readClaims(token: string): Claims {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'),
    )
    return isRecord(claims) ? claims : {}
  } catch {
    return {}
  }
}
