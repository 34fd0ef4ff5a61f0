import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkClientMetadata, knownScopes, subjectMembers } from '../../../src/clients/metadata.ts'
import { codeOf, makeIssuer, valueOf } from '../support/issuer.ts'
import { makeKey } from '../support/keys.ts'
import type { TestKey } from '../support/keys.ts'
import { anyText, holds } from '../support/property.ts'

const issuer = makeIssuer()
const withoutMtls = makeIssuer({ mtls_origin: undefined })

let ec: TestKey
let rsa: TestKey
let sound: Readonly<Record<string, unknown>>
let pki: Readonly<Record<string, unknown>>

beforeAll(async () => {
  ec = await makeKey('ES256')
  rsa = await makeKey('PS256')
  sound = {
    client_name: 'Budget Buddy',
    redirect_uris: ['https://app.example/cb'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...ec.publicJwk, kid: '1' }] },
  }
  pki = {
    client_name: 'Budget Buddy',
    redirect_uris: ['https://app.example/cb'],
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: 'CN=app,O=TPP,C=DE',
  }
})

const check = (changes: Readonly<Record<string, unknown>> = {}, base = sound, by = issuer) =>
  checkClientMetadata({ ...base, ...changes }, by)
const refused = (...input: Parameters<typeof check>) => {
  const result = check(...input)
  return result.ok ? undefined : result.refusal
}
/** The description of an `invalid_client_metadata`. */
const problem = (...input: Parameters<typeof check>) => {
  const refusal = refused(...input)
  if (refusal !== undefined) expect(refusal.code).toBe('invalid_client_metadata')
  return refusal?.description
}

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
    }
    const unknown = {
      client_id: 'x', client_secret: 's', enabled: false, operator: true, version: 9, generation: 'g', logo_uri: 'https://x.example',
      software_statement: 'e30', sector_identifier_uri: 'http://10.0.0.1', constructor: 1,
    } // prettier-ignore
    expect(valueOf(check({ ...full, ...unknown }))).toEqual({ ...sound, ...full })
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

