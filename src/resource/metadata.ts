import type { ResourceSettings } from './settings.ts'
import { responseKeys } from './signed-responses.ts'

/**
 * Protected resource metadata (RFC 9728 2), for `/.well-known/oauth-protected-resource` of a resource
 * whose identifier has no path.
 *
 * @example c.json(await resourceMetadata(settings, { name: 'Bank API', scopes: ['accounts'], jwksPath: '/jwks' }))
 */
export async function resourceMetadata(
  settings: ResourceSettings,
  described: {
    readonly name: string
    readonly scopes: readonly string[]
    /** Types of authorization details it takes. */
    readonly detailTypes?: readonly string[]
    /** Where the keys that sign responses are published. */
    readonly jwksPath: string
  },
): Promise<Readonly<Record<string, unknown>>> {
  const { algorithms } = await responseKeys(settings)
  return {
    resource: settings.resource,
    authorization_servers: [settings.issuer],
    resource_name: described.name,
    scopes_supported: described.scopes,
    ...(described.detailTypes === undefined
      ? {}
      : { authorization_details_types_supported: described.detailTypes }),
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: settings.profile.algorithms,
    tls_client_certificate_bound_access_tokens: settings.mtlsOrigin !== undefined,
    ...(algorithms.length === 0
      ? {}
      : {
          jwks_uri: `${settings.origin}${described.jwksPath}`,
          resource_signing_alg_values_supported: algorithms,
        }),
  }
}
