import { describe, expect, it } from 'vitest'
import { responseMode } from '../../../src/authorization/rules/response-mode.ts'
import { pushed, refusalOf, valueOf } from '../support/issuer.ts'

const modeOf = (value?: string) =>
  valueOf(responseMode(pushed(value === undefined ? {} : { response_mode: value }))).responseMode

describe('response_mode', () => {
  it.each(['fragment', 'form_post', 'JWT', 'jwt ', 'Query', 'query ', 'none', '__proto__'])(
    'ATK-A1-08 refuses %j, which the metadata does not offer',
    (value) => {
      expect(refusalOf(responseMode, { response_mode: value })).toBe('invalid_request')
    },
  )

  it('MS-JARM-05 means query without a word, and query.jwt by jwt', () => {
    expect(modeOf()).toBe('query')
    expect(modeOf('query')).toBe('query')
    expect(modeOf('jwt')).toBe('query.jwt')
    for (const mode of ['query.jwt', 'fragment.jwt', 'form_post.jwt'])
      expect(modeOf(mode)).toBe(mode)
  })

  it('MS-JARM-01 must be named, and signed, where the profile has only signed ones', () => {
    const issuer = { profile: 'fapi2-message-signing' }
    const ask = (value?: string) =>
      refusalOf(responseMode, value === undefined ? {} : { response_mode: value }, { issuer })
    expect(ask()).toBe('invalid_request')
    expect(ask('query')).toBe('invalid_request')
    for (const mode of ['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'])
      expect(ask(mode)).toBeUndefined()
  })

  it('MS 5.3.3 refuses what the client did not register, in whichever words', () => {
    const signed = { client: { response_modes: ['jwt'] } }
    for (const value of ['jwt', 'query.jwt'])
      expect(refusalOf(responseMode, { response_mode: value }, signed)).toBeUndefined()
    for (const value of ['query', 'fragment.jwt', 'form_post.jwt'])
      expect(refusalOf(responseMode, { response_mode: value }, signed)).toBe('invalid_request')
    expect(refusalOf(responseMode, {}, signed)).toBe('invalid_request')
  })
})
