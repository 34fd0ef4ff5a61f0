import { readSettings } from '../../../src/config.ts'
import type { ClientMetadata } from '../../../src/clients/metadata.ts'
import type { Parameters } from '../../../src/authorization/parameters.ts'
import type { Rule, RuleInput } from '../../../src/authorization/rule.ts'
import type { Refusal, Result } from '../../../src/errors.ts'
import type { ClientRecord, Issuer, Sender } from '../../../src/types.ts'

/** Settings of one issuer as an operator writes them. */
export const bank = {
  id: 'bank',
  issuer: 'https://as.bank.example',
  mtls_origin: 'https://mtls.bank.example',
  profile: 'fapi2-security',
  scopes: { accounts: { description: 'See your accounts.' } },
  resource_servers: [
    { identifier: 'https://api.bank.example', scopes: ['accounts', 'payments'], default: true },
    { identifier: 'https://other.bank.example' },
  ],
}

/** A configured issuer; `changes` replace settings. */
export function makeIssuer(changes: Readonly<Record<string, unknown>> = {}): Issuer {
  const result = readSettings({ issuers: [{ ...bank, ...changes }] }, { development: false })
  const issuer = result.ok ? result.settings.issuers[0] : undefined
  if (issuer === undefined) throw new Error(result.ok ? 'no issuer' : result.problem)
  return issuer
}

const metadata: ClientMetadata = {
  client_name: 'App',
  application_type: 'web',
  redirect_uris: ['https://app.example/cb'],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  scope: 'openid accounts',
  token_endpoint_auth_method: 'private_key_jwt',
  dpop_bound_access_tokens: false,
  tls_client_certificate_bound_access_tokens: false,
  use_mtls_endpoint_aliases: false,
}

export const makeClient = (changes: Partial<ClientMetadata> = {}): ClientRecord => ({
  clientId: 'app',
  version: 1,
  generation: 'g1',
  enabled: true,
  operator: false,
  metadata: { ...metadata, ...changes },
})

/** A bag of parameters; a list stands for a repeated parameter. */
export const bag = (values: Readonly<Record<string, string | readonly string[]>>): Parameters =>
  new Map(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' ? [value] : value,
    ]),
  )

/** What a rule judges when a client of the bank pushes these parameters. */
export const pushed = (
  values: Readonly<Record<string, string | readonly string[]>>,
  changes: {
    readonly client?: Partial<ClientMetadata>
    readonly issuer?: Readonly<Record<string, unknown>>
    readonly sender?: Sender
    readonly signed?: boolean
  } = {},
): RuleInput => ({
  parameters: bag(values),
  client: makeClient(changes.client),
  issuer: makeIssuer(changes.issuer),
  sender: changes.sender ?? {},
  signed: changes.signed ?? false,
})

/** The code a rule refuses with; undefined when it accepts. */
export const refusalOf = (rule: Rule, ...input: globalThis.Parameters<typeof pushed>) =>
  codeOf(rule(pushed(...input)))

export const codeOf = (result: Result<unknown>): Refusal['code'] | undefined =>
  result.ok ? undefined : result.refusal.code

/** The value of a result that must be there. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`refused: ${result.refusal.code} ${result.refusal.description}`)
  return result.value
}
