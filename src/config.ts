import { profiles } from './profiles/index.ts'
import { locationHints } from './proof/location.ts'
import type { Profile } from './profiles/profile.ts'
import { isRecord, parseJson } from './encoding.ts'
import { operatorIdForm } from './clients/ids.ts'
import { checkPublicJwks } from './clients/jwks.ts'
import { readCertificateAuthorities } from './proof/authorities.ts'
import type { Account } from './objects/account.ts'
import type { Client } from './objects/client.ts'
import type { Directory } from './objects/directory.ts'
import type { Grant } from './objects/grant.ts'
import type { KeyRing } from './objects/key-ring.ts'
import type { PushedRequest } from './objects/pushed-request.ts'
import type { ReplayGuard } from './objects/replay-guard.ts'
import type { Throttle } from './objects/throttle.ts'
import type { Issuer, Operator, ResourceServer, ScopeText } from './types.ts'

/** The bindings of the Worker. */
export type Env = {
  /** Settings as an object or as JSON text; see `readSettings`. */
  readonly SETTINGS: unknown
  /** `id:base64url,…`; the first is current. */
  readonly MASTER_SECRET: string
  /** Copies of what objects decided: clients and encrypted keys. */
  readonly COPIES: KVNamespace
  readonly PUSHED_REQUEST: DurableObjectNamespace<PushedRequest>
  readonly GRANT: DurableObjectNamespace<Grant>
  readonly REPLAY_GUARD: DurableObjectNamespace<ReplayGuard>
  readonly CLIENT: DurableObjectNamespace<Client>
  readonly DIRECTORY: DurableObjectNamespace<Directory>
  readonly KEY_RING: DurableObjectNamespace<KeyRing>
  readonly ACCOUNT: DurableObjectNamespace<Account>
  readonly THROTTLE: DurableObjectNamespace<Throttle>
  /** Set by the local runtime only: allows an `http:` issuer on a loopback host. */
  readonly DEVELOPMENT?: string
}

export type Settings = { readonly issuers: readonly Issuer[] }

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problem: string }

/** Settings of this isolate: read once for each value of the binding. */
let settled: { readonly from: unknown; readonly result: SettingsResult } | undefined

/** The deployment's settings, read once. */
export function settingsOf(env: Env): SettingsResult {
  const text = typeof env.SETTINGS === 'string' ? env.SETTINGS : JSON.stringify(env.SETTINGS)
  // Without the binding there is no text either.
  if (settled === undefined || settled.from !== text) {
    const development = env.DEVELOPMENT === 'loopback'
    settled = { from: text, result: readSettings(env.SETTINGS, { development }) }
  }
  return settled.result
}

/** A configured issuer by id. Throws when the settings lost it. */
export function configuredIssuer(env: Env, id: string): Issuer {
  const result = settingsOf(env)
  const issuer = result.ok ? result.settings.issuers.find((one) => one.id === id) : undefined
  if (issuer === undefined) throw new Error('the issuer is not configured')
  return issuer
}

/** A contradiction in the settings: one sentence for the operator. */
class Contradiction extends Error {}

const contradiction = (sentence: string): never => {
  throw new Contradiction(sentence)
}

/**
 * Reads the deployment's settings. A contradiction stops the start: `problem` is one sentence.
 *
 * @example readSettings({ issuers: [{ id: 'bank', issuer: 'https://as.bank.example', … }] }, { development: false })
 */
export function readSettings(
  value: unknown,
  options: { readonly development: boolean },
): SettingsResult {
  try {
    const document = typeof value === 'string' ? parseJson(value) : value
    if (!isRecord(document)) return problem('SETTINGS is not a JSON object.')
    const list = document['issuers']
    if (!Array.isArray(list) || list.length === 0) {
      return problem('SETTINGS.issuers must be a list with at least one issuer.')
    }
    const issuers = list.map((entry: unknown, index) => readIssuer(entry, index, options))
    checkApart(issuers)
    // The longest address first, so that an issuer at the root does not swallow those with a path.
    issuers.sort((a, b) => b.url.length - a.url.length)
    return { ok: true, settings: Object.freeze({ issuers: Object.freeze(issuers) }) }
  } catch (error) {
    if (error instanceof Contradiction) return problem(error.message)
    throw error
  }
}

const problem = (sentence: string): SettingsResult => ({ ok: false, problem: sentence })

const issuerMembers = [
  'id', 'issuer', 'mtls_origin', 'profile', 'name', 'authentication', 'lifetimes', 'signing_alg',
  'key_rotation_days', 'resource_servers', 'scopes', 'operators', 'accepted_client_cas',
  'replay_guards', 'assertion_shards', 'default_location', 'jurisdiction',
] // prettier-ignore

