import { request as plainRequest } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request as tlsRequest } from 'node:https'

/** The part of `fetch` that OAuth client libraries use. Redirects are never followed. */
export type SimpleFetch = (url: string, options?: SimpleRequest) => Promise<Response>

export type SimpleRequest = {
  readonly method?: string
  readonly headers?: RequestInit['headers']
  readonly body?: RequestInit['body']
  readonly redirect?: 'manual'
  readonly signal?: AbortSignal
}

export type Trust = {
  /** The only authority to trust, PEM; absent: the system's. */
  readonly ca?: string
  /** A client certificate to offer, PEM. */
  readonly cert?: string
  readonly key?: string
}

/**
 * Makes a fetch that trusts one authority for its own calls only. Node's `fetch` cannot be told to,
 * and `NODE_EXTRA_CA_CERTS` would trust a local authority for everything.
 *
 * @example const fetch = trustingFetch({ ca: await readFile('ca.pem', 'utf8') })
 */
export function trustingFetch(trust: Trust): SimpleFetch {
  return async (url, options = {}) => {
    const body = toBytes(options.body)
    const method = options.method ?? 'GET'
    const headers: OutgoingHttpHeaders = {
      ...Object.fromEntries(new Headers(options.headers)),
      ...(body === undefined ? {} : { 'content-length': body.length }),
    }
    if (options.body instanceof URLSearchParams && headers['content-type'] === undefined) {
      headers['content-type'] = 'application/x-www-form-urlencoded;charset=UTF-8'
    }
    const { signal } = options
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const common = { method, headers, ...(signal === undefined ? {} : { signal }) }
      const request = url.startsWith('https:')
        ? tlsRequest(url, { ...common, ...trust }, resolve)
        : plainRequest(url, common, resolve)
      request.on('error', reject).end(body)
    })
    return toResponse(answer)
  }
}

async function toResponse(answer: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  const status = answer.statusCode ?? 500
  const headers = new Headers()
  for (let index = 0; index < answer.rawHeaders.length; index += 2) {
    headers.append(answer.rawHeaders[index] ?? '', answer.rawHeaders[index + 1] ?? '')
  }
  const empty = status === 204 || status === 205 || status === 304
  return new Response(empty ? null : Buffer.concat(chunks), { status, headers })
}

function toBytes(body: unknown): Buffer | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof URLSearchParams) return Buffer.from(body.toString())
  if (body instanceof Uint8Array) return Buffer.from(body)
  if (body instanceof ArrayBuffer) return Buffer.from(body)
  throw new TypeError('this body cannot be sent')
}
