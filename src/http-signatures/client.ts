/**
 * For clients, in Node and on Workers: a `fetch` that signs what it sends to a resource server and gives
 * back only answers that the resource server signed for that very request.
 */
import type { PublicJwk } from '../clients/jwks.ts'
import { randomText } from '../encoding.ts'
import { signRequest, verifyResponse } from './fapi.ts'
import type { RequestMessage } from './message.ts'
import { chooseVerifier, importSigner } from './keys.ts'

export type SignedFetchOptions = {
  /** Sends the request: the platform's `fetch`, or one with a client certificate. */
  readonly fetch: (url: string, options: SignedInit) => Promise<Response>
  /** The client's private key, of those it registered. RSA keys sign with SHA-512 (`PS512`), never as PS256. */
  readonly key: PublicJwk
  /** Name of that key in the client's key set; the `kid` of `key` unless given. */
  readonly keyId?: string
  /** The resource server's public keys, from the `jwks_uri` of its metadata (RFC 9728 2). */
  readonly serverKeys: (keyId: string | undefined) => Promise<readonly PublicJwk[]>
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

export type SignedInit = {
  readonly method: string
  readonly headers: Headers
  readonly body?: Uint8Array<ArrayBuffer>
  readonly redirect: 'manual'
}

/** What a caller may send. A stream is read whole: its digest comes first. */
export type ToSend = {
  readonly method?: string
  readonly headers?: ConstructorParameters<typeof Headers>[0]
  readonly body?: string | Uint8Array<ArrayBuffer> | ArrayBuffer | URLSearchParams | null
}

/** The answer is not what the resource server signed for this request. Nothing of it can be relied on. */
export class UnverifiedResponse extends Error {
  readonly status: number

  constructor(status: number, why: string) {
    super(`The response with status ${status} is not signed as it must be: ${why}`)
    this.status = status
  }
}

/**
 * Makes such a `fetch`. It keeps the request until its answer is verified (FAPI 2.0 HTTP Signatures
 * 5.3.2.2). `Authorization` and, with DPoP, the proof are in `headers` already: both are covered.
 *
 * @example
 * const { keys } = await (await fetch('https://api.bank.example/jwks')).json()
 * const send = signedFetch({ fetch, key: privateJwk, serverKeys: async () => keys })
 * const answer = await send('https://api.bank.example/payments', {
 *   method: 'POST',
 *   headers: { authorization: `DPoP ${token}`, dpop: proof, 'content-type': 'application/json' },
 *   body: JSON.stringify(payment),
 * })
 */
export function signedFetch(
  options: SignedFetchOptions,
): (url: string | URL, init?: ToSend) => Promise<Response> {
  const { key, serverKeys, now = () => Date.now() } = options
  const keyId = options.keyId ?? key.kid
  if (keyId === undefined) throw new Error('The key that signs requests has no kid')
  const imported = importSigner(key)
  // Told to whoever sends first.
  imported.catch(() => undefined)
  return async (url, init = {}) => {
    const { message, content } = await prepare(url, init)
    const headers = await signRequest(
      { ...message, content },
      { signer: await imported, keyId, now: now(), nonce: randomText(16) },
    )
    const request = { ...message, headers }
    const { method, targetUri } = message
    const body = content.length === 0 ? {} : { body: content }
    const sent: SignedInit = { method, headers: new Headers(headers), ...body, redirect: 'manual' }
    const answer = await options.fetch(targetUri, sent)
    return verified(answer, request, { serverKeys, now })
  }
}

type Prepared = {
  readonly message: RequestMessage
  readonly content: Uint8Array<ArrayBuffer>
}

async function prepare(url: string | URL, init: ToSend): Promise<Prepared> {
  const target = new URL(url)
  target.hash = ''
  const written = new Response(init.body ?? null)
  const content = new Uint8Array(await written.arrayBuffer())
  const headers = new Headers(init.headers)
  const type = written.headers.get('content-type')
  if (type !== null && !headers.has('content-type')) headers.set('content-type', type)
  // The digest is over the content as it is sent, which a coding would change.
  if (!headers.has('accept-encoding')) headers.set('accept-encoding', 'identity')
  const method = (init.method ?? 'GET').toUpperCase()
  return { message: { method, targetUri: target.href, headers }, content }
}

async function verified(
  answer: Response,
  request: RequestMessage,
  { serverKeys, now }: Required<Pick<SignedFetchOptions, 'serverKeys' | 'now'>>,
): Promise<Response> {
  const { status, statusText, headers } = answer
  const content = new Uint8Array(await answer.arrayBuffer())
  const judged = await verifyResponse(
    { status, headers, content, request },
    {
      keys: async (keyId) => chooseVerifier(await serverKeys(keyId), keyId),
      now: now(),
    },
  )
  if (!judged.ok) {
    throw new UnverifiedResponse(status, judged.refusal.detail ?? judged.refusal.description)
  }
  return new Response(content.length === 0 ? null : content, { status, statusText, headers })
}
