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

  it.each([[[1]], [[256]], [[4, 1]], [[1, 256]]])('take the assertion shards %j', (shards) => {
    expect(makeIssuer({ assertion_shards: shards }).assertionShards).toEqual(shards)
  })

  it('take the same number of assertion shards twice for once', () => {
    expect(makeIssuer({ assertion_shards: [4, 4] }).assertionShards).toEqual([4])
  })

  it.each([[[]], [[0]], [[257]], [[1, 2, 3]], [[1.5]], [['1']], [4], ['4'], [{}], [[null]]])(
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

  it('verify one factor, and refuse to promise two', () => {
    expect(makeIssuer({ authentication: { factors: 1 } }).factors).toBe(1)
    expect(makeIssuer({ authentication: {} }).factors).toBe(1)
    for (const factors of [2, 0, '1']) {
      const about = `authentication.factors is ${JSON.stringify(factors)}`
      expect(problem({ authentication: { factors } })).toEqual(sentence(about))
    }
    expect(problem({ authentication: 1 })).toEqual(sentence('authentication must be an object'))
  })

  it('have a name that is a text', () => {
    expect(makeIssuer({ name: 'Example Bank' }).name).toBe('Example Bank')
    for (const name of ['', 1, {}, null]) {
      expect(problem({ name })).toEqual(sentence("'name' must be a non-empty text"))
    }
  })
})
