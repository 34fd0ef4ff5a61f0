import { request as requestHttp } from 'node:http'
import type { ClientRequest } from 'node:http'
import { request as requestHttps } from 'node:https'

/** A client certificate and its key, PEM. */
export type Credential = { readonly cert: string; readonly key: string }

export type Send = {
  readonly method?: string
  /** Sent as they are, duplicates included. */
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Uint8Array
  readonly credential?: Credential
  /** Authority to trust, PEM. */
  readonly ca?: string
}

export type Answer = {
  readonly status: number
  readonly headers: Headers
  /** Values of a header as they came, one by one. */
  readonly all: (name: string) => readonly string[]
  readonly text: string
  /** The body as JSON; an empty object when it is none. */
  readonly json: Readonly<Record<string, unknown>>
}

/** How a request gets to a server. */
export type Transport = (url: string, options?: Send) => Promise<Answer>

/** One HTTP exchange with nothing added, merged or followed: for requests a library would not send. */
export async function send(url: string, options: Send = {}): Promise<Answer> {
  const { request, answer } = begin(url, options)
  request.end(options.body)
  return answer
}

/** A request that was sent but for its last byte; without a body, one that is connected and unsaid. */
export type Held = { readonly finish: () => Promise<Answer> }

/** Connects and sends all of a request but its last byte, for races from one starting line. */
export async function hold(url: string, options: Send = {}): Promise<Held> {
  const { request, answer } = begin(url, options)
  // A failure shows when the request is finished.
  answer.catch(() => undefined)
  const body = Buffer.from(options.body ?? '')
  if (body.length > 0) request.setHeader('content-length', body.length)
  const failed = new Promise<void>((resolve) => request.once('error', () => resolve()))
  const connected = new Promise<void>((resolve) => {
    request.once('socket', (socket) => {
      if (!socket.connecting) resolve()
      else socket.once(url.startsWith('https:') ? 'secureConnect' : 'connect', () => resolve())
    })
  })
  const written = new Promise<void>((resolve) => {
    if (body.length > 1) request.write(body.subarray(0, -1), () => resolve())
    else resolve()
  })
  await Promise.race([failed, Promise.all([connected, written])])
  return {
    finish: () => {
      request.end(body.subarray(-1))
      return answer
    },
  }
}

type Begun = { readonly request: ClientRequest; readonly answer: Promise<Answer> }

function begin(url: string, options: Send): Begun {
  const secure = url.startsWith('https:')
  const { method = 'GET', headers = [], credential, ca } = options
  const { promise: answer, resolve, reject } = Promise.withResolvers<Answer>()
  const start = secure ? requestHttps : requestHttp
  const request = start(
    url,
    { method, agent: false, ...(secure ? { ca, ...credential } : {}), setDefaultHeaders: true },
    (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve(answerOf(response.statusCode ?? 0, response.rawHeaders, chunks)),
      )
    },
  )
  request.on('error', reject)
  const byName = new Map<string, string[]>()
  for (const [name, value] of headers) {
    byName.set(name, [...(byName.get(name) ?? []), value])
  }
  for (const [name, values] of byName) request.setHeader(name, values)
  return { request, answer }
}

function answerOf(status: number, raw: readonly string[], chunks: readonly Buffer[]): Answer {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([raw[i] ?? '', raw[i + 1] ?? ''])
  const text = Buffer.concat(chunks).toString('utf8')
  return {
    status,
    headers: new Headers(pairs),
    all: (name) =>
      pairs
        .filter(([known]) => known.toLowerCase() === name.toLowerCase())
        .map(([, value]) => value),
    text,
    json: parse(text),
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}

export const form = (
  fields: Readonly<Record<string, string>> | readonly (readonly [string, string])[],
): string =>
  new URLSearchParams(
    (Array.isArray(fields) ? fields : Object.entries(fields)) as [string, string][],
  ).toString()
