import type { JWK } from 'jose'
import { record } from '../commands/command.ts'
import { Failure } from '../failure.ts'

/** What a person decides about a deployment. */
export type Deployment = {
  /** Never changes: keys, clients and accounts are stored under it. */
  readonly id: string
  readonly issuer: string
  /** Host of the mTLS listener; undefined for a deployment with DPoP alone. */
  readonly mtlsHost: string | undefined
}

export type Settings = Readonly<Record<string, unknown>> & {
  readonly issuers: readonly Readonly<Record<string, unknown>>[]
}

export type OperatorEntry = { readonly id: string; readonly publicJwk: JWK }

/** The settings of a new deployment with one issuer. */
export const newSettings = (deployment: Deployment, operator: OperatorEntry): Settings => ({
  issuers: [
    withOperator(
      withAddresses({ id: deployment.id, profile: 'fapi2-security' }, deployment),
      operator,
    ),
  ],
})

/** Changes the addresses of the first issuer and leaves everything else as the operator wrote it. */
export function changeSettings(
  settings: Settings,
  change: Partial<Deployment>,
  operator?: OperatorEntry,
): Settings {
  const [first, ...rest] = settings.issuers
  if (first === undefined) throw new Failure('The settings hold no issuer.')
  const changed = withAddresses(first, change)
  return {
    ...settings,
    issuers: [operator === undefined ? changed : withOperator(changed, operator), ...rest],
  }
}

function withAddresses(
  issuer: Readonly<Record<string, unknown>>,
  change: Partial<Deployment>,
): Readonly<Record<string, unknown>> {
  const { mtls_origin: before, ...rest } = issuer
  const mtlsOrigin =
    'mtlsHost' in change
      ? change.mtlsHost === undefined
        ? undefined
        : `https://${change.mtlsHost}`
      : before
  return {
    ...rest,
    ...(change.issuer === undefined ? {} : { issuer: change.issuer }),
    ...(mtlsOrigin === undefined ? {} : { mtls_origin: mtlsOrigin }),
  }
}

function withOperator(
  issuer: Readonly<Record<string, unknown>>,
  operator: OperatorEntry,
): Readonly<Record<string, unknown>> {
  const entry = { id: operator.id, jwks: { keys: [operator.publicJwk] } }
  const before = Array.isArray(issuer['operators']) ? issuer['operators'] : []
  const others = before.filter((one: unknown) => record(one)['id'] !== operator.id)
  return { ...issuer, operators: [...others, entry] }
}

/** The hosts a deployment answers on: of every issuer, and of its mTLS listener. */
export function hostsOf(settings: Settings): readonly string[] {
  const addresses = settings.issuers.flatMap((issuer) => [issuer['issuer'], issuer['mtls_origin']])
  const hosts = addresses
    .filter((address) => typeof address === 'string')
    .map((address) => new URL(address).hostname)
  return [...new Set(hosts)]
}
