import { isRecord } from '../encoding.ts'
import { supportedClaims } from '../people/claims.ts'
import type { Algorithm, ClientAuthenticationMethod } from '../profiles/profile.ts'
import type { Level } from '../types.ts'
import { levelNames } from './levels.ts'
import { contradiction, oneOf, onlyKnown, optionalText, text, texts } from './readers.ts'

/** People sign in at another OpenID Provider. */
export type UpstreamLogin = {
  readonly kind: 'upstream'
  /** Its issuer identifier: `iss` of everything it says, `aud` of everything it is told. */
  readonly issuer: string
  readonly clientId: string
  readonly method: ClientAuthenticationMethod
  /** The one algorithm its id_tokens are signed with. */
  readonly idTokenAlgorithm: Algorithm
  /** Name of the mTLS certificate binding whose `fetch` is used. */
  readonly certificateBinding?: string
  readonly scope: string
  /** What its `acr` values are worth here. A value that is not named is worth nothing. */
  readonly acr: Readonly<Record<string, Level>>
  /** What it is asked for when a level is wanted. */
  readonly asks: Readonly<Record<Level, readonly string[]>>
  /** Our claim names by theirs. */
  readonly claims: Readonly<Record<string, string>>
}

/** People sign in at a Worker that is bound as a service. */
export type ServiceLogin = {
  readonly kind: 'service'
  readonly binding: string
  /** Unchanging: the accounts of its people are named by it. */
  readonly name: string
}

export type DelegatedLogin = UpstreamLogin | ServiceLogin

/** The binding that a login cannot do without, if any. */
export const bindingOf = (login: DelegatedLogin | undefined): string | undefined =>
  login?.kind === 'service' ? login.binding : login?.certificateBinding

/** The most a login can be asked for. */
export function mostOf(login: DelegatedLogin): Level {
  if (login.kind === 'service') return 3
  return ([3, 2] as const).find((level) => login.asks[level].length > 0) ?? 1
}

type Where = {
  readonly where: string
  /** The issuer's own address. */
  readonly url: string
  readonly minimum: Level
  readonly development: boolean
}

/** Bindings that are this server's own. */
const ownBindings = [
  'SETTINGS', 'MASTER_SECRET', 'COPIES', 'PUSH_LIMIT', 'PUSHED_REQUEST', 'GRANT', 'REPLAY_GUARD', 'CLIENT',
  'DIRECTORY', 'KEY_RING', 'ACCOUNT', 'THROTTLE', 'DEVELOPMENT',
] // prettier-ignore

/** Reads where people sign in when not here. Undefined: here. Throws `Contradiction`. */
export function readDelegatedLogin(
  authentication: Readonly<Record<string, unknown>>,
  place: Where,
): DelegatedLogin | undefined {
  const { upstream, delegate } = authentication
  const { where } = place
  if (upstream !== undefined && delegate !== undefined) {
    return contradiction(
      `${where}: authentication.upstream and authentication.delegate exclude each other.`,
    )
  }
  if (upstream !== undefined) return readUpstream(upstream, place)
  return delegate === undefined ? undefined : readService(delegate, where)
}

function readService(value: unknown, where: string): ServiceLogin {
  const at = `${where}: authentication.delegate`
  if (!isRecord(value)) return contradiction(`${at} must be an object.`)
  onlyKnown(value, ['binding', 'name'], at)
  const name = text(value, 'name', at)
  if (!/^[a-z0-9-]{1,32}$/.test(name)) {
    contradiction(`${at}: the name must be 1 to 32 of a-z, 0-9 and '-', and must never change.`)
  }
  return Object.freeze({ kind: 'service', binding: readBinding(value, 'binding', at), name })
}

function readBinding(value: Readonly<Record<string, unknown>>, member: string, at: string): string {
  const name = text(value, member, at)
  if (/^[A-Z][A-Z0-9_]{0,63}$/.test(name) && !ownBindings.includes(name)) return name
  return contradiction(
    `${at}: ${member} must name a binding of this Worker that is not the server's own, such as LOGIN.`,
  )
}

const upstreamMembers = [
  'issuer', 'client_id', 'token_endpoint_auth_method', 'id_token_signed_response_alg', 'certificate_binding',
  'scope', 'acr', 'acr_values', 'claims',
] // prettier-ignore