function readIssuer(
  entry: unknown,
  index: number,
  options: { readonly development: boolean },
): Issuer {
  if (!isRecord(entry)) return contradiction(`SETTINGS.issuers[${index}] is not an object.`)
  const id = text(entry, 'id', `issuers[${index}]`)
  const where = `Issuer '${id}'`
  if (!/^[a-z0-9-]{1,32}$/.test(id)) {
    contradiction(`${where}: the id must be 1 to 32 of a-z, 0-9 and '-', and must never change.`)
  }
  for (const member of Object.keys(entry)) {
    if (!issuerMembers.includes(member)) contradiction(`${where}: unknown setting '${member}'.`)
  }
  const url = text(entry, 'issuer', where)
  checkUrl(url, `${where}: issuer`, options)
  const mtlsOrigin = readMtlsOrigin(entry, where, url)
  const profile = readProfile(entry, where)
  const resourceServers = readResourceServers(entry, where, url)
  return Object.freeze({
    id,
    url,
    mtlsOrigin,
    profile,
    lifetimes: readLifetimes(entry, where, profile),
    name: optionalText(entry, 'name', where) ?? new URL(url).hostname,
    factors: readFactors(entry, where),
    signingAlgorithm: oneOf(entry, 'signing_alg', where, ['ES256', 'PS256', 'Ed25519'], 'ES256'),
    keyRotationDays: integer(entry, 'key_rotation_days', where, { least: 1, most: 365, else: 30 }),
    resourceServers,
    scopes: readScopes(entry, where),
    operators: readOperators(entry, where),
    acceptedClientCas: readAuthorities(entry, where, mtlsOrigin),
    replayGuards: integer(entry, 'replay_guards', where, { least: 1, most: 1024, else: 4 }),
    assertionShards: readShards(entry, where),
    defaultLocation: oneOf(entry, 'default_location', where, locationHints, 'weur'),
    jurisdiction: readJurisdiction(entry, where),
  })
}

function readProfile(entry: Readonly<Record<string, unknown>>, where: string): Profile {
  const name = text(entry, 'profile', where)
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined
  return (
    profile ??
    contradiction(
      `${where}: unknown profile '${name}'; known are ${Object.keys(profiles).join(', ')}.`,
    )
  )
}

function readMtlsOrigin(
  entry: Readonly<Record<string, unknown>>,
  where: string,
  url: string,
): string | undefined {
  const value = optionalText(entry, 'mtls_origin', where)
  if (value === undefined) return undefined
  const parsed = URL.canParse(value) ? new URL(value) : undefined
  if (parsed === undefined || parsed.protocol !== 'https:' || parsed.origin !== value) {
    return contradiction(
      `${where}: mtls_origin must be an https origin such as https://mtls.example.`,
    )
  }
  if (parsed.origin === new URL(url).origin) {
    return contradiction(
      `${where}: mtls_origin must differ from the issuer's origin, or browsers would be asked for certificates.`,
    )
  }
  return value
}

function readFactors(entry: Readonly<Record<string, unknown>>, where: string): 1 {
  const value = entry['authentication']
  if (value === undefined) return 1
  if (!isRecord(value)) return contradiction(`${where}: authentication must be an object.`)
  const factors = value['factors'] ?? 1
  if (factors !== 1) {
    return contradiction(
      `${where}: authentication.factors is ${JSON.stringify(factors)}, but this version can only verify 1 factor.`,
    )
  }
  return 1
}

function readLifetimes(
  entry: Readonly<Record<string, unknown>>,
  where: string,
  profile: Profile,
): Profile['lifetimes'] {
  const value = entry['lifetimes'] ?? {}
  if (!isRecord(value)) return contradiction(`${where}: lifetimes must be an object.`)
  const limits = {
    pushed_request: { least: 5, most: 599, else: profile.lifetimes.pushedRequest },
    access_token: { least: 10, most: 3600, else: profile.lifetimes.accessToken },
    id_token: { least: 10, most: 3600, else: profile.lifetimes.idToken },
    authorization_code: { least: 1, most: 60, else: profile.lifetimes.authorizationCode },
    grant: { least: 60, most: 10 * 365 * 86_400, else: profile.lifetimes.grant },
  }
  for (const member of Object.keys(value)) {
    if (!Object.hasOwn(limits, member)) contradiction(`${where}: unknown lifetime '${member}'.`)
  }
  const seconds = (name: keyof typeof limits) =>
    integer(value, name, `${where}: lifetimes`, limits[name])
  return Object.freeze({
    pushedRequest: seconds('pushed_request'),
    interaction: profile.lifetimes.interaction,
    authorizationCode: seconds('authorization_code'),
    accessToken: seconds('access_token'),
    idToken: seconds('id_token'),
    grant: seconds('grant'),
  })
}

