import { isDeepStrictEqual } from 'node:util'
import { isLoopback } from '../admin-client.ts'
import {
  allowedAlgorithms,
  isSubset,
  jsonOf,
  judge,
  mediaType,
  texts,
  type Answer,
  type Finding,
} from './finding.ts'
import { booleanMembers, knownMembers } from './metadata-members.ts'

export type Metadata = Readonly<Record<string, unknown>>

/** RFC 8414 3.1 puts the well-known part before the issuer's path, OpenID Connect after it. */
export function wellKnownUrls(issuer: string): { readonly oauth: string; readonly openid: string } {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return {
    oauth: `${origin}/.well-known/oauth-authorization-server${path}`,
    openid: `${origin}${path}/.well-known/openid-configuration`,
  }
}

/** Both documents are there, are JSON and say the same. */
export function checkDocuments(oauth: Answer, openid: Answer): readonly Finding[] {
  const remedy = 'Route both well-known paths of the issuer to the Worker.'
  const found = [oauth, openid].map((answer, at) =>
    judge({
      check: at === 0 ? 'metadata.oauth' : 'metadata.openid',
      holds:
        answer.status === 200 &&
        mediaType(answer) === 'application/json' &&
        jsonOf(answer) !== undefined,
      good: `Metadata at ${answer.url}`,
      bad: `No JSON metadata at ${answer.url} (status ${answer.status}, ${mediaType(answer) || 'no type'})`,
      remedy,
    }),
  )
  const same = judge({
    check: 'metadata.same',
    holds: isDeepStrictEqual(jsonOf(oauth), jsonOf(openid)),
    good: 'Both documents say the same',
    bad: 'The two documents differ',
    remedy: 'Clear caches in front of the Worker; it serves one document at both paths.',
  })
  return found.every((one) => one.outcome === 'pass') ? [...found, same] : found
}

/** What FAPI 2.0 and interoperable clients demand of the document. */
export function checkMetadata(metadata: Metadata, issuer: string): readonly Finding[] {
  return [
    ...rules.map((rule) => judge({ ...rule, holds: rule.holds(metadata, issuer) })),
    checkAlgorithms(metadata),
    checkAddresses(metadata),
    checkTypes(metadata),
    checkUnknown(metadata),
  ]
}

const authMethods = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth']

const has = (metadata: Metadata, member: string, value: string): boolean =>
  texts(metadata[member])?.includes(value) === true

type Rule = {
  readonly check: string
  readonly good: string
  readonly bad: string
  readonly remedy: string
  readonly mild?: boolean
  readonly holds: (metadata: Metadata, issuer: string) => boolean
}

