import { send } from './http.ts'
import type { Answer } from './http.ts'
import type { Addresses } from './local-runtime.ts'
import type { Clock } from './wire-keys.ts'

/** A running server: the shared one, or one that a test started itself. */
export type Server = Addresses & { readonly ca: string }

/** What a client needs to know of a server to act at it. */
export type Reachable = {
  readonly issuer: string
  /** Origin of the mutual TLS side; absent: there is none. */
  readonly mtls?: string
  /** Authority to trust, PEM. */
  readonly ca?: string
  /** Addresses of its endpoints; absent: this server's own paths. */
  readonly endpoints?: Endpoints
}

export type Side = 'main' | 'mtls'

/** Address of an endpoint by the path it has at this server, e.g. `/token`. */
export type Endpoints = Readonly<Record<Side, Readonly<Record<string, string>>>>

const members: Readonly<Record<string, string>> = {
  '/authorize': 'authorization_endpoint',
  '/par': 'pushed_authorization_request_endpoint',
  '/token': 'token_endpoint',
  '/introspect': 'introspection_endpoint',
  '/revoke': 'revocation_endpoint',
  '/userinfo': 'userinfo_endpoint',
  '/grants': 'grant_management_endpoint',
  '/jwks': 'jwks_uri',
  '/logout': 'end_session_endpoint',
}

/** The endpoints that an issuer's metadata names (RFC 8414 2, RFC 8705 5). */
export function endpointsOf(metadata: Readonly<Record<string, unknown>>): Endpoints {
  const aliases = metadata['mtls_endpoint_aliases'] ?? {}
  const named = (from: object) =>
    Object.fromEntries(
      Object.entries(members).flatMap(([path, member]) => {
        const url = (from as Readonly<Record<string, unknown>>)[member]
        return typeof url === 'string' ? [[path, url]] : []
      }),
    )
  const main = named(metadata)
  return { main, mtls: { ...main, ...(typeof aliases === 'object' ? named(aliases ?? {}) : {}) } }
}

/** The address of an endpoint on one side of a server. */
export function endpointAt(server: Reachable, path: string, side: Side): string {
  const { issuer, mtls, endpoints } = server
  return endpoints?.[side][path] ?? `${side === 'mtls' ? (mtls ?? issuer) : issuer}${path}`
}

/** Calls the control endpoint of the local runtime. */
export async function control(path: string, body: unknown, on: Server): Promise<Answer> {
  return send(`${on.control}${path}`, {
    method: 'POST',
    headers: [
      ['content-type', 'application/json'],
      ['authorization', `Bearer ${on.controlToken}`],
    ],
    body: JSON.stringify(body),
  })
}

/** Moves a server's clock, and with it what its clients sign. */
export async function moveClock(seconds: number, on: Server, clock: Clock): Promise<void> {
  await control('/clock', { offset_s: seconds }, on)
  clock.offset = seconds
}

/** A nonce of a server (authorization server or API); `undefined` where it gives none without a proof. */
export async function nonceOf(url: string, on: Reachable): Promise<string | undefined> {
  const { issuer, mtls, ca } = on
  const { origin } = new URL(url)
  const par = endpointAt(on, '/par', 'main')
  const own = [issuer, mtls, par].flatMap((one) => (one === undefined ? [] : new URL(one).origin))
  const authorizationServer = own.includes(origin)
  const fresh = await send(authorizationServer ? par : url, {
    method: authorizationServer ? 'POST' : 'GET',
    ...(ca === undefined ? {} : { ca }),
  })
  return fresh.headers.get('dpop-nonce') ?? undefined
}
