import { issuerSecrets } from './call.ts'
import type { Call, IssuerSecrets, Runtime, Side } from './call.ts'
import { configuredIssuer } from './config.ts'
import type { Env } from './config.ts'
import { makeStubs } from './objects/stubs.ts'
import { openAudit } from './observe/audit.ts'
import { Storage } from './observe/storage.ts'
import { parseMasterSecret } from './secrets.ts'
import type { MasterSecret } from './secrets.ts'
import type { Issuer } from './types.ts'

/** Which issuer, side and relative path a URL means. The host only selects among configured issuers. */
export type Place = { readonly issuer: Issuer; readonly side: Side; readonly path: string }

/** What a deployment left out is as it is in production. */
export const completeRuntime = (options: Partial<Runtime>): Runtime => ({
  now: () => Date.now(),
  fetch: (...parameters) => fetch(...parameters),
  storage: {},
  outboundAllowed: () => false,
  finish: (response) => response,
  ...options,
})

/** A call without an HTTP request, for an entrypoint or an object. Throws when the deployment is not configured. */
export function callFor(
  env: Env,
  issuerId: string,
  options: Partial<Runtime>,
  waitUntil: Call['waitUntil'],
): Call {
  const issuer = configuredIssuer(env, issuerId)
  const secret = parseMasterSecretOnce(env.MASTER_SECRET)
  if (typeof secret === 'string') throw new Error(secret)
  const request = new Request(issuer.url)
  const runtime = completeRuntime(options)
  return makeCall({ issuer, side: 'main', path: '/', request, env, runtime, secret }, waitUntil)
}

/** Makes the context of one request. */
export function makeCall(
  given: Place & {
    readonly request: Request
    readonly env: Env
    readonly runtime: Runtime
    readonly secret: MasterSecret
    /** It came over HTTP, and whoever answers it closes the log. */
    readonly entrance?: true
  },
  waitUntil: Call['waitUntil'],
): Call {
  const { issuer, side, path, request, env, runtime, secret, entrance } = given
  const audit = openAudit({ env, issuer: issuer.id, waitUntil, ...(entrance ? { request } : {}) })
  return {
    id: audit.requestId,
    issuer,
    side,
    path,
    request,
    env,
    runtime,
    waitUntil,
    storage: new Storage(runtime.storage),
    stubs: makeStubs(env, issuer),
    secrets: secretsFor(secret, issuer.id),
    log: audit.log,
    about: audit.about,
    closeLog: audit.close,
    now: runtime.now(),
  }
}

const secretsOf = new WeakMap<MasterSecret, Map<string, IssuerSecrets>>()
let parsed: { readonly text: unknown; readonly secret: MasterSecret | string } | undefined

/** `text` as the deployment has it: it may have forgotten the secret. */
export function parseMasterSecretOnce(text: unknown): MasterSecret | string {
  if (parsed === undefined || parsed.text !== text)
    parsed = { text, secret: parseMasterSecret(text) }
  return parsed.secret
}

function secretsFor(secret: MasterSecret, issuerId: string): IssuerSecrets {
  const byIssuer = secretsOf.get(secret) ?? new Map<string, IssuerSecrets>()
  const known = byIssuer.get(issuerId) ?? issuerSecrets(secret, issuerId)
  secretsOf.set(secret, byIssuer.set(issuerId, known))
  return known
}