const rules: readonly Rule[] = [
  {
    check: 'metadata.issuer',
    good: 'The issuer is exactly the one asked for',
    bad: 'The issuer is not exactly the one asked for',
    remedy: 'Ask with the issuer exactly as configured, or correct SETTINGS.issuers[].issuer.',
    holds: (metadata, issuer) => metadata['issuer'] === issuer,
  },
  {
    check: 'metadata.par',
    good: 'Pushed authorization requests are required',
    bad: 'Pushed authorization requests are not required',
    remedy: 'Use a FAPI 2.0 profile: require_pushed_authorization_requests must be true.',
    holds: (metadata) =>
      metadata['require_pushed_authorization_requests'] === true &&
      typeof metadata['pushed_authorization_request_endpoint'] === 'string',
  },
  {
    check: 'metadata.pkce',
    good: 'PKCE with S256 and nothing else',
    bad: 'code_challenge_methods_supported is not exactly S256',
    remedy: 'Use a FAPI 2.0 profile: plain is not allowed.',
    holds: ({ code_challenge_methods_supported: methods }) => isDeepStrictEqual(methods, ['S256']),
  },
  {
    check: 'metadata.response_types',
    good: 'The only response type is code',
    bad: 'response_types_supported is not exactly code',
    remedy: 'Use a FAPI 2.0 profile: tokens never travel through the browser.',
    holds: ({ response_types_supported: types }) => isDeepStrictEqual(types, ['code']),
  },
  {
    check: 'metadata.grant_types',
    good: 'The grant types hold authorization_code and no forbidden one',
    bad: 'The grant types lack authorization_code or hold implicit or password',
    remedy: 'Use a FAPI 2.0 profile; grant_types_supported must be given.',
    holds: (metadata) =>
      has(metadata, 'grant_types_supported', 'authorization_code') &&
      !has(metadata, 'grant_types_supported', 'implicit') &&
      !has(metadata, 'grant_types_supported', 'password'),
  },
  {
    check: 'metadata.iss',
    good: 'Authorization responses carry iss',
    bad: 'Authorization responses do not promise iss',
    remedy: 'authorization_response_iss_parameter_supported must be true (RFC 9207).',
    holds: (metadata) => metadata['authorization_response_iss_parameter_supported'] === true,
  },
  {
    check: 'metadata.request_objects',
    good: 'Request objects are taken, and their algorithms are named',
    bad: 'Request objects are demanded but not taken, or taken without naming their algorithms',
    remedy: 'require_signed_request_object needs request_parameter_supported and its algorithms.',
    holds: (metadata) => {
      const taken = metadata['request_parameter_supported'] === true
      if (!taken) return metadata['require_signed_request_object'] !== true
      return (texts(metadata['request_object_signing_alg_values_supported']) ?? []).length > 0
    },
  },
  {
    check: 'metadata.response_modes',
    good: 'Authorization responses travel in the query, or signed',
    bad: 'A response mode is unsigned and not query, or signed modes lack jwt or their algorithms',
    remedy: 'Use a FAPI 2.0 profile: certification looks for jwt by itself (JARM 2.3.4).',
    holds: (metadata) => {
      const modes = texts(metadata['response_modes_supported']) ?? ['query']
      const signed = modes.filter((mode) => mode === 'jwt' || mode.endsWith('.jwt'))
      const named = texts(metadata['authorization_signing_alg_values_supported']) ?? []
      return (
        modes.every((mode) => mode === 'query' || signed.includes(mode)) &&
        (signed.length === 0 || (signed.includes('jwt') && named.length > 0))
      )
    },
  },
  {
    check: 'metadata.signed_messages',
    good: 'Signed requests and signed responses are demanded together, or neither is',
    bad: 'Signed requests are demanded, and unsigned responses are offered',
    remedy: 'Use fapi2-message-signing whole (FAPI2 MS 5.3.1-1, 5.4.1-1).',
    holds: (metadata) =>
      metadata['require_signed_request_object'] !== true ||
      !has(metadata, 'response_modes_supported', 'query'),
    mild: true,
  },
  {
    check: 'metadata.auth_methods',
    good: 'Clients authenticate with keys or certificates only',
    bad: 'Client authentication methods are missing, or weaker than keys or certificates',
    remedy: `Only ${authMethods.join(', ')} are allowed.`,
    holds: (metadata) =>
      ['token', 'revocation', 'introspection'].every((endpoint) => {
        const member = metadata[`${endpoint}_endpoint_auth_methods_supported`]
        if (member === undefined) return endpoint !== 'token'
        const methods = texts(member) ?? []
        return methods.length > 0 && isSubset(methods, authMethods)
      }),
  },
  {
    check: 'metadata.auth_algs',
    good: 'The algorithms of client assertions are named',
    bad: 'private_key_jwt is offered without naming its algorithms',
    remedy: 'token_endpoint_auth_signing_alg_values_supported must be given (RFC 8414 2).',
    holds: (metadata) =>
      !has(metadata, 'token_endpoint_auth_methods_supported', 'private_key_jwt') ||
      (texts(metadata['token_endpoint_auth_signing_alg_values_supported']) ?? []).length > 0,
  },
  {
    check: 'metadata.sender',
    good: 'Tokens are bound to their sender (DPoP or mutual TLS)',
    bad: 'Neither DPoP nor certificate-bound tokens are offered',
    remedy: 'Use a FAPI 2.0 profile: bearer tokens are not allowed.',
    holds: (metadata) =>
      (texts(metadata['dpop_signing_alg_values_supported']) ?? []).length > 0 ||
      metadata['tls_client_certificate_bound_access_tokens'] === true,
  },
  {
    check: 'metadata.openid',
    good: 'What OpenID Connect needs is there',
    bad: 'openid is offered without id_token algorithms, subject types or a JWKS',
    remedy: 'Leave openid out of the scopes, or publish all that OpenID Connect needs.',
    holds: (metadata) =>
      !has(metadata, 'scopes_supported', 'openid') ||
      (texts(metadata['id_token_signing_alg_values_supported']) !== undefined &&
        texts(metadata['subject_types_supported']) !== undefined &&
        typeof metadata['jwks_uri'] === 'string'),
  },
  {
    check: 'metadata.aliases',
    good: 'The mTLS aliases are of published endpoints, none for browsers',
    bad: 'An mTLS alias is unknown, or is for browsers',
    remedy: 'mtls_endpoint_aliases may repeat top-level endpoints only (RFC 8705 5).',
    holds: (metadata) =>
      Object.keys(aliasesOf(metadata)).every(
        (name) =>
          name.endsWith('_endpoint') && name !== 'authorization_endpoint' && name in metadata,
      ),
  },
]

