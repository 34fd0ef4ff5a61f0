import { request as requestHttp } from 'node:http'
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

/** One HTTP exchange with nothing added, merged or followed: for requests a library would not send. */
export async function send(url: string, options: Send = {}): Promise<Answer> {
  const secure = url.startsWith('https:')
  const { method = 'GET', headers = [], body, credential, ca } = options
  return new Promise((resolve, reject) => {
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
    request.end(body)
  })
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
