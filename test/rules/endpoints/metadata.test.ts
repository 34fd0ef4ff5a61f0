import { describe, expect, it } from 'vitest'
import { checkMetadata } from '../../../cli/doctor/metadata.ts'
import { readSettings } from '../../../src/config.ts'
import { describeIssuer } from '../../../src/endpoints/metadata.ts'
import { checkClientMetadata } from '../../../src/clients/metadata.ts'
import { prompt } from '../../../src/authorization/rules/prompt.ts'
import { responseMode } from '../../../src/authorization/rules/response-mode.ts'
import { profiles } from '../../../src/profiles/index.ts'
import { isGrantType } from '../../../src/grants/index.ts'
import { bank, codeOf, makeIssuer, refusalOf } from '../support/issuer.ts'
import { makeKey } from '../support/keys.ts'

const issuer = makeIssuer()
const described = describeIssuer(issuer)
const plain = describeIssuer(makeIssuer({ mtls_origin: undefined }))
const list = (name: string, from = described) => from[name] as readonly string[]

describe('the metadata of an issuer', () => {
  it('SP-AS-01 names the issuer byte for byte, and nothing outside its address', () => {
    expect(described['issuer']).toBe('https://as.bank.example')
    for (const [name, value] of Object.entries(described)) {
      if (!/_endpoint$|_uri$/.test(name)) continue
      expect([name, value]).toEqual([name, expect.stringMatching(/^https:\/\/as\.bank\.example\//)])
    }
  })

  it('SP-AS-01 puts every endpoint under the path of an issuer with a path', () => {
    const tenant = describeIssuer(makeIssuer({ issuer: 'https://as.bank.example/tenant' }))
    expect(tenant).toMatchObject({
      issuer: 'https://as.bank.example/tenant',
      token_endpoint: 'https://as.bank.example/tenant/token',
      authorization_endpoint: 'https://as.bank.example/tenant/authorize',
      jwks_uri: 'https://as.bank.example/tenant/jwks',
      mtls_endpoint_aliases: { token_endpoint: 'https://mtls.bank.example/tenant/token' },
    })
  })

  it('SP-AS-20 SP-AS-22 SP-AS-24 SP-AS-26 says what the profile demands', () => {
    expect(described).toMatchObject({
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'],
      code_challenge_methods_supported: ['S256'],
      require_pushed_authorization_requests: true,
      authorization_response_iss_parameter_supported: true,
      request_parameter_supported: true,
      require_signed_request_object: false,
      request_uri_parameter_supported: false,
      subject_types_supported: ['public', 'pairwise'],
    })
  })

  it('MS-JAR-01 MS-JARM-01 MS-JARM-05 says what the profile for signed messages demands', () => {
    const strict = describeIssuer(makeIssuer({ profile: 'fapi2-message-signing' }))
    expect(strict).toMatchObject({
      request_parameter_supported: true,
      require_signed_request_object: true,
      request_object_signing_alg_values_supported: ['ES256', 'PS256', 'EdDSA', 'Ed25519'],
      response_modes_supported: ['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'],
      authorization_signing_alg_values_supported: ['ES256'],
      introspection_signing_alg_values_supported: ['ES256'],
    })
  })

  it.each(Object.keys(profiles))('is found sound by the doctor with the profile %s', (profile) => {
    const made = makeIssuer({ profile })
    const unwell = checkMetadata(describeIssuer(made), made.url).filter(
      ({ outcome }) => outcome !== 'pass',
    )
    expect(unwell).toEqual([])
  })

  it('SP-CR-02 SP-CR-03 DPOP-AS-06 lists allowed algorithms only, in every member about them', () => {
    const allowed = ['ES256', 'PS256', 'EdDSA', 'Ed25519']
    const members = Object.keys(described).filter((name) => name.includes('_signing_alg_values_'))
    expect(members.sort()).toEqual([
      'authorization_signing_alg_values_supported',
      'dpop_signing_alg_values_supported',
      'id_token_signing_alg_values_supported',
      'introspection_endpoint_auth_signing_alg_values_supported',
      'introspection_signing_alg_values_supported',
      'request_object_signing_alg_values_supported',
      'revocation_endpoint_auth_signing_alg_values_supported',
      'token_endpoint_auth_signing_alg_values_supported',
      'userinfo_signing_alg_values_supported',
    ])
    for (const member of members) {
      expect(list(member).length).toBeGreaterThan(0)
      expect(list(member).filter((alg) => !allowed.includes(alg))).toEqual([])
    }
  })

  it('OIDC Discovery 3 lists ways of encryption that a client can be registered with', async () => {
    const key = await makeKey('ES256')
    const rsa = await makeKey('PS256')
    const jwks = {
      keys: [key.publicJwk, { ...key.publicJwk, use: 'enc' }, { ...rsa.publicJwk, use: 'enc' }],
    }
    const members = Object.keys(described).filter((name) => name.includes('_encryption_'))
    expect(members).toHaveLength(10)
    expect(list('request_object_encryption_alg_values_supported')).toEqual(['ECDH-ES'])
    expect(list('request_object_encryption_enc_values_supported')).toEqual(['A256GCM'])
    const none = describeIssuer(makeIssuer({ decryption_algs: [] }))
    expect(none).not.toHaveProperty('request_object_encryption_alg_values_supported')
    for (const what of ['id_token', 'userinfo', 'authorization', 'introspection']) {
      expect(list(`${what}_encryption_alg_values_supported`)).toEqual(['RSA-OAEP-256', 'ECDH-ES'])
      expect(list(`${what}_encryption_enc_values_supported`)).toEqual(['A256GCM'])
      for (const alg of list(`${what}_encryption_alg_values_supported`)) {
        const registration = {
          client_name: 'x',
          redirect_uris: ['https://app.example/cb'],
          token_endpoint_auth_method: 'private_key_jwt',
          userinfo_signed_response_alg: list('userinfo_signing_alg_values_supported')[0],
          [`${what}_encrypted_response_alg`]: alg,
          [`${what}_encrypted_response_enc`]: 'A256GCM',
          jwks,
        }
        expect(codeOf(checkClientMetadata(registration, issuer))).toBeUndefined()
      }
    }
  })

  it.each(['ES256', 'PS256', 'Ed25519'])('says that answers are signed with %s where they are', (signing_alg) => {
    const other = describeIssuer(makeIssuer({ signing_alg }))
    expect(list('id_token_signing_alg_values_supported', other)).toEqual([signing_alg])
    expect(list('userinfo_signing_alg_values_supported', other)).toEqual([signing_alg])
    expect(list('authorization_signing_alg_values_supported', other)).toEqual([signing_alg])
    expect(list('introspection_signing_alg_values_supported', other)).toEqual([signing_alg])
  }) // prettier-ignore

  it('lists every algorithm a client may have answers signed with', () => {
    const many = describeIssuer(
      makeIssuer({ signing_alg: 'PS256', further_signing_algs: ['ES256'] }),
    )
    for (const what of ['id_token', 'userinfo']) {
      expect(list(`${what}_signing_alg_values_supported`, many)).toEqual(['PS256', 'ES256'])
    }
  })

  it('SP-AS-02 lists the grant types of the token endpoint, and no other', () => {
    expect(list('grant_types_supported')).toEqual(['authorization_code', 'refresh_token', 'client_credentials']) // prettier-ignore
    expect(list('grant_types_supported').every(isGrantType)).toBe(true)
    for (const name of ['password', 'implicit', 'toString', '__proto__']) {
      expect(isGrantType(name)).toBe(false)
    }
  })

  it('SP-AS-06 lists client authentication methods that a client can be registered with', async () => {
    const { publicJwk } = await makeKey()
    const register = (method: string) => ({
      client_name: 'x',
      redirect_uris: ['https://app.example/cb'],
      token_endpoint_auth_method: method,
      ...(method === 'tls_client_auth'
        ? { tls_client_auth_san_dns: 'app.example' }
        : { jwks: { keys: [publicJwk] } }),
    })
    for (const at of ['token', 'introspection', 'revocation']) {
      const methods = list(`${at}_endpoint_auth_methods_supported`)
      expect(methods).toEqual(['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'])
      expect(list(`${at}_endpoint_auth_methods_supported`, plain)).toEqual(['private_key_jwt'])
    }
    for (const method of list('token_endpoint_auth_methods_supported')) {
      expect(codeOf(checkClientMetadata(register(method), issuer))).toBeUndefined()
      const without = makeIssuer({ mtls_origin: undefined })
      const verdict = codeOf(checkClientMetadata(register(method), without))
      expect(verdict === undefined).toBe(method === 'private_key_jwt')
    }
  })

  it('lists prompt values, response modes and scopes that are understood', () => {
    for (const value of list('prompt_values_supported')) {
      expect(refusalOf(prompt, { prompt: value })).toBeUndefined()
    }
    for (const value of list('response_modes_supported')) {
      expect(refusalOf(responseMode, { response_mode: value })).toBeUndefined()
    }
    expect(list('scopes_supported')).toEqual(expect.arrayContaining(['openid', 'accounts', 'payments']))
    expect(list('scopes_supported')).not.toContain('admin')
    expect(list('scopes_supported').every((name) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name))).toBe(true)
    expect(new Set(list('scopes_supported')).size).toBe(list('scopes_supported').length)
  }) // prettier-ignore

  it('RP-Initiated Logout 2.1 Back-Channel Logout 2 offers to sign people out and to tell of it', () => {
    expect(described).toMatchObject({
      end_session_endpoint: 'https://as.bank.example/logout',
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    })
    expect(list('claims_supported')).toContain('sid')
  })

  it('OIDC Core 5.1 lists every standard claim, and those about the sign-in', () => {
    const standard = [
      'sub', 'name', 'given_name', 'family_name', 'middle_name', 'nickname', 'preferred_username', 'profile', 'picture',
      'website', 'email', 'email_verified', 'gender', 'birthdate', 'zoneinfo', 'locale', 'phone_number',
      'phone_number_verified', 'address', 'updated_at',
    ] // prettier-ignore
    expect([...list('claims_supported')].sort()).toEqual(
      [...standard, 'sid', 'auth_time', 'acr', 'amr'].sort(),
    )
  })

  it('lists the resource servers, never its own admin API', () => {
    expect(list('protected_resources')).toEqual(['https://api.bank.example', 'https://other.bank.example']) // prettier-ignore
  })

  it('MTLS-07 MTLS-24 offers the mTLS host and binding to certificates only where there is one', () => {
    expect(described['tls_client_certificate_bound_access_tokens']).toBe(true)
    const aliases = described['mtls_endpoint_aliases'] as Readonly<Record<string, string>>
    expect(aliases).toEqual({
      token_endpoint: 'https://mtls.bank.example/token',
      pushed_authorization_request_endpoint: 'https://mtls.bank.example/par',
      userinfo_endpoint: 'https://mtls.bank.example/userinfo',
      introspection_endpoint: 'https://mtls.bank.example/introspect',
      revocation_endpoint: 'https://mtls.bank.example/revoke',
      grant_management_endpoint: 'https://mtls.bank.example/grants',
    })
    for (const name of Object.keys(aliases)) expect(described).toHaveProperty(name)
    expect(plain).not.toHaveProperty('mtls_endpoint_aliases')
    expect(plain).not.toHaveProperty('tls_client_certificate_bound_access_tokens')
  })

  it('promises nothing that is not built', () => {
    const absent = [
      'registration_endpoint', 'device_authorization_endpoint', 'backchannel_authentication_endpoint',
      'authorization_details_types_supported',
      'check_session_iframe', 'frontchannel_logout_supported', 'frontchannel_logout_session_supported',
    ] // prettier-ignore
    for (const name of absent) expect(described).not.toHaveProperty(name)
  })

  it('is JSON without null, empty or undefined members', () => {
    for (const [name, value] of Object.entries({ ...described, ...plain })) {
      expect([name, value ?? null]).not.toEqual([name, null])
    }
    expect(JSON.parse(JSON.stringify(described))).toEqual(described)
  })

  it('names the plain address of a local issuer as it is', () => {
    const settings = { issuers: [{ ...bank, issuer: 'http://localhost:8787' }] }
    const result = readSettings(settings, { development: true })
    const [local] = result.ok ? result.settings.issuers : []
    expect(local && describeIssuer(local)['token_endpoint']).toBe('http://localhost:8787/token')
  })
})
