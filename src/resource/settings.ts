import type { IntrospectionService } from '../introspection.ts'
import type { ReplayGuard } from '../objects/replay-guard.ts'
import type { Profile } from '../profiles/profile.ts'
import type { LocationHint } from '../proof/location.ts'

/** Signed HTTP messages (RFC 9421) as FAPI 2.0 HTTP Signatures has them. Absent: neither way. */
export type SignatureSettings = {
  /** `accepted`: a signature that is there must be right. `required`: none is refused as well. */
  readonly requests: 'required' | 'accepted' | 'off'
  /** `when-signed`: answers to requests that carry a signature for this profile, right or wrong. */
  readonly responses: 'signed' | 'when-signed' | 'off'
  /** This server's own private JWK with a `kid`, as JSON text; signs responses and nothing else. */
  readonly key?: string
}

/** How a resource server is set up. */
export type ResourceSettings = {
  /** Issuer identifier whose tokens are taken. */
  readonly issuer: string
  /** This server's identifier: the token's `aud`. */
  readonly resource: string
  /** Origins under which this server is reached; `htu` must name the one a request came to. */
  readonly origin: string
  /** Origin that asks for client certificates. */
  readonly mtlsOrigin?: string
  readonly profile: Profile
  /**
   * `introspection` asks the token's home on each request. `expiry` trusts the token until it expires
   * and takes none that lives longer than a minute.
   */
  readonly revocation: 'introspection' | 'expiry'
  /** The issuer's `Introspection` entrypoint. */
  readonly introspection: IntrospectionService
  /** This server's own secret, `id:base64url,…`. */
  readonly secret: string
  readonly guards: DurableObjectNamespace<ReplayGuard>
  readonly guardsPerLocation: number
  readonly defaultLocation: LocationHint
  readonly signatures?: SignatureSettings
}
