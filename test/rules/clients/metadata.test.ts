import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { subjectMembers } from '../../../src/clients/metadata-shapes.ts'
import { checkClientMetadata, knownScopes } from '../../../src/clients/metadata.ts'
import { openIdMembers } from '../../../src/clients/openid-metadata.ts'
import { detailSettings } from '../authorization-details/support/shipped.ts'
import { codeOf, makeIssuer, valueOf } from '../support/issuer.ts'
import { anyText, holds } from '../support/property.ts'
import { makeRegistrations } from '../support/registrations.ts'

const { issuer, sound, pki, check, refused, problem } = await makeRegistrations()

describe('client metadata', () => {
  it('RFC 7591 2 is completed with defaults', () => {
    expect(valueOf(check())).toEqual({
      ...sound,
      application_type: 'web',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      scope: knownScopes(issuer).join(' '),
      dpop_bound_access_tokens: false,
      tls_client_certificate_bound_access_tokens: false,
      use_mtls_endpoint_aliases: false,
    })
  })

  it('RFC 7591 2 keeps every registered member and drops unknown ones', () => {
    const full = {
      application_type: 'native',
      redirect_uris: ['http://127.0.0.1/cb', 'https://app.example/cb?x=1'],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      response_types: ['code'],
      scope: 'openid accounts',
      token_endpoint_auth_signing_alg: 'ES256',
      dpop_bound_access_tokens: true,
      tls_client_certificate_bound_access_tokens: true,
      use_mtls_endpoint_aliases: true,
      id_token_signed_response_alg: 'ES256',
      client_uri: 'https://app.example/',
      policy_uri: 'https://app.example/policy',
      tos_uri: 'https://app.example/tos',
      contacts: ['ops@app.example'],
      subject_type: 'pairwise',
      sector_identifier_uri: 'https://app.example/sector',
      userinfo_signed_response_alg: 'ES256',
      post_logout_redirect_uris: ['http://127.0.0.1/bye'],
      backchannel_logout_uri: 'https://app.example/logout',
      backchannel_logout_session_required: true,
    }
    const unknown = {
      client_id: 'x', client_secret: 's', enabled: false, operator: true, version: 9, generation: 'g', logo_uri: 'https://x.example',
      software_statement: 'e30', frontchannel_logout_uri: 'http://10.0.0.1', constructor: 1,
    } // prettier-ignore
    expect(valueOf(check({ ...full, ...unknown }))).toEqual({ ...sound, ...full })
  })

  it('RAR-17 names types of details that its issuer knows', () => {
    const of = (...types: readonly string[]) => problem({ authorization_details_types: types })
    expect(of('payment_initiation')).toMatch(/a type this issuer does not know/)
    expect(of('toString')).toMatch(/a type this issuer does not know/)
    expect(of()).toBeUndefined()
    const offering = makeIssuer({ authorization_details_types: detailSettings })
    const asked = { authorization_details_types: ['payment_initiation'] }
    expect(problem(asked, sound, offering)).toBeUndefined()
  })

  it('MTLS-05 needs no key that verifies assertions where a certificate proves the client', () => {
    const keys = [{ kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' }]
    const own = { ...sound, jwks: { keys } }
    expect(problem({ token_endpoint_auth_method: 'self_signed_tls_client_auth' }, own)).toBeUndefined() // prettier-ignore
    expect(problem({}, own)).toMatch(/no key that could verify a client assertion/)
  })

  it('is frozen, and passes its own check unchanged: an update is judged as a creation', () => {
    for (const base of [sound, pki]) {
      const first = valueOf(check({ dpop_bound_access_tokens: true }, base))
      expect(Object.isFrozen(first)).toBe(true)
      expect(valueOf(checkClientMetadata(first, issuer))).toEqual(first)
    }
  })

  it.each([null, undefined, [], 'x', 1, true])('refuses %j, which is no object', (value) => {
    expect(codeOf(checkClientMetadata(value, issuer))).toBe('invalid_client_metadata')
  })
})

describe('the type of each member', () => {
  const texts = [
    null,
    1,
    {},
    [],
    ['', 'x'],
    [1],
    [null],
    'x',
    Array.from({ length: 65 }, () => 'x'),
  ]
  const flags = [null, 0, 1, 'true', 'false', {}, []]
  const page = [null, '', 1, 'x', 'http://app.example/', 'javascript:alert(1)', 'data:text/html,x', {}, []] // prettier-ignore
  const word = [null, '', 1, {}, ['x'], true]
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    client_name: [null, '', '   ', 1, {}, 'n'.repeat(129)],
    application_type: [null, '', 'Web', 'mobile', 1],
    redirect_uris: texts,
    grant_types: texts,
    response_types: texts.filter((value) => !Array.isArray(value) || value.length > 0),
    scope: [null, 1, ['openid'], {}, 's'.repeat(2049)],
    token_endpoint_auth_method: word,
    token_endpoint_auth_signing_alg: word,
    id_token_signed_response_alg: word,
    id_token_encrypted_response_alg: word,
    id_token_encrypted_response_enc: word,
    userinfo_signed_response_alg: word,
    userinfo_encrypted_response_alg: word,
    userinfo_encrypted_response_enc: word,
    subject_type: [...word, 'Public', 'ephemeral'],
    sector_identifier_uri: word,
    post_logout_redirect_uris: [null, 'x', [1], [''], {}],
    backchannel_logout_uri: word,
    backchannel_logout_session_required: flags,
    jwks: [null, '', [], 'x', 1],
    jwks_uri: word,
    dpop_bound_access_tokens: flags,
    tls_client_certificate_bound_access_tokens: flags,
    use_mtls_endpoint_aliases: flags,
    client_uri: page,
    policy_uri: page,
    tos_uri: page,
    contacts: [null, 'x', [1], [''], {}],
  }

  it.each(Object.entries(wrong))('refuses %s of another type', (member, values) => {
    for (const value of values) {
      const refusal = refused({ [member]: value })
      const emptyList = member === 'redirect_uris' && Array.isArray(value)
      const code =
        emptyList && value.length === 0 ? 'invalid_redirect_uri' : 'invalid_client_metadata'
      expect([value, refusal?.code]).toEqual([value, code])
      expect(refusal?.description).not.toContain('undefined')
    }
    expect(refused()).toBeUndefined()
  })

  it.each(subjectMembers)('refuses %s of another type', (member) => {
    for (const value of [null, '', 1, {}, ['x']]) {
      const { tls_client_auth_subject_dn: _dn, ...rest } = pki
      expect(problem({ [member]: value }, rest)).toBe(`${member} must be a text`)
    }
  })

  it('SP-TLS-10 keeps use_mtls_endpoint_aliases and refuses what is no boolean', () => {
    expect(valueOf(check({ use_mtls_endpoint_aliases: true })).use_mtls_endpoint_aliases).toBe(true)
    expect(problem({ use_mtls_endpoint_aliases: 'true' })).toMatch(/boolean/)
  })

  it('requires a name', () => {
    expect(problem({ client_name: undefined })).toBe('client_name is required')
  })
})

describe('grant types and response types', () => {
  it.each([
    [['authorization_code']],
    [['authorization_code', 'refresh_token']],
    [['client_credentials']],
    [['authorization_code', 'refresh_token', 'client_credentials']],
  ])('take %j', (grantTypes) => {
    expect(valueOf(check({ grant_types: grantTypes })).grant_types).toEqual(grantTypes)
  })

  it.each([
    [[]], [['password']], [['implicit']], [['authorization_code', 'password']], [['refresh_token']],
    [['client_credentials', 'refresh_token']], [['urn:ietf:params:oauth:grant-type:jwt-bearer']], [['__proto__']], [['toString']],
  ])('SP-AS-02 refuse %j', (grantTypes) => {
    expect(problem({ grant_types: grantTypes })).toEqual(expect.any(String))
  }) // prettier-ignore

  it('SP-AS-20 refuse another response type than code', () => {
    for (const types of [['token'], ['code', 'id_token'], ['code id_token'], ['none']]) {
      expect(problem({ response_types: types })).toBe('response_types may hold code only')
    }
    expect(valueOf(check({ response_types: ['code'] })).response_types).toEqual(['code'])
  })

  it('derive the response types from the grant types', () => {
    expect(valueOf(check({ grant_types: ['client_credentials'] })).response_types).toEqual([])
  })
})

describe('redirect URIs', () => {
  it('are required for codes and for codes only', () => {
    expect(refused({ redirect_uris: undefined })?.code).toBe('invalid_redirect_uri')
    expect(refused({ redirect_uris: [] })?.code).toBe('invalid_redirect_uri')
    const machine = { redirect_uris: undefined, grant_types: ['client_credentials'] }
    expect(refused(machine)).toBeUndefined()
  })

  it.each(['http://app.example/cb', 'https://app.example/cb#', 'https://*.example/cb', 'app:/cb', 'https://u@app.example/'])(
    'SP-AS-27 refuse %s beside a good one, of machines too',
    (uri) => {
      const uris = ['https://app.example/cb', uri]
      expect(refused({ redirect_uris: uris })?.code).toBe('invalid_redirect_uri')
      const machine = { redirect_uris: uris, grant_types: ['client_credentials'] }
      expect(refused(machine)?.code).toBe('invalid_redirect_uri')
    },
  ) // prettier-ignore

  it('SP-AS-27 may be http on a loopback address for native clients only', () => {
    const redirect_uris = ['http://127.0.0.1/cb']
    expect(refused({ redirect_uris, application_type: 'native' })).toBeUndefined()
    expect(refused({ redirect_uris, application_type: 'web' })?.code).toBe('invalid_redirect_uri')
    expect(refused({ redirect_uris })?.code).toBe('invalid_redirect_uri')
  })
})

describe('scope', () => {
  it.each(['openid', 'accounts payments', 'offline_access', ''])('may be %j', (scope) => {
    expect(valueOf(check({ scope })).scope).toBe(scope)
  })

  it.each(['admin', 'openid admin', 'Accounts', 'unknown', 'accounts,payments', 'toString'])(
    'is never %j',
    (scope) => {
      expect(problem({ scope })).toBe('scope holds a scope this issuer does not know')
    },
  )

  it('admin is no scope of any issuer', () => {
    expect(knownScopes(issuer)).toContain('accounts')
    expect(knownScopes(issuer)).not.toContain('admin')
    const careless = { ...issuer, scopes: { admin: { title: 'x', description: 'x' } } }
    expect(knownScopes(careless)).not.toContain('admin')
    expect(problem({ scope: 'admin' }, sound, careless)).toEqual(expect.any(String))
  })
})

describe('any input', () => {
  it('never throws; what is taken passes again unchanged and holds registered names only', () => {
    const members = [
      'client_name', 'application_type', 'redirect_uris', 'grant_types', 'response_types', 'scope', 'token_endpoint_auth_method',
      'token_endpoint_auth_signing_alg', 'jwks', 'jwks_uri', 'dpop_bound_access_tokens', 'tls_client_certificate_bound_access_tokens',
      'use_mtls_endpoint_aliases', 'client_uri', 'policy_uri', 'tos_uri', 'contacts', ...openIdMembers, ...subjectMembers,
    ] // prettier-ignore
    const value = fc.oneof(fc.anything(), anyText(30), fc.constantFrom('https://app.example/', ['authorization_code'], 'ES256', true)) // prettier-ignore
    const changes = fc.dictionary(fc.constantFrom(...members, 'unknown', '__proto__'), value, { maxKeys: 3 }) // prettier-ignore
    let taken = 0
    holds(
      fc.property(fc.boolean(), changes, (certificate, change) => {
        const result = check(change, certificate ? pki : sound)
        if (!result.ok) return ['invalid_client_metadata', 'invalid_redirect_uri'].includes(result.refusal.code) // prettier-ignore
        taken += 1
        expect(valueOf(checkClientMetadata(result.value, issuer))).toEqual(result.value)
        return Object.keys(result.value).every((member) => members.includes(member))
      }),
      1_000,
    )
    expect(taken).toBeGreaterThan(50)
    holds(
      fc.property(
        fc.anything({ withNullPrototype: true }),
        (input) => codeOf(checkClientMetadata(input, issuer)) === 'invalid_client_metadata',
      ),
    )
  })
})
