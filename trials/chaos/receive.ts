import { decodeJwt } from 'jose'
import { readTokenId } from '../../src/handles.ts'
import type { Answer } from '../../test/support/http.ts'
import type { Actor } from './actors.ts'
import { idOf } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import type { Bench } from './judge.ts'
import type { Thing } from './ledger.ts'

/** What its holder needs to use a thing. */
export type Held = {
  readonly secret: string
  readonly actor: Actor
  /** Of a pushed request and its code. */
  readonly verifier?: string
  readonly wish?: Wish
}

/** What is to become of a grant when a code is redeemed. */
export type Wish = {
  readonly grant?: string
  readonly updates?: 'merge' | 'replace'
  readonly managed: boolean
}

const holders = new WeakMap<Thing, Held>()

export const holderOf = (thing: Thing): Held | undefined => holders.get(thing)

export const hold = (thing: Thing, held: Held): void => void holders.set(thing, held)

/** Enters what an answer gave. */
export function receive(bench: Bench, exchange: Exchange, { json }: Answer): void {
  const { endpoint, actor, fault, handed } = exchange
  const { ledger } = bench
  const expiresAt = bench.timeOf(exchange).least + Number(json['expires_in'] ?? Infinity)
  if (endpoint === 'par') {
    const secret = String(json['request_uri'])
    const about = { kind: 'pushed request', acknowledged: true, fault, expiresAt } as const
    hold(ledger.add({ ...about, id: idOf(secret) }), { secret, actor })
    return
  }
  if (endpoint !== 'token') return
  const { code = handed.refresh?.code } = handed
  const secret = String(json['access_token'])
  const home = readTokenId(String(decodeJwt(secret).jti))
  const grant = home?.home === 'grant' ? home.objectId : undefined
  const of = { fault, acknowledged: true, ...(grant === undefined ? {} : { grant }), ...(code === undefined ? {} : { code }) } // prettier-ignore
  const access = ledger.add({ ...of, kind: 'access token', id: idOf(secret), expiresAt })
  hold(access, { secret, actor })
  const refresh = json['refresh_token']
  if (typeof refresh === 'string') {
    const thing = ledger.add({ ...of, kind: 'refresh token', id: idOf(refresh) })
    hold(thing, { secret: refresh, actor })
  }
  if (typeof json['grant_id'] !== 'string' || grant === undefined) return
  hold(ledger.add({ ...of, kind: 'grant', id: grant }), { secret: grant, actor })
}

/** The object that knows a code: its grant (`src/handles.ts`). */
export const grantOfCode = (code: string): string =>
  Buffer.from(code, 'base64url').subarray(1, 33).toString('hex')
