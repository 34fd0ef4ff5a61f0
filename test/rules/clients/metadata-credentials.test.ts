import { describe, expect, it } from 'vitest'
import { subjectMembers } from '../../../src/clients/metadata-shapes.ts'
import { valueOf } from '../support/issuer.ts'
import { makeKey } from '../support/keys.ts'
import { makeRegistrations } from '../support/registrations.ts'

const { issuer, withoutMtls, ec, sound, pki, check, problem } = await makeRegistrations()

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

  it('SP-CR-02 needs a key that fits the registered algorithm', async () => {
    const unusable = 'jwks holds no key that could verify a client assertion'
    expect(problem({ token_endpoint_auth_signing_alg: 'PS256' })).toBe(unusable)
    const keys = [ec.publicJwk, (await makeKey('PS256')).publicJwk]
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