/** The endpoints of the mTLS host. */
export function aliasesOf(metadata: Metadata): Readonly<Record<string, string>> {
  const aliases = metadata['mtls_endpoint_aliases']
  if (typeof aliases !== 'object' || aliases === null) return {}
  return Object.fromEntries(
    Object.entries(aliases).filter((entry): entry is [string, string] => {
      return typeof entry[1] === 'string'
    }),
  )
}

function checkAlgorithms(metadata: Metadata): Finding {
  const wrong = Object.keys(metadata).filter(
    (member) =>
      member.endsWith('_alg_values_supported') &&
      !member.includes('encryption') &&
      !isSubset(texts(metadata[member]) ?? ['?'], allowedAlgorithms),
  )
  return judge({
    check: 'metadata.algs',
    holds: wrong.length === 0,
    good: `Signatures use ${allowedAlgorithms.join(', ')} only`,
    bad: `Other signature algorithms in ${wrong.join(', ')}`,
    remedy: 'FAPI 2.0 allows PS256, ES256 and Ed25519 (FAPI2 SP 5.4.1).',
  })
}

/** All addresses that a client will call. */
export function addressesOf(metadata: Metadata): readonly string[] {
  const own = Object.entries(metadata).flatMap(([name, value]) =>
    (name.endsWith('_endpoint') || name === 'jwks_uri') && typeof value === 'string' ? [value] : [],
  )
  return [...own, ...Object.values(aliasesOf(metadata))]
}

function checkAddresses(metadata: Metadata): Finding {
  const required = ['authorization_endpoint', 'token_endpoint']
  const missing = required.filter((name) => typeof metadata[name] !== 'string')
  const unsafe = addressesOf(metadata).filter((address) => {
    const url = URL.canParse(address) ? new URL(address) : undefined
    if (url === undefined || address.includes('#')) return true
    return url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))
  })
  return judge({
    check: 'metadata.endpoints',
    holds: missing.length === 0 && unsafe.length === 0,
    good: 'All endpoints are there and use TLS',
    bad: `Endpoints missing or without TLS: ${[...missing, ...unsafe].join(', ')}`,
    remedy: 'The issuer must be https; nothing in front of the Worker may rewrite the document.',
  })
}

function checkTypes(metadata: Metadata): Finding {
  const wrong = Object.entries(metadata).filter(([name, value]) => {
    if (booleanMembers.has(name)) return typeof value !== 'boolean'
    if (name.endsWith('_supported')) return texts(value) === undefined
    if (name === 'mtls_endpoint_aliases') return typeof value !== 'object' || value === null
    if (name === 'protected_resources') return texts(value) === undefined
    return knownMembers.has(name) && typeof value !== 'string'
  })
  return judge({
    check: 'metadata.types',
    holds: wrong.length === 0,
    good: 'All members have their types',
    bad: `Wrong types: ${wrong.map(([name]) => name).join(', ')}`,
    remedy: 'Strict clients refuse the document (RFC 8414 2).',
  })
}

function checkUnknown(metadata: Metadata): Finding {
  const unknown = Object.keys(metadata).filter((name) => !knownMembers.has(name))
  return judge({
    check: 'metadata.unknown',
    holds: unknown.length === 0,
    good: 'No member is unknown to strict clients',
    bad: `Members that certification does not know: ${unknown.join(', ')}`,
    remedy: 'Harmless for most clients; certification warns about them.',
    mild: true,
  })
}
