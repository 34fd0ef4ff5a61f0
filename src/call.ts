import type { Env } from './config.ts'
import type { OutboundAllowance } from './clients/outbound.ts'
import type { About, Log } from './observe/audit.ts'
import type { Storage, StorageHooks } from './observe/storage.ts'
import type { Stubs } from './objects/stubs.ts'
import type { Place } from './proof/location.ts'
import { deriveKeys } from './secrets.ts'
import type { MasterSecret, SecretKeys } from './secrets.ts'
import { ringSecrets } from './objects/ring.ts'
import type { Issuer } from './types.ts'

/** What a deployment may pass in: time, storage hooks and outbound calls. Production passes nothing. */
export type Runtime = {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly fetch: typeof fetch
  readonly storage: StorageHooks
  readonly outboundAllowed: OutboundAllowance
  /** Last look at an answer, e.g. to add `Server-Timing`. */
  readonly finish: (response: Response, storage: Storage) => Response
}

/** Which of the issuer's two addresses the request came to. */
export type Side = 'main' | 'mtls'

/** One request to one issuer: everything an endpoint may use, passed in. */
export type Call = {
  /** The platform's id of this request, or a random one; on every log line and error page. */
  readonly id: string
  readonly issuer: Issuer
  readonly side: Side
  /** Path relative to the issuer, e.g. `/token`. */
  readonly path: string
  readonly request: Request
  readonly env: Env
  readonly storage: Storage
  readonly stubs: Stubs
  readonly secrets: IssuerSecrets
  readonly runtime: Runtime
  readonly log: Log
  /** Puts what is now known of the request on every record from here on. */
  readonly about: (known: About) => void
  /** The answer is made: what was recorded is sent on. */
  readonly closeLog: () => void
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Work that the answer does not wait for. */
  readonly waitUntil: (work: Promise<unknown>) => void
}

/** Keys derived for one issuer. */
export type IssuerSecrets = {
  readonly nonce: SecretKeys
  /** Seals the progress of a sign-in. */
  readonly interaction: SecretKeys
  /** Makes the secrets of codes, and of sessions that a double click must not start twice. */
  readonly code: SecretKeys
  /** Seals the secrets of one-time codes. */
  readonly factors: SecretKeys
  /** Wraps the signing keys. */
  readonly signing: SecretKeys
  /** Wraps the keys request objects are encrypted for. */
  readonly decryption: SecretKeys
}

export function issuerSecrets(secret: MasterSecret, issuerId: string): IssuerSecrets {
  return {
    nonce: deriveKeys(secret, 'hmac', [issuerId, 'nonce', 'authorization-server']),
    interaction: deriveKeys(secret, 'aes', [issuerId, 'interaction']),
    code: deriveKeys(secret, 'hmac', [issuerId, 'code']),
    factors: deriveKeys(secret, 'aes', [issuerId, 'factors']),
    signing: ringSecrets(secret, issuerId, 'signing'),
    decryption: ringSecrets(secret, issuerId, 'decryption'),
  }
}

/** Where the caller is, as far as the platform tells. */
export function placeOf(request: Request): Place | undefined {
  return (request as { readonly cf?: Place }).cf
}

/** Public URL of an endpoint on the side this request came to; never taken from `Host`. */
export function endpointUrl(issuer: Issuer, side: Side, path: string): string {
  if (side === 'main' || issuer.mtlsOrigin === undefined) return `${issuer.url}${path}`
  const base = new URL(issuer.url).pathname
  return `${issuer.mtlsOrigin}${base === '/' ? '' : base}${path}`
}
