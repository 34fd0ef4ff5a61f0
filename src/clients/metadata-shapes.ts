import { isRecord } from '../encoding.ts'

/** The one subject a `tls_client_auth` client is known by (RFC 8705 2.1.2). */
export const subjectMembers = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] as const
export type SubjectMember = (typeof subjectMembers)[number]

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= 64 && value.every(isText)
const isFlag = (value: unknown): boolean => typeof value === 'boolean'
const isPage = (value: unknown): boolean =>
  typeof value === 'string' && URL.canParse(value) && new URL(value).protocol === 'https:'

const shapes: readonly (readonly [string, (value: unknown) => boolean, string])[] = [
  ['client_name', (value) => typeof value === 'string' && value.trim() !== '' && value.length <= 128, 'a text of 1 to 128 characters'],
  ['application_type', (value) => value === 'web' || value === 'native', 'web or native'],
  ['redirect_uris', isTexts, 'a list of texts'],
  ['grant_types', isTexts, 'a list of texts'],
  ['response_types', isTexts, 'a list of texts'],
  ['scope', (value) => typeof value === 'string' && value.length <= 2048, 'a text'],
  ['token_endpoint_auth_method', isText, 'a text'],
  ['token_endpoint_auth_signing_alg', isText, 'a text'],
  ['jwks', isRecord, 'an object'],
  ['jwks_uri', isText, 'a text'],
  ['dpop_bound_access_tokens', isFlag, 'a boolean'],
  ['tls_client_certificate_bound_access_tokens', isFlag, 'a boolean'],
  ['use_mtls_endpoint_aliases', isFlag, 'a boolean'],
  ['client_uri', isPage, 'an https URL'],
  ['policy_uri', isPage, 'an https URL'],
  ['tos_uri', isPage, 'an https URL'],
  ['contacts', isTexts, 'a list of texts'],
  ['authorization_details_types', isTexts, 'a list of texts'],
  ['subject_type', (value) => value === 'public' || value === 'pairwise', 'public or pairwise'],
  ['sector_identifier_uri', isText, 'a text'],
  ['id_token_signed_response_alg', isText, 'a text'],
  ['id_token_encrypted_response_alg', isText, 'a text'],
  ['id_token_encrypted_response_enc', isText, 'a text'],
  ['userinfo_signed_response_alg', isText, 'a text'],
  ['userinfo_encrypted_response_alg', isText, 'a text'],
  ['userinfo_encrypted_response_enc', isText, 'a text'],
  ['request_object_signing_alg', isText, 'a text'],
  ['require_signed_request_object', isFlag, 'a boolean'],
  ['request_object_encryption_alg', isText, 'a text'],
  ['request_object_encryption_enc', isText, 'a text'],
  ['response_modes', isTexts, 'a list of texts'],
  ['authorization_signed_response_alg', isText, 'a text'],
  ['authorization_encrypted_response_alg', isText, 'a text'],
  ['authorization_encrypted_response_enc', isText, 'a text'],
  ['introspection_signed_response_alg', isText, 'a text'],
  ['introspection_encrypted_response_alg', isText, 'a text'],
  ['introspection_encrypted_response_enc', isText, 'a text'],
  ['post_logout_redirect_uris', isTexts, 'a list of texts'],
  ['backchannel_logout_uri', isText, 'a text'],
  ['backchannel_logout_session_required', isFlag, 'a boolean'],
  ...subjectMembers.map((member) => [member, isText, 'a text'] as const),
] // prettier-ignore

/** The first member of another type, in words; members are judged by their type alone. */
export function wrongType(input: Readonly<Record<string, unknown>>): string | undefined {
  const bad = shapes.find(([member, fits]) => input[member] !== undefined && !fits(input[member]))
  return bad === undefined ? undefined : `${bad[0]} must be ${bad[2]}`
}
