import type { Issuer } from '../types.ts'

/** Limits of every outbound call. */
const timeout = 3_000
const mostBytes = 64 * 1024

/** Names that mean another machine, or none, wherever they are asked for. */
const internal = /(^|\.)(local|localhost|internal|localdomain|home\.arpa)$/

/** An exact list of origins that tests may reach; production has none. */
export type OutboundAllowance = (origin: string) => boolean

/**
 * Whether an address may be called: https, port 443, a public name. Returns what is wrong in words that
 * follow the name of the member, or undefined. A Worker cannot resolve names itself, so private addresses behind public names are kept
 * out by the platform, which has no private network to reach.
 */
export function checkOutboundUrl(
  address: string,
  issuer: Issuer,
  allowed: OutboundAllowance = () => false,
): string | undefined {
  if (!URL.canParse(address)) return 'is not a URL'
  const url = new URL(address)
  if (allowed(url.origin)) return undefined
  if (url.protocol !== 'https:') return 'must use https'
  if (url.username !== '' || url.password !== '') return 'has user information'
  if (url.port !== '') return 'must use port 443'
  if (url.hash !== '') return 'has a fragment'
  const host = url.hostname.replace(/\.$/, '')
  if (host.startsWith('[') || /^[0-9.]+$/.test(host)) return 'must not use an IP address'
  const labels = host.split('.')
  if (labels.length < 2 || labels.includes('') || internal.test(host)) {
    return 'must use a public host name'
  }
  return issuer.deploymentHosts.includes(host) ? 'must not point to this server' : undefined
}

/** Why an outbound call brought nothing; for the log. */
export class OutboundFault extends Error {}

/** Who calls, and what the deployment gives for it. */
export type OutboundCaller = {
  readonly issuer: Issuer
  readonly allowed: OutboundAllowance
  readonly fetch: typeof fetch
}

export type OutboundRequest = {
  readonly method?: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * The one function that makes outbound calls. Redirects are refused, time and size bounded; what a
 * status means is the caller's to say. Throws `OutboundFault`.
 */
export async function callOutside(
  address: string,
  caller: OutboundCaller,
  request: OutboundRequest,
): Promise<{ readonly status: number; readonly body: string }> {
  const problem = checkOutboundUrl(address, caller.issuer, caller.allowed)
  if (problem !== undefined) throw new OutboundFault(`the address ${problem}`)
  const { method = 'GET', headers, body } = request
  try {
    const response = await caller.fetch(address, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    })
    return { status: response.status, body: await readBounded(response, mostBytes) }
  } catch (error) {
    if (error instanceof OutboundFault) throw error
    throw new OutboundFault('the call failed', { cause: error })
  }
}

/** Fetches a JSON document. Throws `OutboundFault`. */
export async function fetchJson(address: string, caller: OutboundCaller): Promise<unknown> {
  const headers = { accept: 'application/jwk-set+json, application/json' }
  const { status, body } = await callOutside(address, caller, { headers })
  if (status !== 200) throw new OutboundFault(`status ${status}`)
  try {
    return JSON.parse(body) as unknown
  } catch (error) {
    throw new OutboundFault('the answer is not JSON', { cause: error })
  }
}

async function readBounded(response: Response, most: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let text = ''
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length
    if (size > most) throw new OutboundFault(`the answer is longer than ${most} bytes`)
    text += decoder.decode(chunk as Uint8Array, { stream: true })
  }
  return text + decoder.decode()
}