function readResourceServers(
  entry: Readonly<Record<string, unknown>>,
  where: string,
  url: string,
): readonly ResourceServer[] {
  const list = optionalList(entry, 'resource_servers', where).map((item): ResourceServer => {
    if (!isRecord(item)) return contradiction(`${where}: a resource server is not an object.`)
    const identifier = text(item, 'identifier', `${where}: resource_servers`)
    if (!URL.canParse(identifier) || identifier.includes('#')) {
      contradiction(
        `${where}: resource server '${identifier}' must be an absolute URI without fragment (RFC 8707 2).`,
      )
    }
    // The admin API's and userinfo's audiences are this server's own and cannot be configured.
    if (identifier === url || identifier.startsWith(`${url}/`)) {
      contradiction(
        `${where}: resource server '${identifier}' lies inside the issuer's own address.`,
      )
    }
    return Object.freeze({
      identifier,
      name: optionalText(item, 'name', where) ?? identifier,
      scopes: Object.freeze(texts(item, 'scopes', where)),
      default: item['default'] === true,
      introspectionClients: Object.freeze(texts(item, 'introspection_clients', where)),
    })
  })
  if (new Set(list.map((server) => server.identifier)).size < list.length) {
    contradiction(`${where}: two resource servers share an identifier.`)
  }
  if (list.filter((server) => server.default).length > 1) {
    contradiction(`${where}: only one resource server can be the default.`)
  }
  if (list.some((server) => server.scopes.includes('admin'))) {
    contradiction(`${where}: the scope 'admin' belongs to the admin API.`)
  }
  return Object.freeze(list)
}

function readScopes(
  entry: Readonly<Record<string, unknown>>,
  where: string,
): Readonly<Record<string, ScopeText>> {
  const value = entry['scopes'] ?? {}
  if (!isRecord(value)) return contradiction(`${where}: scopes must be an object.`)
  const scopes: [string, ScopeText][] = Object.entries(value).map(([name, words]) => {
    if (!/^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/.test(name)) {
      contradiction(`${where}: '${name}' is not a scope (RFC 6749 3.3).`)
    }
    if (!isRecord(words)) return contradiction(`${where}: scope '${name}' must be an object.`)
    const data = texts(words, 'data', where)
    return [
      name,
      Object.freeze({
        title: optionalText(words, 'title', where) ?? name,
        description: text(words, 'description', `${where}: scope '${name}'`),
        ...(data.length > 0 ? { data } : {}),
      }),
    ]
  })
  return Object.freeze(Object.fromEntries(scopes))
}

function readOperators(
  entry: Readonly<Record<string, unknown>>,
  where: string,
): readonly Operator[] {
  const list = optionalList(entry, 'operators', where).map((item): Operator => {
    if (!isRecord(item)) return contradiction(`${where}: an operator is not an object.`)
    const id = text(item, 'id', `${where}: operators`)
    if (!operatorIdForm.test(id)) {
      contradiction(`${where}: operator id '${id}' must look like 'operator.name'.`)
    }
    const jwks = checkPublicJwks(item['jwks'])
    if (!jwks.ok) return contradiction(`${where}: operator '${id}': ${jwks.refusal.description}.`)
    return Object.freeze({ id, jwks: jwks.value })
  })
  if (new Set(list.map((operator) => operator.id)).size < list.length) {
    contradiction(`${where}: two operators share an id.`)
  }
  return Object.freeze(list)
}

function readAuthorities(
  entry: Readonly<Record<string, unknown>>,
  where: string,
  mtlsOrigin: string | undefined,
): readonly string[] {
  const list = texts(entry, 'accepted_client_cas', where)
  if (list.length > 0 && mtlsOrigin === undefined) {
    contradiction(`${where}: accepted_client_cas needs an mtls_origin.`)
  }
  for (const pem of list) {
    if (readCertificateAuthorities(pem) === undefined) {
      contradiction(`${where}: an entry of accepted_client_cas is not a PEM certificate.`)
    }
  }
  return Object.freeze(list)
}

