/**
 * For resource servers on Workers: one middleware that lets a request pass when its access token is
 * valid, alive, made for this server, and held by its sender. Exported for other Workers; it holds
 * the resource server's own nonce secret and never the issuer's.
 */
import type { MiddlewareHandler } from 'hono'
import type { AuthorizationDetail } from '../authorization-details/detail.ts'
import { discardBody } from '../authorization/parameters.ts'
import { tuple } from '../encoding.ts'
import { ProtocolError, demand, fail } from '../errors.ts'
import type { Refusal } from '../errors.ts'
import { acceptSignature } from '../http-signatures/fapi.ts'
import type { VerifiedSignature } from '../http-signatures/verify.ts'
import { objectNames } from '../objects/names.ts'
import { Storage, StorageFault } from '../observe/storage.ts'
import type { StorageHooks } from '../observe/storage.ts'
import { settle } from '../endpoints/one-time.ts'
import { readCertificate } from '../proof/certificate.ts'
import { locate } from '../proof/location.ts'
import type { Place } from '../proof/location.ts'
import { mintNonce } from '../proof/nonce.ts'
import { challenge, readPresentation, verifyPresentation } from '../proof/presentation.ts'
import type { VerifiedPresentation } from '../proof/presentation.ts'
import { judgeUse } from '../proof/sender.ts'
import type { NoncePolicy } from '../proof/sender.ts'
import { deriveKeys, parseMasterSecret } from '../secrets.ts'
import { verifyAccessToken } from '../tokens/access-token.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import { judgeEntitlement } from './details.ts'
import type { Entitlement } from './details.ts'
import { issuerKeys } from './issuer-keys.ts'
import { answerRefusal } from './refusal.ts'
import type { ResourceSettings } from './settings.ts'
import { checkSignature, judgeSignatureUse, takeSignature } from './signed-requests.ts'
import type { SignedRequest } from './signed-requests.ts'
import { replaceAnswer, signAnswer } from './signed-responses.ts'
import type { SigningVariables } from './signed-responses.ts'
import { judgeAuthentication } from './step-up.ts'
import type { AuthenticationNeed } from './step-up.ts'
import { ownUrl } from './visit.ts'
import type { Visit } from './visit.ts'

/** Given in by a local runtime; production passes nothing. */
export type ResourceRuntime = { readonly now: () => number; readonly storage: StorageHooks }

/** What the middleware leaves for the handlers behind it. */
export type ResourceVariables = {
  access: AccessToken
  /** The token's authorization details of the type the route names; none where its scope let it pass. */
  details: readonly AuthorizationDetail[]
  storage: Storage
  /** The client's verified signature over the request, where there was one. */
  signature?: VerifiedSignature
} & SigningVariables

const longestWithoutRevocation = 60

/** What a token must bring beside being valid, alive, for this server and held by its sender. */
export type AccessNeed = Entitlement & {
  /** The request must be signed by the client, whatever the settings ask for. */
  readonly signed?: true
} & AuthenticationNeed

/**
 * Checks in this order: token, proof of possession, audience, the request's signature, life, scope and
 * authorization details, and last how the person was authenticated, since another sign-in mends nothing
 * else (RFC 9470 3).
 *
 * @example app.get('/accounts', protectedResource(settingsOf, { scope: 'accounts' }), listAccounts)
 * @example protectedResource(settingsOf, { details: 'payment_initiation' })
 * @example protectedResource(settingsOf, { scope: 'payments', acrValues: ['urn:…:two-factors'], maxAge: 300 })
 */
export function protectedResource<Env extends object>(
  settingsOf: (env: Env) => ResourceSettings,
  needed: AccessNeed,
  options: Partial<ResourceRuntime> = {},
): MiddlewareHandler<{ Bindings: Env; Variables: ResourceVariables }> {
  const runtime: ResourceRuntime = { now: () => Date.now(), storage: {}, ...options }
  return async function protect(c, next) {
    const settings = settingsOf(c.env)
    const storage = new Storage(runtime.storage)
    const visit: Visit = { request: c.req.raw, settings, storage, now: runtime.now() }
    c.set('storage', storage)
    const admitted = await admit(visit, needed)
    if ('token' in admitted) {
      c.set('access', admitted.token)
      c.set('details', admitted.details)
      if (admitted.signed !== undefined) {
        c.set('signature', admitted.signed.signature)
        c.req.raw = admitted.signed.request
      }
      await next()
    } else {
      await discardBody(visit.request)
      c.res = admitted.response
    }
    c.res.headers.set('dpop-nonce', await nextNonce(visit))
    if (c.get('responsesSigned') === true) return undefined
    const answer = await signAnswer({ ...visit, now: runtime.now() }, c.res)
    if (answer !== c.res) replaceAnswer(c, answer)
    return undefined
  }
}

type Admitted = {
  readonly token: AccessToken
  readonly details: readonly AuthorizationDetail[]
  readonly signed: SignedRequest | undefined
}

async function admit(
  visit: Visit,
  needed: AccessNeed,
): Promise<Admitted | { readonly response: Response }> {
  const { algorithms } = visit.settings.profile
  let scheme: 'dpop' | 'bearer' = 'dpop'
  try {
    const presentation = demand(readPresentation(visit.request))
    if (presentation === undefined) {
      return { response: answerRefusal(undefined, challenge(undefined, { algorithms })) }
    }
    scheme = presentation.scheme
    const { token, proof } = demand(
      await verifyPresentation({
        request: visit.request,
        url: ownUrl(visit),
        presentation,
        verify: (text) => verifyToken(visit, text),
        x5t: await certificateThumbprint(visit),
        profile: visit.settings.profile,
        nonce: noncePolicy(visit.settings),
        now: visit.now,
      }),
    )
    if (token.audience !== visit.settings.resource)
      return fail('invalid_token', 'The access token is not for this server')
    const signed = demand(await checkSignature(visit, token, needed.signed === true))
    const verified = { token, ...(proof === undefined ? {} : { proof }) }
    await askBeside(visit, presentation.token, verified, signed?.signature)
    const { resource, origin } = visit.settings
    const { pathname } = new URL(visit.request.url)
    const details = demand(judgeEntitlement(token, needed, { resource, origin, pathname }))
    demand(judgeAuthentication(token, needed, visit.now))
    return { token, details, signed }
  } catch (error) {
    return { response: refusalOf(visit, error, { needed, scheme }) }
  }
}

