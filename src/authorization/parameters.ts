import { textOf } from '../encoding.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'

/** Request parameters as one bag: no rule needs to know where a value came from. */
export type Parameters = ReadonlyMap<string, readonly string[]>

/** Longest body of any request, in bytes. */
export const mostBodyBytes = 64 * 1024
const mostParameters = 128

/** Parameters that may be sent more than once (RFC 8707 2). */
const repeatable = ['resource']

/** The value of a parameter that is sent once; undefined when it is absent or empty (RFC 6749 3.1). */
export function one(parameters: Parameters, name: string): string | undefined {
  return parameters.get(name)?.[0]
}

export function all(parameters: Parameters, name: string): readonly string[] {
  return parameters.get(name) ?? []
}

/** Words of a space-separated parameter. */
export function words(parameters: Parameters, name: string): readonly string[] {
  const value = one(parameters, name) ?? ''
  return [...new Set(value.split(' ').filter((word) => word !== ''))]
}

/**
 * Reads the form body of a POST. The query is never merged with it. Errors: `invalid_request`,
 * `payload_too_large`.
 */
export async function readForm(request: Request): Promise<Result<Parameters>> {
  if (request.url.includes('?') && new URL(request.url).search !== '') {
    return refuse('invalid_request', 'Parameters belong in the body')
  }
  const type = (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') {
    return refuse('invalid_request', 'The body must be application/x-www-form-urlencoded')
  }
  const body = await readBody(request)
  return body.ok ? parseForm(body.value) : body
}

/** Reads a body of at most 64 KiB as UTF-8 text. Errors: `invalid_request`, `payload_too_large`. */
export async function readBody(request: Request): Promise<Result<string>> {
  const tooLarge = refuse('payload_too_large', 'The body is larger than 64 KiB')
  const length = Number(request.headers.get('content-length') ?? NaN)
  if (length > mostBodyBytes) return tooLarge
  // HTTP holds a body to the length it announced: no need to look at it piece by piece.
  if (length >= 0) return (await readWhole(request)) ?? tooLarge
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const body = request.body?.getReader()
  let text = ''
  let size = 0
  try {
    for (;;) {
      const { done, value } = (await body?.read()) ?? { done: true }
      if (done) return accept(text + decoder.decode())
      size += (value as Uint8Array).length
      if (size > mostBodyBytes) return tooLarge
      text += decoder.decode(value as Uint8Array, { stream: true })
    }
  } catch {
    return refuse('invalid_request', 'The body is not valid UTF-8')
  } finally {
    body?.releaseLock()
  }
}

/** Requests that are read to their end, or to that of their connection: nothing is left to take. */
const taken = new WeakSet<Request>()

/** Undefined: it was longer than it said, and than anything may be. */
async function readWhole(request: Request): Promise<Result<string> | undefined> {
  taken.add(request)
  try {
    const body = await request.arrayBuffer()
    if (body.byteLength > mostBodyBytes) return undefined
    return accept(textOf(body))
  } catch {
    return refuse('invalid_request', 'The body is not valid UTF-8')
  }
}

/** Bytes of a refused body that are still taken. */
const mostDiscardedBytes = 1024 * 1024

/**
 * Takes and forgets what is left of a body before the answer goes out: a peer whose connection closes
 * while it is still sending may never see the answer (RFC 9112 9.6).
 */
export async function discardBody(request: Request): Promise<void> {
  if (taken.has(request)) return
  const body = request.body?.getReader()
  let size = 0
  try {
    while (body !== undefined && size < mostDiscardedBytes) {
      const { done, value } = await body.read()
      if (done) break
      size += (value as Uint8Array).length
    }
  } catch {
    // The peer went away; there is nobody to answer.
  } finally {
    body?.releaseLock()
  }
}

/** Reads the query of a GET the same way. Errors: `invalid_request`. */
export function readQuery(request: Request): Result<Parameters> {
  return parseForm(new URL(request.url).search.slice(1))
}

/** Parses `application/x-www-form-urlencoded`. Errors: `invalid_request`. */
export function parseForm(text: string): Result<Parameters> {
  const bag = new Map<string, string[]>()
  const pairs = text.split('&').filter((pair) => pair !== '')
  if (pairs.length > mostParameters) return refuse('invalid_request', 'Too many parameters')
  const seen = new Set<string>()
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    const name = decode(at < 0 ? pair : pair.slice(0, at))
    const value = decode(at < 0 ? '' : pair.slice(at + 1))
    if (name === undefined || value === undefined) {
      return refuse('invalid_request', 'A parameter is not valid percent-encoded UTF-8')
    }
    if (seen.has(name) && !repeatable.includes(name)) {
      return refuse('invalid_request', 'A parameter was sent more than once')
    }
    seen.add(name)
    // A parameter without a value counts as omitted (RFC 6749 3.1).
    if (value !== '') bag.set(name, [...(bag.get(name) ?? []), value])
  }
  return accept(bag)
}

function decode(text: string): string | undefined {
  try {
    const value = decodeURIComponent(text.replace(/\+/g, ' '))
    // eslint-disable-next-line no-control-regex -- control characters are what is refused here
    return /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(value) ? undefined : value
  } catch {
    return undefined
  }
}
