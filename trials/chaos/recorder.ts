import { setTimeout as wait } from 'node:timers/promises'
import { decodeProtectedHeader } from 'jose'
import { send as sendOverHttp } from '../../test/support/http.ts'
import type { Answer, Send, Transport } from '../../test/support/http.ts'
import type { Actor } from './actors.ts'
import { idOf, labelOf, outcomeOf, outcomeOfError, readClaims } from './exchange.ts'
import type { Claims, Endpoint, Exchange, Handed, Outcome, Sent } from './exchange.ts'
import { judge } from './judge.ts'
import type { Bench } from './judge.ts'
import type { Ledger, Thing } from './ledger.ts'
import { receive } from './receive.ts'
import type { Range, TimeLine } from './time-line.ts'

export type Recorder = ReturnType<typeof createRecorder>

/** Milliseconds a client waits for an answer: longer than a server may need to come back. */
const patience = 40_000

/** Looks on at every request: enters what is handed in and what comes back, and has it judged. */
export function createRecorder(given: {
  readonly ledger: Ledger
  readonly line: TimeLine
  readonly transport?: Transport
}) {
  const { ledger, line, transport = sendOverHttp } = given
  const nonces = new Map<string, string>()
  const minted = new Map<string, Range>()
  const answers = new Map<string, Map<string, number>>()
  const withoutToken = new Map<string, number>()
  let fault = 'calm'
  let keysGone = false
  let exchanges: Exchange[] = []
  let count = 0
  const bench: Bench = {
    ledger,
    timeOf: ({ since, until }) => line.range(since, until),
    movedDuring: ({ since, until }) => line.moved(since, until),
    nonceTime: (nonce) => minted.get(nonce),
    keysGone: () => keysGone,
  }

  function note(label: string): void {
    count += 1
    const own = answers.get(fault) ?? new Map<string, number>()
    answers.set(fault, own.set(label, (own.get(label) ?? 0) + 1))
  }

  function keepNonce(url: string, answer: Answer, since: number): void {
    const nonce = answer.headers.get('dpop-nonce')
    if (nonce === null) return
    nonces.set(new URL(url).origin, nonce)
    if (minted.has(nonce)) return
    // The same nonce is handed out for the whole slot: the first sight of it is nearest to its making.
    minted.set(nonce, line.range(since, Date.now()))
  }

  /** Sends one request and enters it. Throws what broke the connection. */
  async function send(actor: Actor, url: string, request: Send): Promise<Answer> {
    const sent: Sent = { url, request }
    const claims = readClaims(sent)
    const endpoint = endpointOf(url)
    const during = fault
    const handed = handIn({ ledger, sent, claims, endpoint, fault: during })
    const [since, began] = [Date.now(), ledger.tick()]
    const end = (outcome: Outcome): void => {
      note(labelOf(outcome))
      const exchange = { actor, endpoint, sent, handed, claims, fault: during, since, began, until: Date.now(), done: ledger.tick(), outcome } // prettier-ignore
      judge(bench, exchange)
      const grant = handed.code?.grant ?? handed.refresh?.grant
      if (endpoint === 'token' && outcome.kind !== 'accepted' && grant !== undefined) {
        withoutToken.set(grant, (withoutToken.get(grant) ?? 0) + 1)
      }
      if (outcome.kind === 'accepted') receive(bench, exchange, outcome.answer)
      exchanges.push(exchange)
    }
    try {
      const answer = await withPatience(transport(url, request))
      keepNonce(url, answer, since)
      end(outcomeOf(answer))
      return answer
    } catch (error) {
      end(outcomeOfError(error))
      throw error
    }
  }

  return {
    send,
    note,
    /** What was exchanged since this was asked last. */
    take: (): readonly Exchange[] => {
      const taken = exchanges
      exchanges = []
      return taken
    },
    /** The same, and it stays there. */
    seen: (): readonly Exchange[] => [...exchanges],
    begin: (name: string): void => {
      fault = name
    },
    fault: () => fault,
    setKeysGone: (gone: boolean): void => {
      keysGone = gone
    },
    /** The newest nonce of the server at this address. */
    nonceAt: (url: string): string | undefined => nonces.get(new URL(url).origin),
    keepNonce,
    answers: answers as ReadonlyMap<string, ReadonlyMap<string, number>>,
    count: () => count,
    /** How many token requests of a grant were not answered with a token. */
    withoutToken: (grant: string): number => withoutToken.get(grant) ?? 0,
  }
}

async function withPatience(answer: Promise<Answer>): Promise<Answer> {
  const stop = new AbortController()
  const hung = wait(patience, undefined, { signal: stop.signal }).then(() => {
    throw Object.assign(new Error('no answer'), { code: 'HUNG' })
  })
  try {
    return await Promise.race([answer, hung])
  } finally {
    stop.abort()
    hung.catch(() => undefined)
  }
}

const endpoints = ['par', 'token', 'revoke', 'grants', 'userinfo', 'accounts'] as const

function endpointOf(url: string): Endpoint {
  const first = new URL(url).pathname.split('/')[1]
  return endpoints.find((name) => name === first) ?? 'other'
}

/** Enters everything that a request hands in. */
function handIn(given: {
  readonly ledger: Ledger
  readonly sent: Sent
  readonly claims: Claims
  readonly endpoint: Endpoint
  readonly fault: string
}): Handed {
  const { ledger, sent, claims, endpoint, fault } = given
  const { form, proof, assertion, accessToken } = claims
  const found = (kind: Thing['kind'], secret: string | null | undefined): Thing | undefined =>
    secret === null || secret === undefined ? undefined : ledger.find(kind, idOf(secret))
  const header = sent.request.headers?.find(([name]) => name === 'dpop')?.[1]
  const grantId =
    endpoint === 'grants' ? new URL(sent.url).pathname.split('/')[2] : form.get('grant_id')
  const revoked = endpoint === 'revoke' ? form.get('token') : undefined
  const all: { readonly [name in keyof Handed]: Thing | undefined } = {
    proof:
      proof === undefined || header === undefined
        ? undefined
        : ledger.add({ kind: 'proof', id: idOf(`${JSON.stringify(decodeProtectedHeader(header).jwk)} ${String(proof['jti'])}`), fault }), // prettier-ignore
    assertion:
      assertion === undefined
        ? undefined
        : ledger.add({ kind: 'assertion', id: idOf(`${String(assertion['iss'])} ${String(assertion['jti'])}`), fault }), // prettier-ignore
    code: found('code', form.get('code')),
    refresh: found('refresh token', form.get('refresh_token')),
    access: found('access token', accessToken),
    grant: grantId === null || grantId === undefined ? undefined : ledger.find('grant', grantId),
    target: found('refresh token', revoked) ?? found('access token', revoked),
  }
  const handed = Object.fromEntries(Object.entries(all).filter(([, thing]) => thing !== undefined))
  for (const thing of Object.values(handed) as Thing[]) thing.handedIn += 1
  return handed as Handed
}