/** What a refusal says; a fault of anything but storage is thrown on. */
function refusalOf(
  { request, settings }: Visit,
  error: unknown,
  { needed, scheme }: { readonly needed: AccessNeed; readonly scheme: 'dpop' | 'bearer' },
): Response {
  if (error instanceof StorageFault) {
    const fault = { code: 'temporarily_unavailable', description: 'Please try again' } as const
    return answerRefusal(fault, '')
  }
  if (!(error instanceof ProtocolError)) throw error
  const wanted = wantedBy(error.refusal, needed)
  const { algorithms } = settings.profile
  const response = answerRefusal(
    error.refusal,
    challenge(error.refusal, { algorithms, scheme, ...wanted }),
  )
  if (error.refusal.code === 'invalid_signature') {
    const { headers, body } = request
    response.headers.set('accept-signature', acceptSignature(headers, body !== null))
  }
  return response
}

/** What the challenge names, so that the client knows what to ask for (RFC 6750 3, RFC 9470 3). */
function wantedBy(
  { code }: Refusal,
  { scope, details, acrValues, maxAge }: AccessNeed,
): Partial<Parameters<typeof challenge>[1]> {
  if (code === 'insufficient_scope') {
    return {
      ...(scope === undefined ? {} : { scope }),
      ...(details === undefined ? {} : { detailTypes: [details] }),
    }
  }
  if (code !== 'insufficient_user_authentication') return {}
  return {
    ...(acrValues === undefined ? {} : { acrValues }),
    ...(maxAge === undefined ? {} : { maxAge }),
  }
}

/** The questions that need storage, side by side. Throws `ProtocolError`. */
async function askBeside(
  visit: Visit,
  text: string,
  { token, proof }: VerifiedPresentation,
  signature: VerifiedSignature | undefined,
): Promise<void> {
  const { settings, storage } = visit
  const checkLife = async (): Promise<boolean> => {
    if (settings.revocation === 'expiry') {
      return token.expiresAt - token.issuedAt <= longestWithoutRevocation
    }
    const ask = async () => ({ value: await settings.introspection.introspect(text), rows: 0 })
    return (await storage.object('Introspection.introspect', ask))['active'] === true
  }
  const takeProof = async () => {
    if (proof === undefined) return 'fresh' as const
    const { hint, n, validUntil } = proof.route
    const name = objectNames.replayGuard(settings.resource, 'resource-server', hint, n)
    const guard = settings.guards.getByName(name, { locationHint: hint })
    return storage.object('ReplayGuard.use', () => guard.use(proof.key, validUntil))
  }
  // A proof that the signature covers is taken once, and the request with it.
  const repeatable = proof === undefined ? signature : undefined
  const takeMessage = async () =>
    repeatable === undefined ? ('fresh' as const) : takeSignature(visit, token, repeatable)
  const [use, alive, message] = demand(
    await settle([takeProof(), checkLife(), takeMessage()] as const),
  )
  demand(judgeUse(use))
  demand(judgeSignatureUse(message))
  if (!alive) fail('invalid_token', 'The access token is not valid', 'it has ended')
}

async function verifyToken(visit: Visit, text: string) {
  const { settings, now } = visit
  return verifyAccessToken(text, {
    issuer: settings.issuer,
    keys: (kid) => issuerKeys(visit, kid),
    now,
  })
}

/** The certificate counts on the mTLS origin alone, and only as the platform tells it. */
async function certificateThumbprint(visit: Visit): Promise<string | undefined> {
  if (new URL(visit.request.url).origin !== visit.settings.mtlsOrigin) return undefined
  const reading = await readCertificate((visit.request as { readonly cf?: unknown }).cf)
  if (reading.kind === 'unusable')
    return fail('invalid_request', 'The client certificate cannot be used', reading.reason)
  return reading.kind === 'certificate' ? reading.certificate.thumbprint : undefined
}

const policies = new WeakMap<object, Map<string, NoncePolicy>>()

function noncePolicy(settings: ResourceSettings): NoncePolicy {
  const name = tuple(settings.resource, settings.secret, settings.profile.name)
  const known = policies.get(settings.guards)?.get(name)
  if (known !== undefined) return known
  const secret = parseMasterSecret(settings.secret)
  if (typeof secret === 'string') throw new Error(`The resource server's secret: ${secret}`)
  const keys = deriveKeys(secret, 'hmac', [settings.resource, 'nonce', 'resource-server'])
  const { nonce, proofWindow, futureSkew } = settings.profile
  const policy: NoncePolicy = {
    keys: { role: 'resource-server', secret: keys },
    nonce,
    proofWindow,
    futureSkew,
    guards: settings.guardsPerLocation,
  }
  const byName = policies.get(settings.guards) ?? new Map<string, NoncePolicy>()
  policies.set(settings.guards, byName.set(name, policy))
  return policy
}

async function nextNonce({ request, settings, now }: Visit): Promise<string> {
  const hint = locate((request as { readonly cf?: Place }).cf, settings.defaultLocation)
  return mintNonce(noncePolicy(settings).keys, { hint, guards: settings.guardsPerLocation }, now)
}
