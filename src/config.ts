import { isRecord, parseJson } from './encoding.ts'
import type { Anchor } from './evidence/anchor.ts'
import type { Account } from './objects/account.ts'
import type { Client } from './objects/client.ts'
import type { Directory } from './objects/directory.ts'
import type { Grant } from './objects/grant.ts'
import type { KeyRing } from './objects/key-ring.ts'
import type { PushedRequest } from './objects/pushed-request.ts'
import type { ReplayGuard } from './objects/replay-guard.ts'
import type { Throttle } from './objects/throttle.ts'
import type { AuditBindings } from './observe/sinks.ts'
import { readIssuer } from './settings/issuer.ts'
import type { OneIssuer } from './settings/issuer.ts'
import { Contradiction, contradiction, onlyKnown } from './settings/readers.ts'
import type { Issuer } from './types.ts'

/** The bindings of the Worker. */
export type Env = AuditBindings & {
  /** Settings as an object or as JSON text; see `readSettings`. */
  readonly SETTINGS: unknown
  /** `id:base64url,…`; the first is current. */
  readonly MASTER_SECRET: string
  /** Copies of what objects decided: clients and encrypted keys. */
  readonly COPIES: KVNamespace
  /** Damps floods of pushed requests, per client and location. Optional. */
  readonly PUSH_LIMIT?: RateLimit
  /** Where the heads of chains of evidence are laid, outside of what this Worker can change. Optional. */
  readonly EVIDENCE_BUCKET?: R2Bucket
  readonly EVIDENCE_QUEUE?: Queue<Anchor>
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
let settled:
  | {
      readonly binding: unknown
      readonly text: string | undefined
      readonly result: SettingsResult
    }
  | undefined

/** The deployment's settings, read once. */
export function settingsOf(env: Env): SettingsResult {
  const binding = env.SETTINGS
  if (settled !== undefined && settled.binding === binding) return settled.result
  // Another object may hold the same settings: only another text is read again.
  const text = typeof binding === 'string' ? binding : JSON.stringify(binding)
  const same = settled !== undefined && settled.text === text
  const development = env.DEVELOPMENT === 'loopback'
  const result = same && settled ? settled.result : readSettings(binding, { development })
  settled = { binding, text, result }
  return result
}

/** A configured issuer by id. Throws when the settings lost it. */
export function configuredIssuer(env: Env, id: string): Issuer {
  const result = settingsOf(env)
  const issuer = result.ok ? result.settings.issuers.find((one) => one.id === id) : undefined
  if (issuer === undefined) throw new Error('the issuer is not configured')
  return issuer
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
    onlyKnown(document, ['issuers'], 'SETTINGS')
    const list = document['issuers']
    if (!Array.isArray(list) || list.length === 0) {
      return problem('SETTINGS.issuers must be a list with at least one issuer.')
    }
    const read = list.map((entry: unknown, index) => readIssuer(entry, index, options))
    checkApart(read)
    const deploymentHosts = hostsOf(read)
    const issuers = read.map((issuer) => Object.freeze({ ...issuer, deploymentHosts }))
    // The longest path first, so that an issuer at the root does not swallow those with a path.
    issuers.sort((a, b) => new URL(b.url).pathname.length - new URL(a.url).pathname.length)
    return { ok: true, settings: Object.freeze({ issuers: Object.freeze(issuers) }) }
  } catch (error) {
    if (error instanceof Contradiction) return problem(error.message)
    throw error
  }
}

/** One line, whatever stood in the settings. */
const problem = (sentence: string): SettingsResult => ({
  ok: false,
  problem: sentence.replace(/\p{Cc}+/gu, '?'),
})

function hostsOf(issuers: readonly OneIssuer[]): readonly string[] {
  const origins = issuers.flatMap(({ url, mtlsOrigin }) =>
    mtlsOrigin === undefined ? [url] : [url, mtlsOrigin],
  )
  const hosts = origins.map((origin) => new URL(origin).hostname.replace(/\.$/, ''))
  return Object.freeze([...new Set(hosts)])
}

/** First path segments of an issuer's own routes; see `routes.ts`. */
export const endpointSegments = [
  '.well-known', 'account', 'admin', 'assets', 'authorize', 'consent', 'evidence', 'grants',
  'introspect', 'jwks', 'login',
  'logout', 'par', 'revoke', 'setup', 'token', 'userinfo',
] // prettier-ignore

function checkApart(issuers: readonly OneIssuer[]): void {
  const seen = new Map<string, string>()
  for (const issuer of issuers) {
    const base = new URL(issuer.url).pathname
    for (const [kind, value] of [
      ['id', issuer.id],
      ['address', issuer.url],
      ['mTLS address', issuer.mtlsOrigin && `${issuer.mtlsOrigin}${base}`],
    ] as const) {
      if (value === undefined) continue
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
      const [segment = ''] = other.url.slice(issuer.url.length + 1).split('/')
      if (other.url.startsWith(`${issuer.url}/`) && endpointSegments.includes(segment)) {
        contradiction(`Issuer '${other.id}' lies on an endpoint of issuer '${issuer.id}'.`)
      }
      if (issuer.mtlsOrigin !== undefined && new URL(other.url).origin === issuer.mtlsOrigin) {
        contradiction(`Issuer '${issuer.id}': mtls_origin is the origin of issuer '${other.id}'.`)
      }
    }
  }
}
