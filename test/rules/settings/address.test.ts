import { beforeAll, describe, expect, it } from 'vitest'
import { createCa } from '../../support/certificates.ts'
import { makeIssuer } from '../support/issuer.ts'
import { problem, sentence } from '../support/settings.ts'

let caPem: string

beforeAll(async () => {
  caPem = (await createCa()).pem
})

describe('id and profile', () => {
  it.each(['a', '0', 'a-b', 'a'.repeat(32)])('take the id %s', (id) => {
    expect(makeIssuer({ id }).id).toBe(id)
  })

  it.each(['A', 'a_b', 'a b', 'ä', 'a'.repeat(33), 'a:b', 'a\n'])('refuse the id %j', (id) => {
    expect(problem({ id })).toMatch(/the id must be 1 to 32 of a-z, 0-9 and '-'/)
  })

  it.each(['fapi1-advanced', 'FAPI2-security', 'toString', '__proto__'])(
    'refuse the profile %s and name those there are',
    (profile) => {
      expect(problem({ profile })).toEqual(sentence('known are fapi2-security'))
    },
  )

  it('refuse a missing profile', () => {
    expect(problem({ profile: undefined })).toEqual(sentence("'profile' is missing"))
  })
})

describe('the address of an issuer', () => {
  it.each(['https://as.example', 'https://as.example:8443', 'https://as.example/tenant', 'https://as.example/a/b-c'])(
    'SP-AS-01 may be %s',
    (issuer) => {
      expect(makeIssuer({ issuer }).url).toBe(issuer)
    },
  ) // prettier-ignore

  it.each([
    'https://as.example/', 'https://as.example/a/', 'https://AS.example', 'HTTPS://as.example', 'https://as.example:443',
    'https://as.example?x', 'https://as.example/a?b=c', 'https://as.example/#x', 'https://u@as.example', 'https://u:p@as.example/a',
    'https://as.example/a/../b', 'https://as.example/./a', 'https://as.example/a b', 'https://as.example/ä', 'https://as.example//',
  ])('SP-AS-01 is not %s, which is not canonical', (issuer) => {
    expect(problem({ issuer })).toEqual(sentence('must be in canonical form'))
  }) // prettier-ignore

  it.each(['x', '/as', 'as.example', 'https://', ''])('is not %j', (issuer) => {
    expect(problem({ issuer })).toEqual(sentence(issuer === '' ? 'non-empty text' : 'is not a URL'))
  })

  it.each(['http://localhost:8787', 'http://127.0.0.1:8787', 'http://[::1]:8787', 'http://localhost:8787/tenant'])(
    'SP-TLS-01 may be %s in development only',
    (issuer) => {
      expect(problem({ issuer }, true)).toBeUndefined()
      expect(problem({ issuer }, false)).toEqual(sentence('must be https'))
    },
  ) // prettier-ignore

  it.each(['http://as.example', 'http://localhost.example', 'http://127.0.0.2', 'http://0.0.0.0', 'http://192.168.0.1', 'http://[::2]', 'ftp://localhost', 'ws://127.0.0.1'])(
    'SP-TLS-01 is not %s, in development either',
    (issuer) => {
      expect(problem({ issuer }, true)).toEqual(sentence('must be https'))
      expect(problem({ issuer }, false)).toEqual(sentence('must be https'))
    },
  ) // prettier-ignore

  it('does not lie under /.well-known', () => {
    expect(problem({ issuer: 'https://as.example/.well-known/x' })).toEqual(sentence('.well-known'))
    expect(problem({ issuer: 'https://as.example/well-known/x' })).toBeUndefined()
  })
})

describe('mtls_origin', () => {
  it('MTLS-07 may be left out, or be another https origin', () => {
    expect(makeIssuer({ mtls_origin: undefined }).mtlsOrigin).toBeUndefined()
    const mtls_origin = 'https://as.bank.example:8443'
    expect(makeIssuer({ mtls_origin }).mtlsOrigin).toBe(mtls_origin)
  })

  it.each(['http://m.example', 'https://m.example/', 'https://m.example/x', 'https://M.example', 'https://m.example:443', 'https://u@m.example', 'https://m.example?x', 'm.example', 'x'])(
    'MTLS-07 is not %s',
    (mtls_origin) => {
      expect(problem({ mtls_origin })).toEqual(sentence('mtls_origin must be an https origin'))
      expect(problem({ mtls_origin }, true)).toEqual(sentence('mtls_origin must be an https origin'))
    },
  ) // prettier-ignore

  it('is not the origin that browsers use', () => {
    const mtls_origin = 'https://as.bank.example'
    expect(problem({ mtls_origin })).toEqual(sentence("must differ from the issuer's origin"))
    expect(problem({ mtls_origin, issuer: `${mtls_origin}/a` })).toEqual(sentence('must differ'))
  })

  it('is needed where certificate authorities are accepted', () => {
    const accepted_client_cas = [caPem]
    expect(makeIssuer({ accepted_client_cas }).acceptedClientCas).toEqual([caPem])
    const without = problem({ accepted_client_cas, mtls_origin: undefined })
    expect(without).toEqual(sentence('accepted_client_cas needs an mtls_origin'))
  })
})
