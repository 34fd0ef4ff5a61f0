import { describe, expect, it } from 'vitest'
import { makeIssuer, valueOf } from '../support/issuer.ts'
import { makeKey } from '../support/keys.ts'
import { makeRegistrations } from '../support/registrations.ts'

const { ec, sound, pki, check, problem } = await makeRegistrations()
const rsa = await makeKey('PS256')
const other = await makeKey('ES256')

const signing = { ...ec.publicJwk, kid: '1', use: 'sig' }
const encEc = { ...other.publicJwk, kid: '2', use: 'enc' }
const encRsa = { ...rsa.publicJwk, kid: '3', use: 'enc' }
describe('post_logout_redirect_uris', () => {
  it('RP-Initiated Logout 3 have at most 1024 characters', () => {
    const uri = 'https://app.example/'
    const of = (length: number) => problem({ post_logout_redirect_uris: [uri.padEnd(length, 'x')] })
    expect(of(1_024)).toBeUndefined()
    expect(of(1_025)).toMatch(/longer than 1024 characters/)
  })
})

const withKeys = (...keys: readonly object[]) => ({ jwks: { keys: [signing, ...keys] } })

describe('subject types', () => {
  it('OIDC Registration 2 may be public or pairwise', () => {
    expect(valueOf(check()).subject_type).toBeUndefined()
    for (const type of ['public', 'pairwise'] as const) {
      expect(valueOf(check({ subject_type: type })).subject_type).toBe(type)
    }
    expect(problem({ subject_type: 'ephemeral' })).toBe('subject_type must be public or pairwise')
  })

  it('OIDC Core 8.1 pairwise without an address of the sector needs one host of redirects', () => {
    const pairwise = { subject_type: 'pairwise' }
    const same = ['https://app.example/a', 'https://app.example/b?c', 'https://app.example:8443/c']
    const apart = ['https://app.example/a', 'https://www.app.example/a']
    expect(problem({ ...pairwise, redirect_uris: same })).toBeUndefined()
    expect(problem({ ...pairwise, redirect_uris: apart })).toMatch(/several redirect hosts/)
    expect(problem({ redirect_uris: apart })).toBeUndefined()
    const sector_identifier_uri = 'https://app.example/sector'
    expect(problem({ ...pairwise, redirect_uris: apart, sector_identifier_uri })).toBeUndefined()
  })

  it('OIDC Core 8.1 pairwise takes no sector from a loopback address or from nothing', () => {
    const native = { subject_type: 'pairwise', application_type: 'native' }
    const redirect_uris = ['http://127.0.0.1/cb']
    expect(problem({ ...native, redirect_uris })).toMatch(/loopback/)
    const sector_identifier_uri = 'https://app.example/sector'
    expect(problem({ ...native, redirect_uris, sector_identifier_uri })).toBeUndefined()
    const machine = { grant_types: ['client_credentials'], redirect_uris: undefined }
    expect(problem({ ...machine, subject_type: 'pairwise' })).toMatch(/needs redirect_uris/)
  })

  it.each(['http://app.example/s', 'https://127.0.0.1/s', 'https://localhost/s', 'https://app.example:1/s', 'x'])(
    'SP-TLS-01 ATK-A1-30 never name %s as the address of the sector',
    (uri) => {
      expect(problem({ sector_identifier_uri: uri })).toMatch(/^sector_identifier_uri (must|is)/)
    },
  ) // prettier-ignore
})

const answers = ['id_token', 'userinfo', 'authorization', 'introspection']

describe('signed answers', () => {
  it.each(answers)('of %s use the algorithm of the issuer only', (what) => {
    const member = `${what}_signed_response_alg`
    expect(valueOf(check({ [member]: 'ES256' }))).toHaveProperty(member, 'ES256')
    for (const alg of ['PS256', 'none', 'RS256', 'HS256', 'es256', 'toString']) {
      expect(problem({ [member]: alg })).toBe(`${member} must be ES256`)
    }
  })

  it.each(answers)('of %s use any algorithm the issuer has keys for', (what) => {
    const member = `${what}_signed_response_alg`
    const issuer = makeIssuer({ further_signing_algs: ['PS256', 'Ed25519'] })
    for (const alg of ['ES256', 'PS256', 'Ed25519']) {
      expect(valueOf(check({ [member]: alg }, sound, issuer))).toHaveProperty(member, alg)
    }
    for (const alg of ['EdDSA', 'none', 'RS256', 'HS256', 'toString']) {
      const must = `${member} must be one of ES256, PS256, Ed25519`
      expect(problem({ [member]: alg }, sound, issuer)).toBe(must)
    }
  })

  it('RFC 9101 10.5 name no encryption of requests that the issuer has no key for', () => {
    const wanted = (alg: string) => ({
      request_object_encryption_alg: alg,
      request_object_encryption_enc: 'A256GCM',
    })
    expect(problem(wanted('ECDH-ES'))).toBeUndefined()
    expect(problem(wanted('RSA-OAEP-256'))).toBe('request_object_encryption_alg must be one of ECDH-ES') // prettier-ignore
    const both = makeIssuer({ decryption_algs: ['ECDH-ES', 'RSA-OAEP-256'] })
    expect(problem(wanted('RSA-OAEP-256'), sound, both)).toBeUndefined()
    const none = makeIssuer({ decryption_algs: [] })
    expect(problem(wanted('ECDH-ES'), sound, none)).toMatch(/no key to decrypt with/)
  })
})

