import { describe, expect, it } from 'vitest'
import { mayRespondBy, responseModeOf } from '../../../src/clients/message-metadata.ts'
import { makeIssuer, valueOf } from '../support/issuer.ts'
import { makeRegistrations } from '../support/registrations.ts'

const { sound, check, problem } = await makeRegistrations()
const strict = makeIssuer({ profile: 'fapi2-message-signing' })

describe('signed requests', () => {
  it.each(['ES256', 'PS256', 'EdDSA', 'Ed25519'])('MS-JAR-06 may be registered with %s', (alg) => {
    const asked = { request_object_signing_alg: alg }
    expect(valueOf(check(asked)).request_object_signing_alg).toBe(alg)
  })

  it.each(['none', 'RS256', 'HS256', 'es256', '', 'toString'])('MS-JAR-06 are never registered with %j', (alg) => {
    expect(problem({ request_object_signing_alg: alg })).toMatch(/^request_object_signing_alg must be/)
  }) // prettier-ignore

  it('MS-JAR-01 may be required by a client, and are not waived where the profile requires them', () => {
    const asked = { require_signed_request_object: true }
    expect(valueOf(check(asked)).require_signed_request_object).toBe(true)
    expect(problem({ require_signed_request_object: false })).toBeUndefined()
    expect(problem(asked, sound, strict)).toBeUndefined()
    expect(problem({ require_signed_request_object: false }, sound, strict)).toMatch(/cannot be false/)
    expect(problem({ require_signed_request_object: 'true' })).toMatch(/must be a boolean/)
  }) // prettier-ignore

  it('RFC 9101 10.5 name both ways of encryption or neither', () => {
    const both = { request_object_encryption_alg: 'ECDH-ES', request_object_encryption_enc: 'A256GCM' } // prettier-ignore
    expect(valueOf(check(both))).toMatchObject(both)
    for (const member of Object.keys(both)) {
      expect(problem({ ...both, [member]: undefined })).toMatch(/belong together/)
    }
    expect(problem({ ...both, request_object_encryption_alg: 'RSA1_5' })).toMatch(/must be one of/)
    expect(problem({ ...both, request_object_encryption_enc: 'A128CBC-HS256' })).toMatch(/must be A256GCM/)
  }) // prettier-ignore
})

describe('response modes', () => {
  it('MS 5.3.3 MS-JARM-05 are modes of the profile, at least one', () => {
    const modes = ['query', 'jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt']
    expect(valueOf(check({ response_modes: modes })).response_modes).toEqual(modes)
    for (const wrong of [[], ['fragment'], ['jwt', 'form_post'], ['toString'], ['__proto__']]) {
      expect(problem({ response_modes: wrong })).toMatch(/^response_modes may hold/)
    }
    expect(problem({ response_modes: 'jwt' })).toMatch(/must be a list/)
  })

  it('MS-JARM-01 are signed where the profile has no other', () => {
    expect(problem({ response_modes: ['jwt', 'form_post.jwt'] }, sound, strict)).toBeUndefined()
    for (const wrong of [['query'], ['jwt', 'query']])
      expect(problem({ response_modes: wrong }, sound, strict)).toMatch(/^response_modes may hold/)
  })

  it('MS-JARM-05 mean the same by jwt and query.jwt', () => {
    expect(responseModeOf('jwt')).toBe('query.jwt')
    for (const name of ['fragment', 'form_post', 'JWT', '', 'toString', '__proto__'])
      expect(responseModeOf(name)).toBeUndefined()
    expect(mayRespondBy({ response_modes: ['jwt'] }, 'query.jwt')).toBe(true)
    expect(mayRespondBy({ response_modes: ['query.jwt'] }, 'query.jwt')).toBe(true)
    expect(mayRespondBy({ response_modes: ['query.jwt'] }, 'query')).toBe(false)
    expect(mayRespondBy({ response_modes: ['query', 'fragment.jwt'] }, 'query')).toBe(true)
    expect(mayRespondBy({}, 'form_post.jwt')).toBe(true)
  })
})
