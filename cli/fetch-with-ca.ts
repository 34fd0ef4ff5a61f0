import http from 'node:http'
import https from 'node:https'
import tls from 'node:tls'

/** What a request may carry: the part of `RequestInit` that OAuth client libraries use. */
export type FetchOptions = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>> | Headers
  readonly body?: string | URLSearchParams | Uint8Array | ArrayBuffer | ReadableStream | null
  readonly signal?: AbortSignal
  /** Redirects are never followed. */
  readonly redirect?: 'manual'
}

/** A fetch that trusts what it was told to trust. */
export type Fetch = (url: string | URL, options?: FetchOptions) => Promise<Response>

export type TrustOptions = {
  /** PEM of authorities trusted besides the well-known ones. */
  readonly ca?: string
  /** A client certificate to present, PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string }
}

/** An answer larger than this is not one of ours. */
const longestAnswer = 8 * 1024 * 1024

/**
 * A `fetch` over `node:https`: Node's own cannot be given a CA or a client certificate.
 *
 * Each request opens its own connection, so that a kept-alive socket the server has just closed
 * never costs a request that must not be repeated. Redirects are answers, not instructions.
 *
 * @example const fetch = createFetch({ ca: await readFile('root.pem', 'utf8') })
 */
export function createFetch(trust: TrustOptions = {}): Fetch {
  const agent = new https.Agent({
    keepAlive: false,
    ...(trust.ca === undefined ? {} : { ca: [...tls.rootCertificates, trust.ca] }),
    ...trust.certificate,
  })
  return async (url, options = {}) => {
    const target = new URL(url)
    const body = await bodyBytes(options.body)
    const headers = new Headers(options.headers)
    if (options.body instanceof URLSearchParams && !headers.has('content-type')) {
      headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8')
    }
    if (body !== undefined) headers.set('content-length', String(body.byteLength))
    const request = {
      method: options.method ?? 'GET',
      headers: Object.fromEntries(headers),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    } as const
    return new Promise((resolve, reject) => {
      const outgoing =
        target.protocol === 'https:'
          ? https.request(target.href, { ...request, agent })
          : http.request(target.href, { ...request, agent: false })
      outgoing.on('error', reject)
      outgoing.on('response', (incoming) => {
        collect(incoming).then((bytes) => resolve(toResponse(incoming, bytes)), reject)
      })
      outgoing.end(body)
    })
  }
}

async function bodyBytes(body: FetchOptions['body']): Promise<Uint8Array | undefined> {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string' || body instanceof URLSearchParams) {
    return new TextEncoder().encode(body.toString())
  }
  return new Uint8Array(await new Response(body).arrayBuffer())
}

async function collect(incoming: http.IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.byteLength
    if (length > longestAnswer) {
      incoming.destroy()
      throw new Error('the answer is longer than 8 MiB')
    }
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

function toResponse(incoming: http.IncomingMessage, bytes: Uint8Array<ArrayBuffer>): Response {
  const headers = new Headers()
  // The raw list keeps what a header sent twice looks like; the parsed one may drop the second.
  for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2) {
    headers.append(incoming.rawHeaders[at] ?? '', incoming.rawHeaders[at + 1] ?? '')
  }
  const status = incoming.statusCode ?? 0
  const bodiless = status === 204 || status === 205 || status === 304
  return new Response(bodiless ? null : bytes, { status, headers })
}
