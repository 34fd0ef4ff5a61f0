import type { Issuer } from '../types.ts'

/** Limits of every outbound call: `jwks_uri` today, logout and upstream calls later. */
const timeout = 3_000
const mostBytes = 64 * 1024

/** Names that mean another machine, or none, wherever they are asked for. */
const internal = /(^|\.)(local|localhost|internal|localdomain|home\.arpa)$/

/** An exact list of origins that tests may reach; production has none. */
export type OutboundAllowance = (origin: string) => boolean

/**
 * Whether an address may be called: https, port 443, a public name. Returns what is wrong in words, or
 * undefined. A Worker cannot resolve names itself, so private addresses behind public names are kept
 * out by the platform, which has no private network to reach.
 */
export function checkOutboundUrl(
  address: string,
  issuer: Issuer,
  allowed: OutboundAllowance = () => false,
): string | undefined {
  if (!URL.canParse(address)) return 'jwks_uri is not a URL'
  const url = new URL(address)
  if (allowed(url.origin)) return undefined
  if (url.protocol !== 'https:') return 'jwks_uri must use https'
  if (url.username !== '' || url.password !== '') return 'jwks_uri has user information'
  if (url.port !== '') return 'jwks_uri must use port 443'
  if (url.hash !== '') return 'jwks_uri has a fragment'
  const host = url.hostname.replace(/\.$/, '')
  if (host.startsWith('[') || /^[0-9.]+$/.test(host)) return 'jwks_uri must not use an IP address'
  const labels = host.split('.')
  if (labels.length < 2 || labels.includes('') || internal.test(host)) {
    return 'jwks_uri must use a public host name'
  }
  return issuer.deploymentHosts.includes(host)
    ? 'jwks_uri must not point to this server'
    : undefined
}

/** Why an outbound call brought nothing; for the log. */
export class OutboundFault extends Error {}

/**
 * The one function that makes outbound calls. Redirects are refused, time and size bounded.
 * Throws `OutboundFault`.
 */
export async function fetchJson(
  address: string,
  options: {
    readonly issuer: Issuer
    readonly allowed: OutboundAllowance
    readonly fetch: typeof fetch
  },
): Promise<unknown> {
  const problem = checkOutboundUrl(address, options.issuer, options.allowed)
  if (problem !== undefined) throw new OutboundFault(problem)
  try {
    const response = await options.fetch(address, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    })
    if (response.status !== 200) throw new OutboundFault(`status ${response.status}`)
    return JSON.parse(await readBounded(response, mostBytes)) as unknown
  } catch (error) {
    if (error instanceof OutboundFault) throw error
    throw new OutboundFault('the call failed', { cause: error })
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
