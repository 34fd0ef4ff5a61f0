import type { MiddlewareHandler } from 'hono'
import type { PublicJwk } from '../clients/jwks.ts'
import { isRecord, parseJson } from '../encoding.ts'
import { isSigned, signResponse } from '../http-signatures/fapi.ts'
import { algorithmOf, importSigner, joseName } from '../http-signatures/keys.ts'
import type { JsonWebKeySet } from '../types.ts'
import type { ResourceSettings } from './settings.ts'
import { targetUri } from './visit.ts'

/** Tells an inner middleware that an outer one signs. */
export type SigningVariables = { responsesSigned?: true }

/**
 * Signs what the whole application answers, refusals and unknown addresses included, as the settings
 * promise. Must lie outside of `protectedResource`, which signs by itself where this is not used.
 *
 * @example app.use(signedResponses(settingsOf))
 */
export function signedResponses<Env extends object>(
  settingsOf: (env: Env) => ResourceSettings,
  options: { readonly now?: () => number } = {},
): MiddlewareHandler<{ Bindings: Env; Variables: SigningVariables }> {
  const now = options.now ?? (() => Date.now())
  return async function signAll(c, next) {
    const request = c.req.raw
    c.set('responsesSigned', true)
    await next()
    const settings = settingsOf(c.env)
    const answer = await signAnswer({ request, settings, now: now() }, c.res)
    if (answer !== c.res) replaceAnswer(c, answer)
  }
}

/** Hono would lay the headers of the old answer over those of the new one. */
export function replaceAnswer(
  c: { set res(answer: Response | undefined) },
  answer: Response,
): void {
  c.res = undefined
  c.res = answer
}

/** The answer with its signature, where the settings promise one; else the answer itself. */
export async function signAnswer(
  visit: {
    readonly request: Request
    readonly settings: ResourceSettings
    readonly now: number
  },
  answer: Response,
): Promise<Response> {
  const { request, settings, now } = visit
  const promised = settings.signatures?.responses ?? 'off'
  if (promised === 'off') return answer
  if (promised === 'when-signed' && !isSigned(request.headers)) return answer
  const { signer, keyId } = await signingKey(settings)
  const { method, headers } = request
  // An answer to HEAD has no content, whatever the handler made.
  const content = method === 'HEAD' ? new Uint8Array(0) : new Uint8Array(await answer.arrayBuffer())
  const signed = await signResponse(
    {
      status: answer.status,
      headers: withoutTransformation(answer.headers),
      content,
      request: { method, targetUri: targetUri(visit), headers },
    },
    { signer, keyId, now },
  )
  const { status, statusText } = answer
  return new Response(answer.body === null ? null : content, {
    status,
    statusText,
    headers: signed,
  })
}

/** A proxy that compressed the content anew would break its digest (RFC 9110 7.7). */
function withoutTransformation(headers: Headers): Headers {
  const changed = new Headers(headers)
  const before = changed.get('cache-control')
  changed.set('cache-control', before === null ? 'no-transform' : `${before}, no-transform`)
  return changed
}

type SigningKey = {
  readonly jwk: PublicJwk
  readonly keyId: string
  readonly signer: Awaited<ReturnType<typeof importSigner>>
}

/** The deployment's key, imported once for each text of it. */
let imported: { readonly text: string; readonly key: SigningKey } | undefined

async function signingKey({ signatures }: ResourceSettings): Promise<SigningKey> {
  const text = signatures?.key
  if (text === undefined) throw new Error('Responses are to be signed, but there is no key')
  if (imported?.text === text) return imported.key
  const jwk = parseJson(text)
  if (!isRecord(jwk) || typeof jwk['kid'] !== 'string') {
    throw new Error('The key that signs responses is not a JWK with a kid')
  }
  const own = jwk as unknown as PublicJwk
  const key = { jwk: own, keyId: jwk['kid'], signer: await importSigner(own) }
  imported = { text, key }
  return key
}

const publicMembers = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid'] as const

/** The public half of the key that signs responses, and the name of its algorithm (RFC 7517 4.4). */
export async function responseKeys(
  settings: ResourceSettings,
): Promise<{ readonly jwks: JsonWebKeySet; readonly algorithms: readonly string[] }> {
  if ((settings.signatures?.responses ?? 'off') === 'off')
    return { jwks: { keys: [] }, algorithms: [] }
  const { jwk } = await signingKey(settings)
  const algorithm = algorithmOf(jwk)
  const alg = algorithm === undefined ? undefined : joseName(algorithm)
  const bare = publicMembers
    .filter((name) => jwk[name] !== undefined)
    .map((name) => [name, jwk[name]])
  const key = { ...Object.fromEntries(bare), alg, use: 'sig' } as unknown as JsonWebKey
  return { jwks: { keys: [key] }, algorithms: alg === undefined ? [] : [alg] }
}
