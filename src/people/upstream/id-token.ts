import type { UpstreamLogin } from '../../settings/delegated-login.ts'
import type { Level, Proof } from '../../types.ts'
import type { PersonClaims } from '../../objects/account.ts'
import { checkClaims } from '../claims.ts'
import { isMethodReference, mostMethodReferences, signedInAt } from '../signed-in-at.ts'
import type { Clocks } from '../signed-in-at.ts'

type Claims = Readonly<Record<string, unknown>>

/** What a verified id_token says of the sign-in. `weak`: it is not worth what is needed here. */
export type Verdict =
  | { readonly status: 'proof'; readonly subject: string; readonly proof: Proof }
  | { readonly status: 'invalid'; readonly reason: string }
  | { readonly status: 'weak'; readonly reason: string }

export type Demand = Clocks & { readonly required: Level }

const invalid = (reason: string): Verdict => ({ status: 'invalid', reason })
const weak = (reason: string): Verdict => ({ status: 'weak', reason })

/**
 * Judges the claims of an id_token whose signature, `iss`, `aud`, `exp` and `nonce` were verified: that
 * it is for this server alone, what its `acr` is worth by the table, and how old the sign-in is (OIDC
 * Core 3.1.3.7). An `acr` that the table does not name is worth nothing.
 */
export function judgeIdToken(login: UpstreamLogin, claims: Claims, demand: Demand): Verdict {
  const { sub, aud, azp, acr, iat } = claims
  const audiences = Array.isArray(aud) ? (aud as readonly unknown[]) : [aud]
  if (audiences.length !== 1 || audiences[0] !== login.clientId) return invalid('aud')
  if (azp !== undefined && azp !== login.clientId) return invalid('azp')
  if (typeof sub !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(sub)) return invalid('sub')
  if (typeof iat !== 'number' || iat * 1000 > demand.now + demand.ahead) return invalid('iat')
  const at = provenAt(claims['auth_time'], demand)
  if (typeof at !== 'number') return at
  const level = typeof acr === 'string' && Object.hasOwn(login.acr, acr) ? login.acr[acr] : undefined
  if (level === undefined) return weak('the acr is not in the table')
  if (level < demand.required) return weak('the acr is worth too little')
  return {
    status: 'proof',
    subject: sub,
    proof: { method: 'delegated', at, level, amr: readAmr(claims['amr']) },
  }
} // prettier-ignore

/**
 * `auth_time`, which is asked for always: the session that begins now may be asked for its age by another
 * client, and when the id_token was made says nothing of that.
 */
function provenAt(authTime: unknown, demand: Demand): number | Verdict {
  if (authTime === undefined) return weak('no auth_time')
  if (typeof authTime !== 'number') return invalid('auth_time')
  const at = signedInAt(authTime, demand)
  if (at === 'unsound') return invalid('auth_time')
  return at === 'too-old' ? weak('the sign-in is too old') : at
}

/** Authentication method references: a few, and only those of a sound form. */
export function readAmr(amr: unknown): readonly string[] {
  const words = Array.isArray(amr) ? (amr as readonly unknown[]) : []
  return words.filter(isMethodReference).slice(0, mostMethodReferences)
}

/** Our claims from theirs by the table; what has another shape than ours must have is left out. */
export function mapClaims(login: UpstreamLogin, ...sources: readonly Claims[]): PersonClaims {
  const mapped = Object.entries(login.claims).flatMap(([theirs, ours]) => {
    const source = sources.find((claims) => Object.hasOwn(claims, theirs))
    if (source === undefined) return []
    const one = checkClaims({ [ours]: source[theirs] })
    return typeof one === 'string' ? [] : Object.entries(one)
  })
  return Object.fromEntries(mapped)
}

/** Whether the table wants something the id_token does not say. */
export const lacksClaims = (login: UpstreamLogin, idToken: Claims): boolean =>
  Object.keys(login.claims).some((theirs) => !Object.hasOwn(idToken, theirs))
