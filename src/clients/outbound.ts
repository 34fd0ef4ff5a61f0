import { concat } from '../encoding.ts'
import type { Issuer } from '../types.ts'

/** Limits of every outbound call: key sets of clients, logout, and another login's server. */
const timeout = 3_000
const mostBytes = 64 * 1024

/** Names that mean another machine, or none, wherever they are asked for. */
const internal = /(^|\.)(local|localhost|internal|localdomain|home\.arpa)$/

/** An exact list of origins that tests may reach; production has none. */
export type OutboundAllowance = (origin: string) => boolean

/**
 * Whether an address may be called: https, port 443, a public name. Returns what is wrong in words, or
 * undefined. A Worker cannot resolve names itself, so private addresses behind public names are kept
 * out by the platform, which has no private network to reach. `what` names the address in the words.
 */
export function checkOutboundUrl(
  address: string,
  issuer: Issuer,
  allowed: OutboundAllowance = () => false,
  what = 'jwks_uri',
): string | undefined {
  if (!URL.canParse(address)) return `${what} is not a URL`
  const url = new URL(address)
  if (allowed(url.origin)) return undefined
  if (url.protocol !== 'https:') return `${what} must use https`
  if (url.username !== '' || url.password !== '') return `${what} has user information`
  if (url.port !== '') return `${what} must use port 443`
  if (url.hash !== '') return `${what} has a fragment`
  const host = url.hostname.replace(/\.$/, '')
  if (host.startsWith('[') || /^[0-9.]+$/.test(host)) return `${what} must not use an IP address`
  const labels = host.split('.')
  if (labels.length < 2 || labels.includes('') || internal.test(host)) {
    return `${what} must use a public host name`
  }
  return issuer.deploymentHosts.includes(host) ? `${what} must not point to this server` : undefined
}

/** Why an outbound call brought nothing; for the log. */
export class OutboundFault extends Error {}

export type OutboundOptions = {
  readonly issuer: Issuer
  readonly allowed: OutboundAllowance
  readonly fetch: typeof fetch
  /** Names the address where it is refused. */
  readonly what?: string
}

/** The part of `RequestInit` that an outbound call may choose. */
export type OutboundRequest = {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: BodyInit | null
}

/**
 * The one function that makes outbound calls. Redirects are refused, time and size bounded; the answer
 * is read whole. Throws `OutboundFault`.
 */
export async function fetchOutbound(
  address: string,
  request: OutboundRequest,
  options: OutboundOptions,
): Promise<Response> {
  const problem = checkOutboundUrl(address, options.issuer, options.allowed, options.what)
  if (problem !== undefined) throw new OutboundFault(problem)
  try {
    const response = await options.fetch(address, {
      ...request,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    })
    const { status, headers } = response
    // Zero: a fetch that hides the redirect it did not follow.
    if (status === 0 || (status >= 300 && status <= 399)) {
      throw new OutboundFault(`status ${status}`)
    }
    const bytes = await readBounded(response, mostBytes)
    return new Response([204, 205].includes(status) ? null : bytes, { status, headers })
  } catch (error) {
    if (error instanceof OutboundFault) throw error
    throw new OutboundFault('the call failed', { cause: error })
  }
}

/** Fetches a JSON document. Throws `OutboundFault`. */
export async function fetchJson(address: string, options: OutboundOptions): Promise<unknown> {
  const headers = { accept: 'application/jwk-set+json, application/json' }
  const response = await fetchOutbound(address, { headers }, options)
  if (response.status !== 200) throw new OutboundFault(`status ${response.status}`)
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    return JSON.parse(decoder.decode(await response.arrayBuffer())) as unknown
  } catch (error) {
    throw new OutboundFault('the call failed', { cause: error })
  }
}

async function readBounded(response: Response, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length
    if (size > most) throw new OutboundFault(`the answer is longer than ${most} bytes`)
    chunks.push(chunk as Uint8Array)
  }
  return concat(...chunks)
}
