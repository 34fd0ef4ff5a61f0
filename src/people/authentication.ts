import { mostOf } from '../settings/delegated-login.ts'
import type { Authentication, AuthorizationRequest, Issuer, Level, Proof } from '../types.ts'

/** The levels' own names; an issuer may give them others. */
export const levelAcr: Readonly<Record<Level, string>> = {
  1: 'urn:fapi-edge:acr:one-factor',
  2: 'urn:fapi-edge:acr:two-factors',
  3: 'urn:fapi-edge:acr:phishing-resistant',
}

/** What a sign-in has to bring. */
export type Need = {
  /** Less is refused: the issuer's minimum, or an essential `acr`. */
  readonly required: Level
  /** Asked for where the account can reach it: also the voluntary `acr_values`. */
  readonly wanted: Level
  /** Proofs from before do not count (`max_age`, `prompt=login`). Milliseconds since the epoch. */
  readonly freshAfter: number
}

/** What proofs amount to. */
export type Reached = {
  /** 0: nothing that counts. */
  readonly level: Level | 0
  /** RFC 8176. */
  readonly amr: readonly string[]
  /** Milliseconds: the oldest proof counted, so that `auth_time` is never fresher than the truth. */
  readonly since: number
}

/** With a new proof, in the place of an older one by the same method: only the last of each counts. */
export const withProof = (proofs: readonly Proof[], proof: Proof): readonly Proof[] => [
  ...proofs.filter(({ method }) => method !== proof.method),
  proof,
]

const nothing: Reached = { level: 0, amr: [], since: 0 }

/**
 * The one judge of what proofs amount to. A passkey (always with user verification) is
 * phishing-resistant by itself; a password with a one-time or recovery code is two factors.
 */
export function judge(proofs: readonly Proof[], freshAfter = 0): Reached {
  const fresh = proofs.filter((proof) => proof.at >= freshAfter)
  const last = (...methods: readonly Proof['method'][]): Proof | undefined =>
    fresh.filter(({ method }) => methods.includes(method)).sort((a, b) => b.at - a.at)[0]
  const passkey = last('passkey')
  const password = last('password')
  const code = last('code', 'recovery')
  const delegated = last('delegated')
  const reached: Reached[] = []
  if (passkey !== undefined) {
    reached.push({ level: 3, amr: ['pop', 'user', 'mfa'], since: passkey.at })
  }
  if (password !== undefined && code !== undefined) {
    const since = Math.min(password.at, code.at)
    reached.push({ level: 2, amr: ['pwd', 'otp', 'mfa'], since })
  }
  if (password !== undefined) reached.push({ level: 1, amr: ['pwd'], since: password.at })
  if (delegated?.level !== undefined) {
    const { level, amr = [], at } = delegated
    reached.push({ level, amr, since: at })
  }
  return reached.sort((a, b) => b.level - a.level)[0] ?? nothing
}

/** Names of authentication contexts that people can reach here, the issuer's own first. */
export function acrValues({ authentication: { acr, login } }: Issuer): readonly string[] {
  const most = login === undefined ? 3 : mostOf(login)
  return Object.keys(acr).filter((name) => (acr[name] ?? 0) <= most)
}

const levelOf = (issuer: Issuer, acr: string): Level | undefined =>
  Object.hasOwn(issuer.authentication.acr, acr) ? issuer.authentication.acr[acr] : undefined

/** The lowest level among the names that are known here: any of them satisfies the client. */
function lowest(issuer: Issuer, names: readonly string[]): Level | undefined {
  const levels = names.flatMap((name) => levelOf(issuer, name) ?? [])
  return levels.sort((a, b) => a - b)[0]
}

/** Whether an `acr` the client called essential can be reached here (OIDC Core 5.5.1.1). */
export function canReach(issuer: Issuer, { essentialAcr }: AuthorizationRequest): boolean {
  const known = acrValues(issuer)
  return essentialAcr.length === 0 || essentialAcr.some((name) => known.includes(name))
}

/** What a request demands of the sign-in (OIDC Core 3.1.2.1, 5.5.1.1; RFC 9470 4). `now` in milliseconds. */
export function needOf(issuer: Issuer, request: AuthorizationRequest, now: number): Need {
  const { minimum } = issuer.authentication
  const required = Math.max(minimum, lowest(issuer, request.essentialAcr) ?? minimum) as Level
  const wanted = Math.max(required, lowest(issuer, request.acrValues) ?? required) as Level
  const { maxAge } = request
  const byAge = maxAge === undefined ? 0 : now - maxAge * 1000
  return { required, wanted, freshAfter: request.prompt.includes('login') ? now : byAge }
}

/**
 * What clients and resource servers are told: of the names the client asked for the first that is
 * true, else the issuer's name for the level.
 */
export function authenticationOf(
  issuer: Issuer,
  reached: Reached,
  asked: readonly string[],
): Authentication {
  const isTrue = (name: string): boolean => {
    const level = levelOf(issuer, name)
    return level !== undefined && level <= reached.level
  }
  const ownName = acrValues(issuer).find((name) => levelOf(issuer, name) === reached.level)
  const acr = asked.find(isTrue) ?? ownName ?? levelAcr[1]
  return { acr, amr: reached.amr, time: Math.floor(reached.since / 1000) }
}
