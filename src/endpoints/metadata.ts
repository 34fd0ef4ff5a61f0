import { endpointUrl } from '../call.ts'
import type { Call } from '../call.ts'
import { contentEncryptionAlgorithms, keyEncryptionAlgorithms } from '../clients/encryption.ts'
import { knownScopes } from '../clients/metadata.ts'
import { grantTypes } from '../grants/index.ts'
import { jwksLifetime } from '../objects/ring.ts'
import { acrValues } from '../people/authentication.ts'
import { languageNames } from '../pages/languages.ts'
import { supportedClaims } from '../people/claims.ts'
import { issuerAlgorithms } from '../objects/ring-name.ts'
import { publishedKeys } from '../tokens/keys.ts'
import type { Issuer } from '../types.ts'
import { json } from './respond.ts'

const cacheable = { 'cache-control': `public, max-age=${jwksLifetime}`, pragma: '' }

/** Endpoints that answer on the mTLS side too (RFC 8705 5). */
const aliased = {
  token_endpoint: '/token',
  pushed_authorization_request_endpoint: '/par',
  userinfo_endpoint: '/userinfo',
  introspection_endpoint: '/introspect',
  revocation_endpoint: '/revoke',
  grant_management_endpoint: '/grants',
} as const

/** Authorization server metadata (RFC 8414, OIDC Discovery 3): true in every member. */
export async function metadata(call: Call): Promise<Response> {
  return publicJson(describeIssuer(call.issuer))
}

/** The public keys (RFC 7517 5). */
export async function jwks(call: Call): Promise<Response> {
  return publicJson(await publishedKeys(call))
}

/** JSON that anybody may keep for as long as the keys. */
export function publicJson(body: unknown): Response {
  const response = json(body, 200, cacheable)
  response.headers.delete('pragma')
  return response
}

/** RFC 9101 10.5: request objects come through the pushed authorization request endpoint. */
const requestObjects = ({ profile, decryptionAlgorithms }: Issuer) => ({
  request_parameter_supported: true,
  request_object_signing_alg_values_supported: profile.algorithms,
  require_signed_request_object: profile.requestObjects === 'required',
  ...(decryptionAlgorithms.length === 0
    ? {}
    : {
        request_object_encryption_alg_values_supported: decryptionAlgorithms,
        request_object_encryption_enc_values_supported: contentEncryptionAlgorithms,
      }),
})

/** RFC 9396 10. */
const detailTypes = (issuer: Issuer) => {
  const names = Object.keys(issuer.detailTypes)
  return names.length === 0 ? {} : { authorization_details_types_supported: names }
}

/**
 * OIDC Discovery 3, JARM 4, RFC 9701 7: what clients may register; they may have it encrypted for a key
 * of theirs.
 */
const signedAndEncrypted = (issuer: Issuer) => ({
  id_token_signing_alg_values_supported: issuerAlgorithms(issuer),
  id_token_encryption_alg_values_supported: keyEncryptionAlgorithms,
  id_token_encryption_enc_values_supported: contentEncryptionAlgorithms,
  userinfo_signing_alg_values_supported: issuerAlgorithms(issuer),
  userinfo_encryption_alg_values_supported: keyEncryptionAlgorithms,
  userinfo_encryption_enc_values_supported: contentEncryptionAlgorithms,
  authorization_signing_alg_values_supported: issuerAlgorithms(issuer),
  authorization_encryption_alg_values_supported: keyEncryptionAlgorithms,
  authorization_encryption_enc_values_supported: contentEncryptionAlgorithms,
  introspection_signing_alg_values_supported: issuerAlgorithms(issuer),
  introspection_encryption_alg_values_supported: keyEncryptionAlgorithms,
  introspection_encryption_enc_values_supported: contentEncryptionAlgorithms,
})

export function describeIssuer(issuer: Issuer): Readonly<Record<string, unknown>> {
  const { profile } = issuer
  const at = (path: string) => endpointUrl(issuer, 'main', path)
  const alias = (path: string) => endpointUrl(issuer, 'mtls', path)
  const mtls = issuer.mtlsOrigin !== undefined
  const methods = profile.clientAuthentication.filter(
    (method) => mtls || method === 'private_key_jwt',
  )
  const endpoints = Object.entries(aliased)
  const authentication = {
    token_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: profile.algorithms,
    introspection_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_signing_alg_values_supported: profile.algorithms,
    revocation_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_signing_alg_values_supported: profile.algorithms,
  }
  return {
    issuer: issuer.url,
    authorization_endpoint: at('/authorize'),
    ...Object.fromEntries(endpoints.map(([name, path]) => [name, at(path)])),
    jwks_uri: at('/jwks'),
    evidence_jwks_uri: at('/evidence/jwks'),
    end_session_endpoint: at('/logout'),
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    require_pushed_authorization_requests: true,
    response_types_supported: profile.responseTypes,
    response_modes_supported: profile.responseModes,
    grant_types_supported: Object.keys(grantTypes),
    code_challenge_methods_supported: profile.codeChallengeMethods,
    ...authentication,
    authorization_response_iss_parameter_supported: true,
    dpop_signing_alg_values_supported: profile.algorithms,
    scopes_supported: knownScopes(issuer),
    subject_types_supported: ['public', 'pairwise'],
    ...signedAndEncrypted(issuer),
    claims_supported: ['sub', 'sid', 'auth_time', 'acr', 'amr', ...supportedClaims],
    claims_parameter_supported: true,
    ...requestObjects(issuer),
    request_uri_parameter_supported: false,
    grant_management_actions_supported: ['query', 'revoke', 'merge', 'replace', 'create'],
    grant_management_action_required: issuer.grantManagement.actionRequired,
    acr_values_supported: acrValues(issuer),
    ui_locales_supported: languageNames,
    ...detailTypes(issuer),
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    protected_resources: issuer.resourceServers.map((server) => server.identifier),
    ...(mtls
      ? {
          tls_client_certificate_bound_access_tokens: true,
          mtls_endpoint_aliases: Object.fromEntries(
            endpoints.map(([name, path]) => [name, alias(path)]),
          ),
        }
      : {}),
  }
}