const encrypted = (what: string, alg: string, enc: string | undefined = 'A256GCM') => ({
  ...(what === 'userinfo' ? { userinfo_signed_response_alg: 'ES256' } : {}),
  [`${what}_encrypted_response_alg`]: alg,
  [`${what}_encrypted_response_enc`]: enc,
})

describe.each(answers)('encryption of the %s', (what) => {
  it('OIDC Registration 2 may use RSA-OAEP-256 or ECDH-ES, with a key for it', () => {
    for (const [alg, key] of [
      ['RSA-OAEP-256', encRsa],
      ['ECDH-ES', encEc],
    ] as const) {
      const asked = encrypted(what, alg)
      expect(valueOf(check({ ...asked, ...withKeys(key) }))).toMatchObject(asked)
      const bound = { ...key, alg }
      expect(problem({ ...asked, ...withKeys(bound) })).toBeUndefined()
    }
  })

  it.each(['RSA1_5', 'RSA-OAEP', 'A256KW', 'dir', 'ECDH-ES+A256KW', 'none', 'toString'])(
    'SP-CR-03 never uses %s',
    (alg) => {
      const asked = { ...encrypted(what, alg), ...withKeys(encRsa, encEc) }
      expect(problem(asked)).toMatch(/alg must be one of RSA-OAEP-256, ECDH-ES$/)
    },
  )

  it.each([undefined, 'A128CBC-HS256', 'A128GCM', 'a256gcm'])(
    'needs A256GCM by name, so that an absent enc never means another than the standard says: %s',
    (enc) => {
      const asked = { ...encrypted(what, 'ECDH-ES'), ...withKeys(encEc) }
      const member = `${what}_encrypted_response_enc`
      expect(problem(asked)).toBeUndefined()
      expect(problem({ ...asked, [member]: enc })).toBe(`${member} must be A256GCM`)
    },
  )

  it('needs the alg beside the enc', () => {
    expect(problem({ [`${what}_encrypted_response_enc`]: 'A256GCM' })).toMatch(/needs the alg/)
  })

  it('is refused without a key that was published for it', () => {
    const none = `jwks holds no key with use enc for ${what}_encrypted_response_alg`
    const asked = (alg: string, ...keys: readonly object[]) =>
      problem({ ...encrypted(what, alg), ...withKeys(...keys) })
    expect(asked('RSA-OAEP-256')).toBe(none)
    expect(asked('RSA-OAEP-256', encEc)).toBe(none)
    expect(asked('ECDH-ES', encRsa)).toBe(none)
    expect(asked('ECDH-ES', { ...encEc, use: 'sig' })).toBe(none)
    expect(asked('ECDH-ES', { ...encEc, use: undefined })).toBe(none)
    expect(asked('ECDH-ES', { ...encEc, alg: 'ECDH-ES+A256KW' })).toBe(none)
    expect(asked('ECDH-ES', { ...encEc, crv: 'P-384' })).toBe(none)
    expect(problem({ ...encrypted(what, 'ECDH-ES') }, pki)).toBe(none)
    expect(problem({ ...encrypted(what, 'ECDH-ES'), jwks: { keys: [encEc] } }, pki)).toBeUndefined()
  })

  it('leaves keys at an address to the one who can ask there', () => {
    const remote = { ...sound, jwks: undefined, jwks_uri: 'https://app.example/jwks' }
    expect(problem(encrypted(what, 'ECDH-ES'), remote)).toBeUndefined()
  })
})

describe('encrypted userinfo', () => {
  it('is signed as well', () => {
    const asked = { ...encrypted('userinfo', 'ECDH-ES'), ...withKeys(encEc) }
    expect(problem(asked)).toBeUndefined()
    expect(problem({ ...asked, userinfo_signed_response_alg: undefined })).toBe(
      'userinfo_encrypted_response_alg needs userinfo_signed_response_alg',
    )
  })
})

describe('addresses for signing out', () => {
  it('RP-Initiated Logout 3.1 send people where a redirect URI could', () => {
    const uris = ['https://app.example/bye', 'https://app.example/bye?x=1']
    expect(valueOf(check({ post_logout_redirect_uris: uris })).post_logout_redirect_uris).toEqual(uris) // prettier-ignore
    for (const uri of ['http://app.example/bye', 'https://app.example/#x', 'javascript:x', 'https://u@app.example/', 'https://*.example/']) {
      expect(problem({ post_logout_redirect_uris: [...uris, uri] })).toMatch(/^a post_logout_redirect_uri /)
    }
  }) // prettier-ignore

  it.each(['http://app.example/l', 'https://10.0.0.1/l', 'https://as.bank.example/l', 'https://app.example/#l'])(
    'SP-TLS-01 ATK-A1-30 Back-Channel Logout 2.2 are never %s',
    (uri) => {
      expect(problem({ backchannel_logout_uri: uri })).toMatch(/^backchannel_logout_uri (must|has)/)
      expect(problem({ backchannel_logout_uri: 'https://app.example/l?x' })).toBeUndefined()
    },
  ) // prettier-ignore

  it('Back-Channel Logout 2.2 can only require a session id where there is an address', () => {
    const required = { backchannel_logout_session_required: true }
    expect(problem(required)).toMatch(/needs backchannel_logout_uri/)
    expect(problem({ ...required, backchannel_logout_uri: 'https://app.example/l' })).toBeUndefined() // prettier-ignore
    expect(problem({ backchannel_logout_session_required: false })).toBeUndefined()
  })
})
