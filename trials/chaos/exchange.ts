import { createHash } from 'node:crypto'
import { decodeJwt } from 'jose'
import type { Answer, Send } from '../../test/support/http.ts'
import type { Actor } from './actors.ts'
import type { Thing } from './ledger.ts'

export type Endpoint = 'par' | 'token' | 'revoke' | 'grants' | 'userinfo' | 'accounts' | 'other'

/** One request as it left, to the last byte. */
export type Sent = { readonly url: string; readonly request: Send }

/** What a request holds that can be used up, or that has to be alive. */
export type Handed = {
  readonly proof?: Thing
  readonly assertion?: Thing
  readonly code?: Thing
  readonly refresh?: Thing
  readonly access?: Thing
  /** The grant that is asked about, or to be changed. */
  readonly grant?: Thing
  /** A token that is to be revoked. */
  readonly target?: Thing
}

export type Outcome =
  | { readonly kind: 'accepted'; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly error: string; readonly answer: Answer }
  /** 503 `temporarily_unavailable` with `Retry-After`. */
  | { readonly kind: 'unavailable' }
  /** The connection broke after it had been made. */
  | { readonly kind: 'cut' }
  /** There was no connection: nothing was handed in. */
  | { readonly kind: 'unsent' }
  | { readonly kind: 'dishonest'; readonly what: string }

/** One request with what became of it. Times: milliseconds by our clock. */
export type Exchange = {
  readonly actor: Actor
  readonly endpoint: Endpoint
  readonly sent: Sent
  readonly handed: Handed
  readonly claims: Claims
  readonly fault: string
  readonly since: number
  readonly until: number
  /** Ticks of the books. */
  readonly began: number
  readonly done: number
  readonly outcome: Outcome
}

/** What the request says of itself. */
export type Claims = {
  readonly form: URLSearchParams
  readonly proof?: Readonly<Record<string, unknown>>
  readonly assertion?: Readonly<Record<string, unknown>>
  readonly accessToken?: string
}

/** Reads a request as the server will. */
export function readClaims({ request }: Sent): Claims {
  const header = (wanted: string) =>
    request.headers?.find(([name]) => name.toLowerCase() === wanted)?.[1]
  const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '')
  const proof = header('dpop')
  const assertion = form.get('client_assertion')
  const accessToken = header('authorization')?.split(' ')[1]
  return {
    form,
    ...(proof === undefined ? {} : { proof: decodeJwt(proof) }),
    ...(assertion === null ? {} : { assertion: decodeJwt(assertion) }),
    ...(accessToken === undefined ? {} : { accessToken }),
  }
}

/** Tokens stand in the books by their hash. */
export const idOf = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url')

export function outcomeOf(answer: Answer): Outcome {
  const { status, headers, json } = answer
  if (status >= 200 && status < 300) return { kind: 'accepted', answer }
  const error = typeof json['error'] === 'string' ? json['error'] : ''
  if (status === 503) {
    const honest =
      error === 'temporarily_unavailable' && /^\d+$/.test(headers.get('retry-after') ?? '')
    return honest ? { kind: 'unavailable' } : dishonest(answer, 'without saying when to come again')
  }
  if (status >= 400 && status < 500 && error !== '') return { kind: 'refused', error, answer }
  return dishonest(answer, 'is no honest answer')
}

const dishonest = ({ status, text }: Answer, why: string): Outcome => ({
  kind: 'dishonest',
  what: `${status} ${why}: ${text.slice(0, 200)}`,
})

/** What became of a request that threw. Only a connection that never came about handed in nothing. */
export function outcomeOfError(error: unknown): Outcome {
  const code = (error as { readonly code?: unknown }).code
  const name = error instanceof Error ? error.name : ''
  if (code === 'ECONNREFUSED') return { kind: 'unsent' }
  if (name === 'AggregateError') return { kind: 'unsent' }
  if (code === 'HUNG')
    return { kind: 'dishonest', what: 'no answer within the time a client waits' }
  return { kind: 'cut' }
}

/** How an outcome is called in the table of answers. */
export function labelOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'accepted':
      return `${outcome.answer.status}`
    case 'refused':
      return `${outcome.answer.status} ${outcome.error}`
    case 'unavailable':
      return '503 temporarily_unavailable'
    case 'cut':
      return 'connection closed'
    case 'unsent':
      return 'no connection'
    case 'dishonest':
      return 'dishonest'
    default:
      return outcome satisfies never
  }
}
