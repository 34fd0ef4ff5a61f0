import assert from 'node:assert/strict'
import fc from 'fast-check'
import { checkClientId, checkClientMetadata } from '../../../src/clients/metadata.ts'
import { checkOperatorMembers } from '../../../src/clients/operator-members.ts'
import { checkOutboundUrl } from '../../../src/clients/outbound.ts'
import { problemWithRedirectUri } from '../../../src/clients/redirect-uri.ts'
import { makeRegistrations } from '../../../test/rules/support/registrations.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { anyJson, mangledRecord, mangledText } from '../support/mangle.ts'
import { always } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const { issuer, withoutMtls, sound, pki } = await makeRegistrations()
const full = {
  ...sound,
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  response_types: ['code'],
  scope: 'openid accounts',
  token_endpoint_auth_signing_alg: 'ES256',
  dpop_bound_access_tokens: true,
  tls_client_certificate_bound_access_tokens: true,
  client_uri: 'https://app.example/',
  contacts: ['ops@app.example'],
  subject_type: 'pairwise',
  userinfo_signed_response_alg: 'ES256',
  request_object_signing_alg: 'PS256',
  require_signed_request_object: true,
  response_modes: ['jwt'],
  authorization_signed_response_alg: 'ES256',
  post_logout_redirect_uris: ['https://app.example/out'],
  backchannel_logout_uri: 'https://app.example/bc',
  backchannel_logout_session_required: true,
}
const words = [
  'ES256', 'PS256', 'EdDSA', 'RS256', 'none', 'A256GCM', 'ECDH-ES', 'RSA-OAEP-256', 'web', 'native', 'public', 'pairwise', 'code',
  'client_credentials', 'authorization_code', 'refresh_token', 'openid', 'admin', 'accounts payments', 'private_key_jwt', 'tls_client_auth',
  'self_signed_tls_client_auth', 'client_secret_basic', 'https://app.example/cb', 'http://127.0.0.1:7/cb', 'https://as.bank.example/x', 'CN=a,O=b', 'jwt', 'query',
] // prettier-ignore
const word = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...words) }, mangledText(fc.constantFrom(...words)), anyText(20)) // prettier-ignore
const value = fc.oneof(
  { weight: 4, arbitrary: word },
  { weight: 3, arbitrary: fc.array(word, { maxLength: 3 }) },
  fc.boolean(),
  anyJson(2),
)
const members = ['jwks_uri', 'sector_identifier_uri', 'id_token_encrypted_response_alg', 'id_token_encrypted_response_enc', 'tls_client_auth_san_dns', 'tls_client_auth_subject_dn', 'use_mtls_endpoint_aliases', 'authorization_details_types', 'operator_verified', 'client_secret'] // prettier-ignore
const extra = fc.dictionary(fc.constantFrom(...members), value, { maxKeys: 2 })
const registration = fc
  .tuple(fc.oneof(...[sound, pki, full].map((one) => mangledRecord(one, value))), extra)
  .map(([base, more]) => ({ ...base, ...more }))

export const metadata: Parser = {
  name: 'client metadata',
  source: 'src/clients/metadata.ts',
  properties: [
    always(
      'what is taken is taken again unchanged, so a policy on creation is one on update',
      fc.property(registration, fc.constantFrom(issuer, withoutMtls), (given, by) => {
        const checked = checkClientMetadata(given, by)
        if (!checked.ok) return assert.match(checked.refusal.code, /^invalid_(client_metadata|redirect_uri)$/)
        const { value } = checked
        assert.deepEqual(checkClientMetadata(value, by), checked)
        assert.deepEqual(checkClientMetadata(JSON.parse(JSON.stringify(value)), by), checked)
        assert.ok(value.redirect_uris.every((uri) => problemWithRedirectUri(uri, value.application_type, by.profile) === undefined))
        assert.ok(!('operator_verified' in value) && !('client_secret' in value))
        return undefined
      }),
    ),
    always(
      'any JSON as metadata, id or operator’s word is refused or taken without a fault',
      fc.property(anyJson(4), (given) => {
        assert.equal(checkClientMetadata(given, issuer).ok, false)
        const id = checkClientId(given)
        if (id.ok) assert.match(id.value, /^[A-Za-z0-9._~:-]{1,128}$/)
        const record = { operator_verified: given }
        assert.equal(checkOperatorMembers(record).ok, given === undefined || typeof given === 'boolean')
      }),
      0.4,
    ),
  ],
} // prettier-ignore

const scheme = fc.constantFrom('https://', 'HTTPS://', 'http://', 'https:/', 'ftp://', 'https:\\\\')
const host = fc.constantFrom(
  'app.example', 'APP.example.', 'localhost', 'a.localhost', 'x.internal', 'home.arpa', '10.0.0.1', '0x7f.1', '2130706433', '[::1]', '127.0.0.1.',
  'as.bank.example', 'AS.bank.example.', 'mtls.bank.example', 'single', 'a..b', '\uff21pp.example', 'app.example:443', 'app.example:8443', 'u@app.example', 'metadata',
) // prettier-ignore
const address = fc.tuple(scheme, host, fc.constantFrom('', '/', '/jwks', '#', '?x#y', '\\@127.0.0.1')).map((parts) => parts.join('')) // prettier-ignore

export const outbound: Parser = {
  name: 'addresses that are called',
  source: 'src/clients/outbound.ts',
  properties: [
    always(
      'an address that may be called is https on 443 at a public name that is not this server’s',
      fc.property(fc.oneof(address, mangledText(address), fc.webUrl(), anyText()), (text) => {
        if (checkOutboundUrl(text, issuer) !== undefined) return
        const url = new URL(text)
        assert.equal(url.protocol, 'https:')
        assert.equal(`${url.port}${url.username}${url.password}${url.hash}`, '')
        assert.match(url.hostname, /^[^.]+(\.[^.]+)+\.?$/)
        assert.doesNotMatch(url.hostname, /^[0-9.]+$|^\[|(^|\.)(local|localhost|internal|localdomain)\.?$/)
        assert.ok(!issuer.deploymentHosts.includes(url.hostname.replace(/\.$/, '')))
        assert.equal(checkOutboundUrl(url.href, issuer), undefined)
      }),
    ),
  ],
} // prettier-ignore
