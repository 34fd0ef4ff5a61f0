import { randomBytes } from 'node:crypto'
import type { Configuration, CryptoKey, DPoPHandle, PrivateKey } from 'openid-client'

/** What happened, for people who want to see it. */
export type Step = { readonly title: string; readonly detail: string }

export type Account = {
  /** What the API calls it. */
  readonly id: string
  readonly name: string
  readonly number: string
  readonly balance: string
}

export type Transaction = {
  readonly date: string
  readonly text: string
  readonly amount: string
}

/** What happened on one account. */
export type Statement = {
  readonly accountId: string
  readonly transactions: readonly Transaction[]
}

export type Claims = Readonly<Record<string, unknown>>

/** A payment that somebody here wants to make. */
export type PaymentOrder = {
  readonly instructedAmount: { readonly currency: 'EUR'; readonly amount: string }
  readonly creditorName: string
  readonly creditorAccount: { readonly iban: string }
  readonly remittanceInformationUnstructured?: string
}

/** What the bank said about a payment it made. */
export type Receipt = {
  readonly order: PaymentOrder
  readonly paymentId: string
  readonly from: string
}

/** A connection to the bank. */
export type Connection = {
  readonly accessToken: string
  /** Holds the key the access token is bound to. */
  readonly dpop: DPoPHandle
  readonly refreshToken: string | undefined
  readonly jkt: string
  readonly accounts: readonly Account[]
  readonly accessClaims: Claims
  readonly idClaims: Claims
  /** What the bank calls the person, if it says. */
  readonly personName: string | undefined
  readonly fetchedAt: Date
  readonly statement?: Statement
  /** The person chose the accounts, instead of sharing all of them. */
  readonly chosen: boolean
}

/** How the bank wants the person to sign in for what was asked (RFC 9470 3). */
export type StepUp = { readonly acrValues?: string; readonly maxAge?: string }

/** A request on its way: what the answer must match (FAPI2 SP 5.3.3). Used once. */
export type Pending = {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** The account whose statement the person is stepped up for. */
  readonly statementOf?: string
  readonly chosen: boolean
  /** The payment the person is asked to agree to. */
  readonly payment?: PaymentOrder
}

/** One browser at this application. Keys and tokens stay in this process; the browser has a cookie only. */
export type Session = {
  readonly id: string
  readonly config: Configuration
  /** Signs requests, where the bank wants them signed. */
  readonly signsWith?: CryptoKey | PrivateKey
  readonly dpop: DPoPHandle
  steps: Step[]
  pending?: Pending
  connection?: Connection
  receipt?: Receipt
  problem?: Problem
}

export type Problem = { readonly title: string; readonly message: string; readonly code: string }

export type Sessions = {
  readonly find: (cookie: string | undefined) => Session | undefined
  /** Starts a session under a new id; an id somebody planted is never taken over. */
  readonly start: (parts: Omit<Session, 'id'>) => Session
  readonly end: (session: Session) => void
}

const mostSessions = 1_000

/** The name is this application's own, since cookies do not tell ports apart. */
export const cookieName = 'budget-buddy'

export function createSessions(): Sessions {
  const sessions = new Map<string, Session>()
  return {
    find: (cookie) => {
      const pattern = new RegExp(`(?:^|; *)${cookieName}=([\\w-]+)`)
      return sessions.get(pattern.exec(cookie ?? '')?.[1] ?? '')
    },
    start: (parts) => {
      const session: Session = { id: randomBytes(32).toString('base64url'), ...parts }
      sessions.set(session.id, session)
      const oldest = sessions.keys().next().value
      if (sessions.size > mostSessions && oldest !== undefined) sessions.delete(oldest)
      return session
    },
    end: (session) => {
      sessions.delete(session.id)
    },
  }
}