function readShards(entry: Readonly<Record<string, unknown>>, where: string): readonly number[] {
  const list = entry['assertion_shards'] ?? [1]
  const sound =
    Array.isArray(list) &&
    (list.length === 1 || list.length === 2) &&
    list.every((count) => Number.isInteger(count) && count >= 1 && count <= 256)
  if (!sound) {
    return contradiction(
      `${where}: assertion_shards must be [current] or [current, previous], each 1 to 256.`,
    )
  }
  return Object.freeze([...new Set(list as number[])])
}

function readJurisdiction(
  entry: Readonly<Record<string, unknown>>,
  where: string,
): 'eu' | 'fedramp' | undefined {
  const value = optionalText(entry, 'jurisdiction', where)
  if (value === undefined || value === 'eu' || value === 'fedramp') return value
  return contradiction(`${where}: jurisdiction must be 'eu' or 'fedramp'.`)
}

function checkUrl(url: string, what: string, options: { readonly development: boolean }): void {
  const parsed = URL.canParse(url) ? new URL(url) : contradiction(`${what} '${url}' is not a URL.`)
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(parsed.hostname)
  if (
    parsed.protocol !== 'https:' &&
    !(options.development && loopback && parsed.protocol === 'http:')
  ) {
    contradiction(`${what} '${url}' must be https (http only for a loopback host in development).`)
  }
  const canonical = parsed.origin + (parsed.pathname === '/' ? '' : parsed.pathname)
  if (canonical !== url || url.endsWith('/') || !/^[\x21-\x7e]+$/.test(url)) {
    contradiction(
      `${what} '${url}' must be in canonical form without query, fragment or trailing slash: '${canonical.replace(/\/+$/, '')}'.`,
    )
  }
  if (parsed.pathname.startsWith('/.well-known')) {
    contradiction(`${what} '${url}' may not lie under /.well-known.`)
  }
}

function checkApart(issuers: readonly Issuer[]): void {
  const seen = new Map<string, string>()
  for (const issuer of issuers) {
    for (const [kind, value] of [
      ['id', issuer.id],
      ['address', issuer.url],
    ] as const) {
      const other = seen.get(`${kind} ${value}`)
      if (other !== undefined)
        contradiction(`Issuers '${other}' and '${issuer.id}' share the ${kind} '${value}'.`)
      seen.set(`${kind} ${value}`, issuer.id)
    }
    for (const other of issuers) {
      if (
        other !== issuer &&
        other.url.startsWith(`${issuer.url}/`) &&
        new URL(issuer.url).pathname !== '/'
      ) {
        contradiction(`Issuer '${other.id}' lies inside issuer '${issuer.id}'.`)
      }
      if (issuer.mtlsOrigin !== undefined && new URL(other.url).origin === issuer.mtlsOrigin) {
        contradiction(`Issuer '${issuer.id}': mtls_origin is the origin of issuer '${other.id}'.`)
      }
    }
  }
}

function text(record: Readonly<Record<string, unknown>>, name: string, where: string): string {
  return optionalText(record, name, where) ?? contradiction(`${where}: '${name}' is missing.`)
}

function optionalText(
  record: Readonly<Record<string, unknown>>,
  name: string,
  where: string,
): string | undefined {
  const value = record[name]
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  return contradiction(`${where}: '${name}' must be a non-empty text.`)
}

function optionalList(
  record: Readonly<Record<string, unknown>>,
  name: string,
  where: string,
): readonly unknown[] {
  const value = record[name] ?? []
  return Array.isArray(value) ? value : contradiction(`${where}: '${name}' must be a list.`)
}

function texts(
  record: Readonly<Record<string, unknown>>,
  name: string,
  where: string,
): readonly string[] {
  return optionalList(record, name, where).map((item) =>
    typeof item === 'string' && item !== ''
      ? item
      : contradiction(`${where}: '${name}' must hold non-empty texts.`),
  )
}

function integer(
  record: Readonly<Record<string, unknown>>,
  name: string,
  where: string,
  range: { readonly least: number; readonly most: number; readonly else: number },
): number {
  const value = record[name]
  if (value === undefined) return range.else
  const sound =
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= range.least &&
    value <= range.most
  if (sound) return value
  return contradiction(
    `${where}: '${name}' must be a whole number from ${range.least} to ${range.most}.`,
  )
}

function oneOf<T extends string>(
  record: Readonly<Record<string, unknown>>,
  name: string,
  where: string,
  known: readonly T[],
  otherwise: T,
): T {
  const value = record[name]
  if (value === undefined) return otherwise
  const match = known.find((candidate) => candidate === value)
  return match ?? contradiction(`${where}: '${name}' must be one of ${known.join(', ')}.`)
}
