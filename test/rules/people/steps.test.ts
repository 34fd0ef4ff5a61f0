import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge } from '../../../src/people/authentication.ts'
import { nextStep } from '../../../src/people/steps.ts'
import type { Methods } from '../../../src/people/steps.ts'
import type { Level, Proof } from '../../../src/types.ts'
import { holds } from '../support/property.ts'

const need = (required: Level, wanted: Level = required, freshAfter = 0) => ({
  required,
  wanted,
  freshAfter,
})
const proofs = (...methods: readonly Proof['method'][]): readonly Proof[] =>
  methods.map((method, index) => ({
    method,
    at: index + 1,
    ...(method === 'delegated' ? { level: 2 } : {}),
  }))
/** What an account has where people sign in elsewhere. */
const elsewhere = (most: Level): Methods => ({
  password: false,
  code: false,
  passkeys: 0,
  elsewhere: most,
})

const everything: Methods = { password: true, code: true, passkeys: 1 }
const withoutPasskey: Methods = { password: true, code: true, passkeys: 0 }
const passwordOnly: Methods = { password: true, code: false, passkeys: 0 }
const passkeyOnly: Methods = { password: false, code: false, passkeys: 2 }
const passkeyAndPassword: Methods = { password: true, code: false, passkeys: 1 }

describe('the next step of a sign-in', () => {
  it.each([
    ['nobody is known', need(2), [], undefined, 'identify'],
    ['nothing was shown', need(2), [], withoutPasskey, 'password'],
    ['nothing was shown, and there is a choice', need(2), [], everything, 'identify'],
    ['a password was shown', need(2), ['password'], withoutPasskey, 'code'],
    ['a password was shown where one factor is enough', need(1), ['password'], everything, 'done'],
    ['password and code were shown', need(2), ['password', 'code'], withoutPasskey, 'done'],
    ['password and recovery code were shown', need(2), ['password', 'recovery'], withoutPasskey, 'done'],
    ['a passkey was shown', need(3), ['passkey'], passkeyOnly, 'done'],
    ['a password was shown and the other factor is a passkey', need(2), ['password'], passkeyAndPassword, 'passkey'],
    ['there is no password', need(1), [], passkeyOnly, 'passkey'],
    ['there is no second factor', need(2), ['password'], passwordOnly, 'unreachable'],
    ['there is no passkey', need(3), ['password', 'code'], withoutPasskey, 'unreachable'],
    ['there is no passkey, and nothing else was shown', need(3), [], withoutPasskey, 'unreachable'],
    ['a passkey is demanded beyond two factors', need(3), ['password', 'code'], everything, 'passkey'],
    ['people sign in elsewhere', need(2), [], elsewhere(2), 'identify'],
    ['less than is required was shown elsewhere', need(3), ['delegated'], elsewhere(2), 'identify'],
    ['all that is required was shown elsewhere', need(2), ['delegated'], elsewhere(3), 'done'],
    ['the login elsewhere has more of what is wished for', need(2, 3), ['delegated'], elsewhere(3), 'identify'],
    ['the login elsewhere has no more', need(2, 3), ['delegated'], elsewhere(2), 'done'],
    ['an older factor of this server is left', need(2), ['password'], { ...withoutPasskey, elsewhere: 2 }, 'identify'],
  ] as const)('when %s', (_, needed, shown, methods, step) => {
    expect(nextStep(needed, proofs(...shown), methods)).toBe(step)
  }) // prettier-ignore

  it('asks for what is wished only where the account has it', () => {
    expect(nextStep(need(1, 3), proofs('password'), everything)).toBe('passkey')
    expect(nextStep(need(1, 3), proofs('password'), withoutPasskey)).toBe('code')
    expect(nextStep(need(1, 3), proofs('password', 'code'), withoutPasskey)).toBe('done')
    expect(nextStep(need(1, 2), proofs('password'), passwordOnly)).toBe('done')
    expect(nextStep(need(2, 3), proofs('password', 'code'), withoutPasskey)).toBe('done')
  })

  it('asks again for what is too old', () => {
    const old = proofs('password', 'code')
    expect(nextStep(need(2, 2, 1), old, withoutPasskey)).toBe('done')
    expect(nextStep(need(2, 2, 2), old, withoutPasskey)).toBe('password')
    const newer: readonly Proof[] = [{ method: 'password', at: 5 }]
    expect(nextStep(need(2, 2, 3), [...old, ...newer], withoutPasskey)).toBe('code')
  })

  it('is never done below what is required, and is unreachable only below it', () => {
    const level = fc.constantFrom<Level>(1, 2, 3)
    const shown = fc.array(
      fc.record({
        method: fc.constantFrom<Proof['method']>('password', 'code', 'recovery', 'passkey'),
        at: fc.integer({ min: 0, max: 9 }),
      }),
      { maxLength: 5 },
    )
    const methods = fc.record({
      password: fc.boolean(),
      code: fc.boolean(),
      passkeys: fc.nat(2),
    })
    holds(
      fc.property(level, level, fc.nat(9), shown, methods, (a, b, freshAfter, given, has) => {
        const needed = need(Math.min(a, b) as Level, Math.max(a, b) as Level, freshAfter)
        const step = nextStep(needed, given, has)
        const { level: reached } = judge(given, freshAfter)
        if (step === 'done') expect(reached).toBeGreaterThanOrEqual(needed.required)
        if (step === 'unreachable') expect(reached).toBeLessThan(needed.required)
        if (step === 'code') expect(has.code).toBe(true)
        if (step === 'passkey') expect(has.passkeys).toBeGreaterThan(0)
        if (step === 'password') expect(has.password).toBe(true)
      }),
      500,
    )
  })
})