describe('client authentication', () => {
  it.each([undefined, 'none', 'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'Private_key_jwt', 'attest_jwt_client_auth'])(
    'SP-AS-03 SP-AS-06 is never %s',
    (method) => {
      expect(problem({ token_endpoint_auth_method: method })).toMatch(
        /^token_endpoint_auth_method must be one of/,
      )
    },
  ) // prettier-ignore

  it.each(['ES256', 'PS256', 'EdDSA', 'Ed25519'])('SP-CR-02 may be signed with %s', async (alg) => {
    const key = await makeKey(alg as 'ES256')
    const jwks = { keys: [key.publicJwk] }
    const metadata = valueOf(check({ jwks, token_endpoint_auth_signing_alg: alg }))
    expect(metadata.token_endpoint_auth_signing_alg).toBe(alg)
  })

  it.each(['none', 'RS256', 'HS256', 'PS384', 'ES384', 'ES256K', 'Ed448', 'es256', 'toString'])(
    'SP-CR-02 SP-CR-03 is never signed with %s',
    (alg) => {
      expect(problem({ token_endpoint_auth_signing_alg: alg })).toMatch(
        /^token_endpoint_auth_signing_alg must be one of/,
      )
    },
  )

  it('SP-CR-02 needs a key that fits the registered algorithm', () => {
    const unusable = 'jwks holds no key that could verify a client assertion'
    expect(problem({ token_endpoint_auth_signing_alg: 'PS256' })).toBe(unusable)
    const keys = [ec.publicJwk, rsa.publicJwk]
    expect(problem({ token_endpoint_auth_signing_alg: 'PS256', jwks: { keys } })).toBeUndefined()
    const encryption = { keys: [{ ...ec.publicJwk, use: 'enc' }] }
    expect(problem({ jwks: encryption })).toBe(unusable)
    expect(problem({ jwks: { keys: [{ kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' }] } })).toBe(
      unusable,
    )
  })

  it('id tokens are signed with the algorithm of the issuer only', () => {
    expect(problem({ id_token_signed_response_alg: 'ES256' })).toBeUndefined()
    expect(problem({ id_token_signed_response_alg: 'PS256' })).toMatch(/must be ES256/)
    expect(problem({ id_token_signed_response_alg: 'none' })).toMatch(/must be ES256/)
  })

  it('MTLS-24 with a certificate needs an issuer with an mTLS host', () => {
    expect(problem({}, pki)).toBeUndefined()
    expect(problem({}, pki, withoutMtls)).toMatch(/needs an issuer with an mtls_origin/)
    const selfSigned = { token_endpoint_auth_method: 'self_signed_tls_client_auth' }
    expect(problem(selfSigned, sound, withoutMtls)).toMatch(/needs an issuer with an mtls_origin/)
    expect(problem(selfSigned)).toBeUndefined()
  })
})

describe('keys', () => {
  it.each(['private_key_jwt', 'self_signed_tls_client_auth'])(
    'RFC 7591 2 of %s come from exactly one of jwks and jwks_uri',
    (method) => {
      const base = { token_endpoint_auth_method: method }
      const uri = { jwks_uri: 'https://app.example/jwks' }
      expect(problem({ ...base, jwks: undefined })).toMatch(/exactly one/)
      expect(problem({ ...base, ...uri })).toMatch(/exactly one/)
      expect(problem({ ...base, ...uri, jwks: undefined })).toBeUndefined()
      expect(problem(base)).toBeUndefined()
    },
  )

  it.each(['private_key_jwt', 'self_signed_tls_client_auth', 'tls_client_auth'])(
    'SP-TLS-01 SP-CR-07 ATK-A1-30 of %s are never fetched from an address that must not be called',
    (method) => {
      const base = method === 'tls_client_auth' ? pki : { ...sound, jwks: undefined }
      const at = (jwks_uri: string) =>
        problem({ token_endpoint_auth_method: method, jwks_uri }, base)
      expect(at('https://app.example/jwks')).toBeUndefined()
      for (const uri of ['http://app.example/jwks', 'https://169.254.169.254/', 'https://as.bank.example/jwks', 'x']) {
        expect(at(uri)).toMatch(/^jwks_uri /)
      }
    },
  ) // prettier-ignore

  it('SP-CR-09 are public, whatever the method', () => {
    const jwks = { keys: [ec.publicJwk, ec.privateJwk] }
    expect(problem({ jwks })).toMatch(/private members/)
    expect(problem({ jwks, token_endpoint_auth_method: 'self_signed_tls_client_auth' })).toMatch(/private members/)
    expect(problem({ jwks }, pki)).toMatch(/private members/)
    expect(problem({ jwks: { keys: [ec.publicJwk] } }, pki)).toBeUndefined()
  }) // prettier-ignore

  it('SP-CR-04 are strong, whatever the method', async () => {
    const weak = await makeKey('PS256', 1024)
    const jwks = { keys: [weak.publicJwk] }
    expect(problem({ jwks })).toMatch(/shorter than 2048 bits/)
    expect(problem({ jwks }, pki)).toMatch(/shorter than 2048 bits/)
  })
})

describe('the subject of a tls_client_auth client', () => {
  const values: Readonly<Record<(typeof subjectMembers)[number], string>> = {
    tls_client_auth_subject_dn: 'CN=app,O=TPP,C=DE',
    tls_client_auth_san_dns: 'app.example',
    tls_client_auth_san_uri: 'https://app.example/id',
    tls_client_auth_san_ip: '192.0.2.1',
    tls_client_auth_san_email: 'ops@app.example',
  }
  const subjectless = () => ({ ...pki, tls_client_auth_subject_dn: undefined })

  it.each(subjectMembers)('MTLS-03 may be %s', (member) => {
    const metadata = valueOf(check({ [member]: values[member] }, subjectless()))
    expect(metadata[member]).toBe(values[member])
  })

  it('MTLS-03 is not missing', () => {
    expect(problem({}, subjectless())).toMatch(/exactly one of/)
  })

  it('MTLS-03 is not two of them, whichever they are', () => {
    for (const one of subjectMembers) {
      for (const other of subjectMembers.filter((member) => member !== one)) {
        const both = { [one]: values[one], [other]: values[other] }
        expect(problem(both, subjectless())).toMatch(/exactly one of/)
      }
    }
  })

  it.each(['app', 'CN', '=x', 'CN=app,,O=x', 'CN="app'])(
    'MTLS-04 is not the broken name %s',
    (dn) => {
      expect(problem({ tls_client_auth_subject_dn: dn }, pki)).toMatch(/not a distinguished name/)
    },
  )

  it('MTLS-03 belongs to no other method', () => {
    for (const member of subjectMembers) {
      expect(problem({ [member]: values[member] })).toBe(`${member} is for tls_client_auth only`)
    }
  })
})

describe('sender constraint', () => {
  it('MTLS-24 is by certificate only where the issuer has an mTLS host', () => {
    const bound = { tls_client_certificate_bound_access_tokens: true }
    expect(valueOf(check(bound)).tls_client_certificate_bound_access_tokens).toBe(true)
    expect(problem(bound, sound, withoutMtls)).toMatch(/certificate-bound/)
    expect(problem({ dpop_bound_access_tokens: true }, sound, withoutMtls)).toBeUndefined()
  })

  it('is what the profile offers', () => {
    const only = (way: 'dpop' | 'mtls') => ({
      ...issuer,
      profile: { ...issuer.profile, senderConstraint: [way] },
    })
    const bound = { tls_client_certificate_bound_access_tokens: true }
    expect(problem({ dpop_bound_access_tokens: true }, sound, only('mtls'))).toMatch(/DPoP/)
    expect(problem(bound, sound, only('dpop'))).toMatch(/certificate-bound/)
    expect(problem(bound, sound, only('mtls'))).toBeUndefined()
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
      'use_mtls_endpoint_aliases', 'id_token_signed_response_alg', 'client_uri', 'policy_uri', 'tos_uri', 'contacts', ...subjectMembers,
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
