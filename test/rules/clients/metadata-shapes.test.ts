import { describe, expect, it } from 'vitest'
import { wrongType } from '../../../src/clients/metadata-shapes.ts'
import { makeRegistrations } from '../support/registrations.ts'

const { problem } = await makeRegistrations()

const texts = [
  'token_endpoint_auth_method', 'token_endpoint_auth_signing_alg', 'jwks_uri', 'sector_identifier_uri', 'id_token_signed_response_alg',
  'id_token_encrypted_response_alg', 'id_token_encrypted_response_enc', 'userinfo_signed_response_alg', 'userinfo_encrypted_response_alg',
  'userinfo_encrypted_response_enc', 'request_object_signing_alg', 'request_object_encryption_alg', 'request_object_encryption_enc',
  'authorization_signed_response_alg', 'authorization_encrypted_response_alg', 'authorization_encrypted_response_enc',
  'introspection_signed_response_alg', 'introspection_encrypted_response_alg', 'introspection_encrypted_response_enc',
  'backchannel_logout_uri', 'tls_client_auth_subject_dn', 'tls_client_auth_san_dns', 'tls_client_auth_san_uri', 'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] // prettier-ignore
const lists = ['redirect_uris', 'grant_types', 'response_types', 'contacts', 'authorization_details_types', 'response_modes', 'post_logout_redirect_uris'] // prettier-ignore
const flags = ['dpop_bound_access_tokens', 'tls_client_certificate_bound_access_tokens', 'use_mtls_endpoint_aliases', 'require_signed_request_object', 'backchannel_logout_session_required'] // prettier-ignore
const pages = ['client_uri', 'policy_uri', 'tos_uri']

describe('a member of a registration', () => {
  it.each(texts)('RFC 7591 2 %s is a text', (member) => {
    for (const value of ['', null, 1, true, ['ES256'], {}])
      expect(problem({ [member]: value })).toBe(`${member} must be a text`)
    expect(wrongType({ [member]: 'x' })).toBeUndefined()
  })

  it.each(lists)('RFC 7591 2 %s is a list of at most 64 texts', (member) => {
    const wrong = `${member} must be a list of texts`
    for (const value of ['x', null, {}, [''], ['x', 1], [['x']], Array(65).fill('x')])
      expect(problem({ [member]: value })).toBe(wrong)
    for (const value of [[], ['x'], Array(64).fill('x')])
      expect(wrongType({ [member]: value })).toBeUndefined()
  })

  it.each(flags)('RFC 7591 2 %s is true or false, and no text that says so', (member) => {
    for (const value of ['true', 'false', 0, 1, null, []])
      expect(problem({ [member]: value })).toBe(`${member} must be a boolean`)
    for (const value of [true, false]) expect(wrongType({ [member]: value })).toBeUndefined()
  })

  it.each(pages)('RFC 7591 2 %s is the https URL of a page', (member) => {
    for (const value of ['', 'page', 'http://app.example/', 'javascript:alert(1)', 1, null])
      expect(problem({ [member]: value })).toBe(`${member} must be an https URL`)
    expect(wrongType({ [member]: 'https://app.example/' })).toBeUndefined()
  })

  it('RFC 7591 2 client_name, scope, application_type, subject_type and jwks are what they say', () => {
    const words: Readonly<Record<string, string>> = {
      client_name: 'a text of 1 to 128 characters',
      scope: 'a text',
      application_type: 'web or native',
      subject_type: 'public or pairwise',
      jwks: 'an object',
    }
    const wrong: readonly (readonly [string, unknown])[] = [
      ['client_name', ''], ['client_name', '  '], ['client_name', 1], ['client_name', 'x'.repeat(129)], ['scope', 1], ['scope', 'x'.repeat(2049)],
      ['application_type', 'Web'], ['application_type', 1], ['subject_type', 'private'], ['jwks', 'x'], ['jwks', []], ['jwks', null],
    ] // prettier-ignore
    for (const [member, value] of wrong)
      expect(problem({ [member]: value })).toBe(`${member} must be ${words[member]}`)
    for (const fits of [{ client_name: 'x'.repeat(128) }, { scope: '' }, { scope: 'x'.repeat(2048) }, { application_type: 'native' }, { subject_type: 'pairwise' }, { jwks: {} }])
      expect(wrongType(fits)).toBeUndefined()
  }) // prettier-ignore
})
