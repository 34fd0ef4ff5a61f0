import {
  allowInsecureRequests,
  clockSkew,
  clockTolerance,
  customFetch,
  discoveryRequest,
  processDiscoveryResponse,
} from 'oauth4webapi'
import type { AuthorizationServer, Client } from 'oauth4webapi'
import { remember } from '../../bounded.ts'
import type { Call } from '../../call.ts'
import { OutboundFault, checkOutboundUrl, fetchOutbound } from '../../clients/outbound.ts'
import type { UpstreamLogin } from '../../settings/delegated-login.ts'

/** Where people sign in, as its metadata describes it. Its keys are remembered with this very object. */
type Remembered = { readonly server: AuthorizationServer; readonly at: number }

const remembered = new Map<string, Remembered>()
const most = 64
/** Milliseconds: how long metadata is used, and how long when it cannot be had again. */
const usedFor = 300_000
const usedWithoutAnswer = 3_600_000

/** The part of a request's options that the library and the outbound policy share. */
export type CallOptions = {
  readonly [customFetch]: (
    url: string,
    request: {
      readonly method: string
      readonly headers: Record<string, string>
      readonly body?: URLSearchParams | undefined
    },
  ) => Promise<Response>
  readonly [allowInsecureRequests]: boolean
}

/** Sends what the library wants to send through the one outbound policy. */
export function callOptions(
  call: Call,
  login: UpstreamLogin,
  by: typeof fetch = call.runtime.fetch,
): CallOptions {
  const { issuer, runtime } = call
  const policy = { issuer, allowed: runtime.outboundAllowed, fetch: by, what: 'the upstream login' }
  return {
    [customFetch]: async (url, { method, headers, body }) =>
      fetchOutbound(url, { method, headers, ...(body === undefined ? {} : { body }) }, policy),
    // Only for an origin of the local runtime's allow-list, which production lacks.
    [allowInsecureRequests]: runtime.outboundAllowed(new URL(login.issuer).origin),
  }
}

/** This server as the upstream knows it. The clock is the one of this call. */
export function asClient(call: Call, login: UpstreamLogin): Client {
  return {
    client_id: login.clientId,
    // Never by a header: the registered one and no other.
    id_token_signed_response_alg: login.idTokenAlgorithm,
    use_mtls_endpoint_aliases: login.certificateBinding !== undefined,
    [clockSkew]: Math.round((call.now - Date.now()) / 1000),
    [clockTolerance]: call.issuer.profile.futureSkew,
  }
}

/** The upstream's metadata (OIDC Discovery 4). Throws `OutboundFault`. */
export async function findUpstream(call: Call, login: UpstreamLogin): Promise<AuthorizationServer> {
  const name = `${call.issuer.id} ${login.issuer}`
  const known = remembered.get(name)
  const age = known === undefined ? Infinity : Math.abs(call.now - known.at)
  if (known !== undefined && age < usedFor) return known.server
  try {
    const server = await discover(call, login)
    remember(remembered, most, name, { server, at: call.now })
    return server
  } catch (error) {
    if (known === undefined || age >= usedWithoutAnswer) throw error
    call.log('upstream.metadata_failed', { reason: reasonOf(error) })
    return known.server
  }
}

async function discover(call: Call, login: UpstreamLogin): Promise<AuthorizationServer> {
  const issuer = new URL(login.issuer)
  const response = await discoveryRequest(issuer, callOptions(call, login))
  const server = await processDiscoveryResponse(issuer, response)
  if (server.issuer !== login.issuer) throw new OutboundFault('the metadata is of another issuer')
  // The browser is sent there: held to the same rules as a call.
  const { outboundAllowed } = call.runtime
  const endpoint = server.authorization_endpoint ?? ''
  const problem = checkOutboundUrl(endpoint, call.issuer, outboundAllowed, 'authorization_endpoint')
  if (problem !== undefined) throw new OutboundFault(problem)
  return server
}

/** For the log: what kind of fault it was, never what the other side said in its own words. */
export function reasonOf(error: unknown): string {
  if (error instanceof OutboundFault) return error.message
  const code = (error as { readonly code?: unknown } | null)?.code
  return typeof code === 'string' ? code : 'unknown'
}
