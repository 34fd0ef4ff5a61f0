import type { AuthorizationDetail } from '../../../src/authorization-details/detail.ts'
import { sameJson } from '../../../src/authorization-details/values.ts'
import type { AccessToken } from '../../../src/tokens/access-token.ts'
import type { Account } from './accounts.ts'

/*
 * What the details of a token allow at this bank. A token without `account_information` has what its
 * scope says; with it, that and no more, however wide the scope is.
 */

type Action = 'list_accounts' | 'read_balances' | 'read_transactions'

const ofType = (token: AccessToken, type: string): readonly AuthorizationDetail[] =>
  token.details.filter((detail) => detail.type === type)

/** Whether a token allows this with an account. */
export function allows(token: AccessToken, action: Action, { iban }: Account): boolean {
  const details = ofType(token, 'account_information')
  if (details.length === 0) return token.scope.includes('accounts')
  return details.some(({ actions, accounts }) => {
    const among = Array.isArray(actions) && actions.includes(action)
    return among && Array.isArray(accounts) && accounts.some((one) => sameJson(one, { iban }))
  })
}

/** The span of time whose transactions a token allows; undefined: all. */
export function mayRead(token: AccessToken, account: Account, date: string): boolean {
  const details = ofType(token, 'account_information')
  if (details.length === 0) return allows(token, 'read_transactions', account)
  return details.some(({ transactionsFrom: from, transactionsTo: to, ...detail }) => {
    const inTime =
      (typeof from !== 'string' || date >= from) && (typeof to !== 'string' || date <= to)
    return inTime && allows({ ...token, details: [detail] }, 'read_transactions', account)
  })
}

const necessary = ['instructedAmount', 'creditorName', 'creditorAccount'] as const

/** The payment of the token that an order asks for: all it says must be as the person agreed to it. */
export const paymentFor = (
  token: AccessToken,
  order: Readonly<Record<string, unknown>>,
): AuthorizationDetail | undefined =>
  ofType(token, 'payment_initiation').find(
    (detail) =>
      necessary.every((name) => order[name] !== undefined) &&
      Object.entries(order).every(([name, value]) => {
        const agreed = Object.hasOwn(detail, name) ? detail[name] : undefined
        return agreed !== undefined && sameJson(value as typeof agreed, agreed)
      }),
  )
