import type { ConfigFile } from './config-file.ts'
import { isJson, merge } from './json.ts'
import type { Json } from './json.ts'
import type { Options } from './options.ts'
import { stop } from './problem.ts'

/** The addresses everything is reached at. */
export type Addresses = {
  readonly issuer: string
  readonly mtlsOrigin: string
  readonly api: string
  readonly apiMtls: string
  /** Loopback as an address: `http` redirects are for those only (RFC 8252 8.3). */
  readonly client: string
  /** Host of the issuer, without brackets. */
  readonly host: string
  readonly loopback: boolean
}

export const operatorId = 'operator.local'

/** Through it the server asks the bank what a person may choose at consent. */
export const choicesBinding = 'BANK'

/** Works out the addresses: `--issuer` wins over the configuration file, which wins over this machine. */
export function readAddresses(options: Options, config: ConfigFile): Addresses {
  const configured = config.issuer['issuer']
  const scheme = options.tls ? 'https' : 'http'
  const issuer =
    options.issuer ??
    (typeof configured === 'string' ? configured : `${scheme}://localhost:${options.port}`)
  if (!URL.canParse(issuer)) return stop(`The issuer '${issuer}' is not a URL.`)
  const { hostname } = new URL(issuer)
  const mtlsOrigin = config.issuer['mtls_origin']
  return {
    issuer,
    mtlsOrigin:
      typeof mtlsOrigin === 'string' ? mtlsOrigin : `https://${hostname}:${options.mtlsPort}`,
    api: `${scheme}://${hostname}:${options.apiPort}`,
    apiMtls: `https://${hostname}:${options.apiMtlsPort}`,
    client: `http://127.0.0.1:${options.clientPort}`,
    host: hostname.replace(/^\[|\]$/g, ''),
    loopback: ['localhost', '127.0.0.1', '[::1]'].includes(hostname),
  }
}

export type ComposedSettings = {
  readonly settings: { readonly issuers: readonly Json[] }
  /** The factors that every sign-in needs at least. */
  readonly factors: number
}

/** The server's settings: what the demo needs, with the configuration file laid over it. */
export async function composeSettings(
  addresses: Addresses,
  config: ConfigFile,
  given: { readonly operatorKey: Json; readonly clientAuthorities: readonly string[] },
): Promise<ComposedSettings> {
  const defaults = {
    id: 'local',
    profile: 'fapi2-security',
    name: 'Example Bank',
    scopes: {
      accounts: {
        title: 'See your accounts',
        description: 'To show them to you beside your budget. It cannot move money.',
        data: ['Account names', 'Account numbers', 'Balances'],
        translations: {
          de: {
            title: 'Ihre Konten sehen',
            description:
              'Um sie neben Ihrem Haushaltsbuch zu zeigen. Geld bewegen kann die Anwendung nicht.',
            data: ['Namen der Konten', 'Kontonummern', 'Kontostände'],
          },
        },
      },
    },
    authorization_details_types: detailTypes(addresses),
  }
  const issuer: Json = {
    ...merge(defaults, config.issuer),
    issuer: addresses.issuer,
    mtls_origin: addresses.mtlsOrigin,
    operators: [
      { id: operatorId, jwks: { keys: [given.operatorKey] } },
      ...listOf(config.issuer['operators']),
    ],
    resource_servers: composeResourceServers(addresses, config),
    accepted_client_cas: [
      ...listOf(config.issuer['accepted_client_cas']),
      ...given.clientAuthorities,
    ],
  }
  const settings = { issuers: [issuer] }
  const { readSettings } = await importConfig()
  const checked = readSettings(settings, { development: true })
  if (!checked.ok) return stop(checked.problem)
  const [first] = checked.settings.issuers
  return { settings, factors: first?.authentication.minimum ?? 2 }
}

/** The shipped types, for the bank API; accounts are chosen from what the bank lists. */
function detailTypes({ api }: Addresses): Json {
  const chosen = (member: string) => ({ [member]: { service: choicesBinding } })
  const type = (use: string, more: Json = {}) => ({ use, resource_servers: [api], ...more })
  return {
    account_information: type('account_information', { enrich: chosen('accounts') }),
    payment_initiation: type('payment_initiation', { enrich: chosen('debtorAccount') }),
    patient_record: type('patient_record'),
  }
}

/** Nobody could sign in: said before anything runs. */
export function checkFactors(factors: number, users: ConfigFile['users']): void {
  const without = factors === 1 ? undefined : users.find((user) => !('totp_secret' in user))
  if (without === undefined) return
  stop(
    `The user '${without.username}' has no second factor, but this issuer demands two: give it a 'totp_secret' (base32), or set 'issuer.authentication.factors' to 1.`,
  )
}

/** Later entries replace earlier ones of the same identifier; a configured default replaces ours. */
function composeResourceServers(addresses: Addresses, config: ConfigFile): readonly unknown[] {
  const configured = [...listOf(config.issuer['resource_servers']), ...config.resourceServers]
  const otherDefault = configured.some((server) => isJson(server) && server['default'] === true)
  const api = {
    identifier: addresses.api,
    name: 'Example Bank API',
    scopes: ['accounts'],
    default: !otherDefault,
  }
  const byIdentifier = new Map<unknown, unknown>()
  for (const server of [api, ...configured]) {
    byIdentifier.set(isJson(server) ? server['identifier'] : undefined, server)
  }
  return [...byIdentifier.values()]
}

const listOf = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

type ConfigModule = {
  readonly readSettings: (
    value: unknown,
    options: { readonly development: boolean },
  ) =>
    | {
        readonly ok: true
        readonly settings: {
          readonly issuers: readonly { readonly authentication: { readonly minimum: number } }[]
        }
      }
    | { readonly ok: false; readonly problem: string }
}

/**
 * The Worker's own check, so that a bad setting is refused before anything runs. The path is hidden from
 * the type checker: the types of the Worker and of Node contradict each other in one program.
 */
async function importConfig(): Promise<ConfigModule> {
  const path = '../src/config.ts'
  return (await import(path)) as ConfigModule
}
