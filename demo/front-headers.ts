/** Names and values in turn, as they came over the wire. */
export type RawHeaders = readonly string[]

/** Where a request came in, and what the platform would say about it. */
export type Arrival = {
  readonly scheme: 'http' | 'https'
  readonly peer: string
  /** `request.cf`. */
  readonly cf: Readonly<Record<string, unknown>>
}

/** What goes to the Worker: an absolute address, and headers with duplicates kept apart. */
export type Forwarded = { readonly url: string; readonly headers: string[]; readonly body: boolean }

/** Connection matters between two neighbours (RFC 9110 7.6.1). `expect` was answered by this front. */
const hopByHop = new Set([
  'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te',
  'trailer', 'transfer-encoding', 'upgrade', 'expect', 'http2-settings',
]) // prettier-ignore

/** What only the platform may say. A client that says it is not heard. */
const platformOnly = /^(mf-|cf-|x-forwarded-|x-fapi-edge-|x-real-ip$|true-client-ip$|forwarded$)/

const hostForm = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/**
 * Turns a client's request into the one the Worker gets, as Cloudflare's edge would; undefined when it
 * has no single well-formed host.
 */
export function forwardHeaders(
  target: string,
  raw: RawHeaders,
  arrival: Arrival,
  control: string,
): Forwarded | undefined {
  const place = readTarget(target, raw)
  if (place === undefined) return undefined
  const named = connectionTokens(raw)
  const headers: string[] = ['host', place.host]
  const seen = new Set<string>()
  for (const [name, value] of pairs(raw)) {
    const lower = name.toLowerCase()
    seen.add(lower)
    if (lower === 'host' || hopByHop.has(lower) || platformOnly.test(lower) || named.has(lower)) {
      continue
    }
    headers.push(name, value)
  }
  if (!seen.has('accept-encoding')) headers.push('accept-encoding', 'identity')
  // The framing of the body is this hop's own; without it a body would run into the next request.
  const chunked = seen.has('transfer-encoding')
  if (chunked) headers.push('transfer-encoding', 'chunked')
  headers.push('cf-connecting-ip', arrival.peer)
  headers.push('x-fapi-edge-control', control)
  headers.push('MF-CF-Blob', asciiJson(arrival.cf))
  return {
    url: `${arrival.scheme}://${place.host}${place.path}`,
    headers,
    body: chunked || seen.has('content-length'),
  }
}

/** Headers of an answer without those of the inner connection. */
export function answerHeaders(raw: RawHeaders): string[] {
  const named = connectionTokens(raw)
  const headers: string[] = []
  for (const [name, value] of pairs(raw)) {
    const lower = name.toLowerCase()
    if (!hopByHop.has(lower) && !named.has(lower)) headers.push(name, value)
  }
  return headers
}

/** JSON that fits into a header: everything beyond ASCII escaped. */
export const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** The absolute form carries its own host, which wins (RFC 9112 3.2.2). */
function readTarget(
  target: string,
  raw: RawHeaders,
): { readonly host: string; readonly path: string } | undefined {
  const hosts = [...pairs(raw)].filter(([name]) => name.toLowerCase() === 'host')
  const given = hosts[0]?.[1]
  if (hosts.length !== 1 || given === undefined) return undefined
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target)
  const host = absolute?.[1] ?? given
  const rest = absolute?.[2] ?? target
  const path = rest.startsWith('/')
    ? rest
    : rest === '' || rest.startsWith('?')
      ? `/${rest}`
      : undefined
  return hostForm.test(host) && path !== undefined ? { host, path } : undefined
}

function connectionTokens(raw: RawHeaders): ReadonlySet<string> {
  const tokens = new Set<string>()
  for (const [name, value] of pairs(raw)) {
    if (name.toLowerCase() !== 'connection') continue
    for (const token of value.split(',')) tokens.add(token.trim().toLowerCase())
  }
  // Losing the length would turn the body into the start of the next request.
  tokens.delete('content-length')
  return tokens
}

function* pairs(raw: RawHeaders): Generator<readonly [string, string]> {
  for (let index = 0; index + 1 < raw.length; index += 2) {
    yield [raw[index] ?? '', raw[index + 1] ?? '']
  }
}
