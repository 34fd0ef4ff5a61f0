import { describe, expect, it } from 'vitest'
import { locationHints } from '../../../src/proof/location.ts'
import type { Issuer } from '../../../src/types.ts'
import { makeIssuer } from '../support/issuer.ts'
import { problem, sentence } from '../support/settings.ts'

describe('numbers and choices', () => {
  const bounds: readonly (readonly [string, number, number, (issuer: Issuer) => number])[] = [
    ['key_rotation_days', 1, 365, (issuer) => issuer.keyRotationDays],
    ['replay_guards', 1, 1024, (issuer) => issuer.replayGuards],
  ]
  it.each(bounds)('take %s from %i to %i', (name, least, most, read) => {
    for (const good of [least, most]) expect(read(makeIssuer({ [name]: good }))).toBe(good)
    for (const bad of [least - 1, most + 1, 1.5, '5', null, NaN, Infinity, -1, [1]]) {
      expect(problem({ [name]: bad })).toEqual(sentence(`'${name}' must be a whole number from ${least} to ${most}`))
    }
  }) // prettier-ignore

  const lifetimes: readonly (readonly [string, number, number, keyof Issuer['lifetimes']])[] = [
    ['pushed_request', 5, 599, 'pushedRequest'],
    ['authorization_code', 1, 60, 'authorizationCode'],
    ['access_token', 10, 3600, 'accessToken'],
    ['id_token', 10, 3600, 'idToken'],
    ['grant', 60, 315_360_000, 'grant'],
  ]
  it.each(lifetimes)('SP-AS-11 SP-AS-31 take a lifetime of %s from %i to %i seconds', (name, least, most, member) => {
    for (const good of [least, most]) {
      expect(makeIssuer({ lifetimes: { [name]: good } }).lifetimes[member]).toBe(good)
    }
    for (const bad of [least - 1, most + 1, 1.5, String(least), null]) {
      expect(problem({ lifetimes: { [name]: bad } })).toEqual(sentence(`lifetimes: '${name}' must be a whole number`))
    }
  }) // prettier-ignore

  const kept: readonly (readonly [string, number, number, keyof Issuer['evidence']])[] = [
    ['anchor_every', 10, 86_400, 'anchorEvery'],
    ['retention_days', 0, 3_650, 'retentionDays'],
  ]
  it.each(kept)('take evidence.%s from %i to %i', (name, least, most, member) => {
    for (const good of [least, most]) {
      expect(makeIssuer({ evidence: { [name]: good } }).evidence[member]).toBe(good)
    }
    for (const bad of [least - 1, most + 1, 10.5, String(least), null]) {
      expect(problem({ evidence: { [name]: bad } })).toEqual(sentence(`evidence: '${name}' must be a whole number`))
    }
  }) // prettier-ignore

  it('anchor every 5 minutes and keep for two years unless told otherwise', () => {
    expect(makeIssuer({}).evidence).toEqual({ anchorEvery: 300, retentionDays: 730 })
    expect(problem({ evidence: [] })).toEqual(sentence('evidence must be an object'))
    expect(problem({ evidence: { keep: 1 } })).toEqual(sentence("unknown setting 'keep'"))
  })

  it('take no other lifetimes', () => {
    expect(problem({ lifetimes: [] })).toEqual(sentence('lifetimes must be an object'))
    expect(problem({ lifetimes: { interaction: 60 } })).toEqual(
      sentence("unknown lifetime 'interaction'"),
    )
  })

  it.each(['ES256', 'PS256', 'Ed25519'])('SP-CR-02 sign with %s', (alg) => {
    expect(makeIssuer({ signing_alg: alg }).signingAlgorithm).toBe(alg)
  })

  it.each(['RS256', 'none', 'HS256', 'EdDSA', 'ES384', 'es256', '', null])(
    'SP-CR-02 SP-CR-03 never sign with %j',
    (alg) => {
      expect(problem({ signing_alg: alg })).toEqual(sentence("'signing_alg' must be one of ES256, PS256, Ed25519")) // prettier-ignore
    },
  )

  it('sign with further algorithms, and decrypt with those that are named', () => {
    const named = (changes: object) => {
      const { furtherSigningAlgorithms, decryptionAlgorithms } = makeIssuer({ ...changes })
      return [furtherSigningAlgorithms, decryptionAlgorithms]
    }
    expect(named({})).toEqual([[], ['ECDH-ES']])
    expect(named({ further_signing_algs: ['Ed25519', 'PS256'], decryption_algs: [] })).toEqual([
      ['PS256', 'Ed25519'],
      [],
    ])
    expect(named({ decryption_algs: ['RSA-OAEP-256'] })).toEqual([[], ['RSA-OAEP-256']])
  })

  it('SP-CR-02 SP-CR-03 take no other algorithm, and none twice', () => {
    const may = sentence("'further_signing_algs' may list ES256, PS256, Ed25519, each once")
    for (const bad of [['RS256'], ['none'], ['PS256', 'PS256'], ['EdDSA'], [1]]) {
      expect(problem({ further_signing_algs: bad })).toEqual(may)
    }
    expect(problem({ further_signing_algs: ['ES256'] })).toEqual(sentence('further_signing_algs names ES256, which signs already')) // prettier-ignore
    expect(problem({ further_signing_algs: 'PS256' })).toEqual(sentence("'further_signing_algs' must be a list")) // prettier-ignore
    for (const bad of [['RSA1_5'], ['RSA-OAEP'], ['dir'], ['ECDH-ES', 'ECDH-ES']]) {
      expect(problem({ decryption_algs: bad })).toEqual(sentence("'decryption_algs' may list ECDH-ES, RSA-OAEP-256, each once")) // prettier-ignore
    }
  })

  it.each([[[1]], [[1024]], [[4, 1]], [[1, 1024]]])('take the assertion shards %j', (shards) => {
    expect(makeIssuer({ assertion_shards: shards }).assertionShards).toEqual(shards)
  })

  it('take the same number of assertion shards twice for once', () => {
    expect(makeIssuer({ assertion_shards: [4, 4] }).assertionShards).toEqual([4])
  })

  it.each([[[]], [[0]], [[1025]], [[1, 2, 3]], [[1.5]], [['1']], [4], ['4'], [{}], [[null]]])(
    'refuse the assertion shards %j',
    (shards) => {
      expect(problem({ assertion_shards: shards })).toEqual(sentence('assertion_shards must be'))
    },
  )

  it.each(locationHints)('know the location %s', (hint) => {
    expect(makeIssuer({ default_location: hint }).defaultLocation).toBe(hint)
  })

  it('know no other location and no other jurisdiction', () => {
    expect(problem({ default_location: 'moon' })).toEqual(sentence("'default_location' must be one of wnam")) // prettier-ignore
    for (const jurisdiction of ['eu', 'fedramp']) {
      expect(makeIssuer({ jurisdiction }).jurisdiction).toBe(jurisdiction)
    }
    expect(problem({ jurisdiction: 'uk' })).toEqual(
      sentence("jurisdiction must be 'eu' or 'fedramp'"),
    )
  })

  it('demand two factors under FAPI unless one is chosen, and know no other number', () => {
    const minimum = (authentication: unknown) =>
      makeIssuer({ authentication }).authentication.minimum
    expect([minimum(undefined), minimum({}), minimum({ factors: 2 })]).toEqual([2, 2, 2])
    expect(minimum({ factors: 1 })).toBe(1)
    expect(makeIssuer({ profile: 'openid-connect' }).authentication.minimum).toBe(1)
    for (const factors of [3, 0, '1']) {
      const about = 'authentication.factors must be 1 or 2'
      expect(problem({ authentication: { factors } })).toEqual(sentence(about))
    }
    expect(problem({ authentication: 1 })).toEqual(sentence('authentication must be an object'))
    expect(problem({ authentication: { factor: 1 } })).toEqual(
      sentence("authentication: unknown setting 'factor'"),
    )
  })

  it('name further authentication contexts, without changing what the own names mean', () => {
    const { acr } = makeIssuer({
      authentication: { acr_values: { 'urn:bank:sca': 'two-factors' } },
    }).authentication
    expect(Object.entries(acr)).toEqual([
      ['urn:bank:sca', 2],
      ['urn:fapi-edge:acr:one-factor', 1],
      ['urn:fapi-edge:acr:two-factors', 2],
      ['urn:fapi-edge:acr:phishing-resistant', 3],
    ])
    for (const level of ['three-factors', 2, null, 'toString']) {
      expect(problem({ authentication: { acr_values: { 'urn:bank:sca': level } } })).toEqual(
        sentence('acr_values must map names to one of one-factor, two-factors, phishing-resistant'),
      )
    }
    expect(problem({ authentication: { acr_values: { 'with space': 'two-factors' } } })).toEqual(
      sentence("'with space' cannot be an acr value"),
    )
    const lowered = makeIssuer({
      authentication: { acr_values: { 'urn:fapi-edge:acr:two-factors': 'one-factor' } },
    })
    expect(lowered.authentication.acr['urn:fapi-edge:acr:two-factors']).toBe(2)
  })

  it('limit sessions', () => {
    const session = (value: unknown) =>
      makeIssuer({ authentication: { session: value } }).authentication.session
    expect(session(undefined)).toEqual({ idle: 1_800, absolute: 43_200 })
    expect(session({ idle: 60, absolute: 60 })).toEqual({ idle: 60, absolute: 60 })
    for (const value of [{ idle: 59 }, { absolute: 2_592_001 }, { idle: 1.5 }]) {
      expect(problem({ authentication: { session: value } })).toMatch(/must be a whole number/)
    }
    expect(problem({ authentication: { session: { idle: 3600, absolute: 60 } } })).toEqual(
      sentence('session.idle must not be longer than session.absolute'),
    )
  })

  it('have a name that is a text', () => {
    expect(makeIssuer({ name: 'Example Bank' }).name).toBe('Example Bank')
    for (const name of ['', 1, {}, null]) {
      expect(problem({ name })).toEqual(sentence("'name' must be a non-empty text"))
    }
  })
})
