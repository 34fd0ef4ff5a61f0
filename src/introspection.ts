import { WorkerEntrypoint } from 'cloudflare:workers'
import type { Call, Runtime } from './call.ts'
import { publicKeysOf } from './clients/public-keys.ts'
import { describeToken } from './endpoints/introspect.ts'
import { callFor } from './make-call.ts'
import { confirmedSigningKeys } from './tokens/keys.ts'
import type { Env } from './config.ts'
import type { JsonWebKeySet } from './types.ts'

/** Set by the binding of a resource server's Worker; a caller cannot choose them. */
export type IntrospectionProps = {
  readonly issuer: string
  /** Identifier of the resource server; answers are about tokens made for it. */
  readonly resource_server: string
}

/** What a resource server's Worker may call. */
export type IntrospectionService = {
  /** RFC 7662 answer: `active: false` for any token that is not live and made for the caller. */
  introspect(token: string): Promise<Readonly<Record<string, unknown>>>
  /** The public keys the issuer signs with. */
  keys(): Promise<JsonWebKeySet>
  /** Public keys of an enabled client, for what it signs; none of anybody else. */
  clientKeys(clientId: string, keyId?: string): Promise<JsonWebKeySet>
}

/**
 * The only entrypoint other Workers bind to: a service binding could hand the default one a forged
 * `cf`. The binding's props name the issuer and the resource server.
 */
export function introspectionEntrypoint(options: Partial<Runtime> = {}) {
  return class Introspection
    extends WorkerEntrypoint<Env, IntrospectionProps>
    implements IntrospectionService
  {
    async introspect(token: string): Promise<Readonly<Record<string, unknown>>> {
      if (typeof token !== 'string') return { active: false }
      const { resource_server: identifier } = this.ctx.props
      const call = this.call()
      const description = await describeToken(call, token, [identifier])
      const active = description['active'] === true
      call.log('token.introspected', { resource_server: identifier, active })
      return description
    }

    async keys(): Promise<JsonWebKeySet> {
      return confirmedSigningKeys(this.call())
    }

    async clientKeys(clientId: string, keyId?: string): Promise<JsonWebKeySet> {
      if (typeof clientId !== 'string') return { keys: [] }
      return publicKeysOf(this.call(), clientId, typeof keyId === 'string' ? keyId : undefined)
    }

    private call(): Call {
      return callFor(this.env, this.ctx.props.issuer, options, (work) => this.ctx.waitUntil(work))
    }
  }
}
