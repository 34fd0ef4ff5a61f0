import { operatorIdForm } from '../clients/ids.ts'
import { checkPublicJwks } from '../clients/jwks.ts'
import { isRecord } from '../encoding.ts'
import { decryptionAlgorithms, signingAlgorithms } from '../objects/ring-name.ts'
import { profiles } from '../profiles/index.ts'
import type { Profile } from '../profiles/profile.ts'
import { readCertificateAuthorities } from '../proof/authorities.ts'
import { locationHints } from '../proof/location.ts'
import type { Issuer, Operator } from '../types.ts'
import { readAuthentication } from './authentication.ts'
import { readDetailTypes } from './authorization-details.ts'
import { readBranding } from './branding.ts'
import { readEvidenceSettings } from './evidence.ts'
import { readGrantManagement } from './grant-management.ts'
import {
  contradiction,
  integer,
  oneOf,
  onlyKnown,
  optionalList,
  optionalText,
  severalOf,
  text,
  texts,
} from './readers.ts'
import { readResourceServers } from './resource-servers.ts'
import { readScopes } from './scopes.ts'

/** An issuer before the others are known. */
export type OneIssuer = Omit<Issuer, 'deploymentHosts'>

const issuerMembers = [
  'id', 'issuer', 'mtls_origin', 'profile', 'name', 'authentication', 'lifetimes', 'signing_alg',
  'further_signing_algs', 'decryption_algs', 'key_rotation_days', 'resource_servers', 'scopes', 'operators', 'accepted_client_cas',
  'replay_guards', 'assertion_shards', 'default_location', 'jurisdiction', 'branding',
  'grant_management', 'authorization_details_types', 'evidence',
] // prettier-ignore

/** Reads one issuer's settings into a frozen value. Throws `Contradiction`. */
export function readIssuer(
  entry: unknown,
  index: number,
  options: { readonly development: boolean },
): OneIssuer {
  if (!isRecord(entry)) return contradiction(`SETTINGS.issuers[${index}] is not an object.`)
  const id = text(entry, 'id', `issuers[${index}]`)
  const where = `Issuer '${id}'`
  if (!/^[a-z0-9-]{1,32}$/.test(id)) {
    contradiction(`${where}: the id must be 1 to 32 of a-z, 0-9 and '-', and must never change.`)
  }
  onlyKnown(entry, issuerMembers, where)
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
    authentication: readAuthentication(entry, where, { profile, url, ...options }),
    ...readAlgorithms(entry, where),
    keyRotationDays: integer(entry, 'key_rotation_days', where, { least: 1, most: 365, else: 30 }),
    resourceServers,
    scopes: readScopes(entry, where),
    branding: readBranding(entry, where),
    evidence: readEvidenceSettings(entry, where),
    operators: readOperators(entry, where),
    acceptedClientCas: readAuthorities(entry, where, mtlsOrigin),
    replayGuards: integer(entry, 'replay_guards', where, { least: 1, most: 1024, else: 4 }),
    assertionShards: readShards(entry, where),
    grantManagement: readGrantManagement(entry, where),
    detailTypes: readDetailTypes(entry, where, resourceServers),
    defaultLocation: oneOf(entry, 'default_location', where, locationHints, 'weur'),
    jurisdiction: readJurisdiction(entry, where),
  })
}

function readAlgorithms(entry: Readonly<Record<string, unknown>>, where: string) {
  const signingAlgorithm = oneOf(entry, 'signing_alg', where, signingAlgorithms, 'ES256')
  const further = severalOf(entry, 'further_signing_algs', where, signingAlgorithms)
  if (further.includes(signingAlgorithm)) {
    contradiction(`${where}: further_signing_algs names ${signingAlgorithm}, which signs already.`)
  }
  return {
    signingAlgorithm,
    furtherSigningAlgorithms: further,
    decryptionAlgorithms:
      entry['decryption_algs'] === undefined
        ? Object.freeze(['ECDH-ES'] as const)
        : severalOf(entry, 'decryption_algs', where, decryptionAlgorithms),
  }
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
    onlyKnown(item, ['id', 'jwks'], `${where}: operator '${id}'`)
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
    list.every((count) => Number.isInteger(count) && count >= 1 && count <= 1024)
  if (!sound) {
    return contradiction(
      `${where}: assertion_shards must be [current] or [current, previous], each 1 to 1024.`,
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
