import { describe, expect, it } from 'vitest'
import { prompt } from '../../../src/authorization/rules/prompt.ts'
import { pushed, refusalOf, valueOf } from '../support/issuer.ts'

describe('prompt', () => {
  it.each([
    ['none', ['none']],
    ['login', ['login']],
    ['consent', ['consent']],
    ['select_account', ['select_account']],
    ['login consent', ['login', 'consent']],
    ['login  login', ['login']],
  ])('SP-PAR-06 OIDC Core 3.1.2.1 accepts %j', (value, expected) => {
    expect(valueOf(prompt(pushed({ prompt: value }))).prompt).toEqual(expected)
  })

  it.each(['none login', 'login none', 'create', 'None', 'login,consent'])(
    'OIDC Core 3.1.2.1 refuses %j',
    (value) => {
      expect(refusalOf(prompt, { prompt: value })).toBe('invalid_request')
    },
  )

  it('contributes an empty list when it was not pushed', () => {
    expect(prompt(pushed({}))).toEqual({ ok: true, value: { prompt: [] } })
  })
})

describe('max_age', () => {
  it.each(['0', '1', '86400', '999999999'])('accepts %s', (value) => {
    expect(refusalOf(prompt, { max_age: value })).toBeUndefined()
  })

  it.each(['-1', '1.5', '1e3', '0x10', 'soon', ' 1', '1 ', '1000000000', '\u0661'])(
    'OIDC Core 3.1.2.1 refuses %j',
    (value) => {
      expect(refusalOf(prompt, { max_age: value })).toBe('invalid_request')
    },
  )
})

describe('login_hint', () => {
  it('keeps 256 characters whole and refuses more', () => {
    const hint = 'h'.repeat(256)
    expect(valueOf(prompt(pushed({ login_hint: hint }))).loginHint).toBe(hint)
    expect(refusalOf(prompt, { login_hint: `${hint}h` })).toBe('invalid_request')
  })
})

describe('what is known of the person', () => {
  it('OIDC Core 3.1.2.1 goes on as numbers and texts, and only where it was pushed', () => {
    const subjectHint = 'alice'
    const given = pushed({ max_age: '0060', login_hint: 'x'.repeat(256), ui_locales: 'de de-CH' })
    expect(valueOf(prompt({ ...given, subjectHint }))).toEqual({
      prompt: [],
      maxAge: 60,
      loginHint: 'x'.repeat(256),
      subjectHint,
      uiLocales: ['de', 'de-CH'],
    })
    expect(Object.keys(valueOf(prompt(pushed({ ui_locales: ' ' }))))).toEqual(['prompt'])
  })

  it('OIDC Core 3.1.2.1 is bounded: a hint of 256 characters, 16 languages', () => {
    expect(refusalOf(prompt, { login_hint: 'x'.repeat(257) })).toBe('invalid_request')
    const many = Array.from({ length: 20 }, (_, at) => `x${at}`)
    expect(valueOf(prompt(pushed({ ui_locales: many.join(' ') }))).uiLocales).toEqual(
      many.slice(0, 16),
    )
  })
})