function readUpstream(value: unknown, place: Where): UpstreamLogin {
  const at = `${place.where}: authentication.upstream`
  if (!isRecord(value)) return contradiction(`${at} must be an object.`)
  onlyKnown(value, upstreamMembers, at)
  const issuer = readIssuerUrl(value, at, place)
  const clientId = text(value, 'client_id', at)
  // Its assertions would carry this issuer's `iss`, and pass for tokens of this issuer.
  if (clientId === place.url) contradiction(`${at}: client_id must not be this issuer's address.`)
  const method = readMethod(value, at)
  const binding =
    value['certificate_binding'] === undefined
      ? undefined
      : readBinding(value, 'certificate_binding', at)
  if (method !== 'private_key_jwt' && binding === undefined) {
    contradiction(`${at}: ${method} needs a certificate_binding.`)
  }
  const acr = readLevels(value, at, place.minimum)
  return Object.freeze({
    kind: 'upstream',
    issuer,
    clientId,
    method,
    idTokenAlgorithm: oneOf<Algorithm>(value, 'id_token_signed_response_alg', at, algorithms, 'ES256'),
    ...(binding === undefined ? {} : { certificateBinding: binding }),
    scope: readScope(value, at),
    acr,
    asks: readAsks(value, at, acr),
    claims: readClaims(value, at),
  }) // prettier-ignore
}

const algorithms = ['ES256', 'PS256', 'EdDSA', 'Ed25519'] as const
const methods = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'] as const

function readMethod(
  value: Readonly<Record<string, unknown>>,
  at: string,
): ClientAuthenticationMethod {
  return oneOf(value, 'token_endpoint_auth_method', at, methods, 'private_key_jwt')
}

function readIssuerUrl(
  value: Readonly<Record<string, unknown>>,
  at: string,
  { url: own, development }: Where,
): string {
  const issuer = text(value, 'issuer', at)
  const url = URL.canParse(issuer)
    ? new URL(issuer)
    : contradiction(`${at}: issuer '${issuer}' is not a URL.`)
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  const local = development && loopback && url.protocol === 'http:'
  if (url.protocol !== 'https:' && !local) contradiction(`${at}: issuer must be https.`)
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    contradiction(`${at}: issuer must have no query, fragment or user information.`)
  }
  if (issuer === own) contradiction(`${at}: an issuer cannot be its own upstream.`)
  return issuer
}

function readScope(value: Readonly<Record<string, unknown>>, at: string): string {
  const scope = optionalText(value, 'scope', at) ?? 'openid'
  const names = scope.split(' ')
  if (!names.includes('openid')) contradiction(`${at}: scope must hold openid.`)
  const strange = names.find((name) => !/^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(name))
  if (strange !== undefined) contradiction(`${at}: '${strange}' is not a scope (RFC 6749 3.3).`)
  return scope
}

function readLevels(
  value: Readonly<Record<string, unknown>>,
  at: string,
  minimum: Level,
): UpstreamLogin['acr'] {
  const table = value['acr']
  if (!isRecord(table) || Object.keys(table).length === 0) {
    return contradiction(`${at}: acr must map the values it may answer with to levels.`)
  }
  const levels = Object.entries(table).map(([name, level]) => {
    if (typeof level !== 'string' || !Object.hasOwn(levelNames, level)) {
      return contradiction(`${at}: acr must map to one of ${Object.keys(levelNames).join(', ')}.`)
    }
    return [name, levelNames[level] ?? 1] as const
  })
  if (!levels.some(([, level]) => level >= minimum)) {
    contradiction(`${at}: no value of acr reaches what every sign-in needs here.`)
  }
  return Object.freeze(Object.fromEntries(levels))
}

/** Unless told otherwise: every value that is worth enough, the least that is enough first. */
function readAsks(
  value: Readonly<Record<string, unknown>>,
  at: string,
  acr: UpstreamLogin['acr'],
): UpstreamLogin['asks'] {
  const given = value['acr_values'] ?? {}
  if (!isRecord(given)) return contradiction(`${at}: acr_values must be an object.`)
  onlyKnown(given, Object.keys(levelNames), `${at}: acr_values`)
  const asks = Object.entries(levelNames).map(([name, level]) => {
    const enough = Object.entries(acr)
      .filter(([, worth]) => worth >= level)
      .sort(([, a], [, b]) => a - b)
      .map(([known]) => known)
    const chosen = given[name] === undefined ? enough : texts(given, name, `${at}: acr_values`)
    const useless = chosen.find((one) => !enough.includes(one))
    if (useless !== undefined) {
      contradiction(`${at}: acr_values asks for '${useless}', which acr does not make ${name}.`)
    }
    return [level, Object.freeze(chosen)] as const
  })
  return Object.freeze(Object.fromEntries(asks) as UpstreamLogin['asks'])
}

function readClaims(value: Readonly<Record<string, unknown>>, at: string): UpstreamLogin['claims'] {
  const table = value['claims'] ?? {}
  if (!isRecord(table)) return contradiction(`${at}: claims must be an object.`)
  const ours = Object.entries(table).map(([theirs, our]) => {
    if (typeof our === 'string' && supportedClaims.includes(our)) return [theirs, our] as const
    return contradiction(
      `${at}: claims must map '${theirs}' to a standard claim of OpenID Connect.`,
    )
  })
  if (new Set(ours.map(([, our]) => our)).size < ours.length) {
    contradiction(`${at}: claims fills one of our claims from two of theirs.`)
  }
  return Object.freeze(Object.fromEntries(ours))
}
