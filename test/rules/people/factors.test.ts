import { describe, expect, it } from 'vitest'
import { mayLose, reachOf } from '../../../src/objects/account/factors.ts'
import type { Has } from '../../../src/objects/account/factors.ts'
import { isFresh, levelForChange, wasFresh } from '../../../src/people/freshness.ts'
import { checkNewPassword } from '../../../src/people/new-password.ts'
import { mayRecover } from '../../../src/people/steps.ts'
import type { Proof } from '../../../src/types.ts'

const every: readonly Has[] = [true, false].flatMap((password) =>
  [true, false].flatMap((code) => [0, 1, 2].map((passkeys) => ({ password, code, passkeys }))),
)

const without: readonly (readonly [string, (has: Has) => Has | undefined])[] = [
  ['the code', (has) => (has.code ? { ...has, code: false } : undefined)],
  ['a passkey', (has) => (has.passkeys > 0 ? { ...has, passkeys: has.passkeys - 1 } : undefined)],
]

describe('the last factor', () => {
  it.each(without)('is never taken with %s, whatever else there is', (_, take) => {
    for (const minimum of [1, 2] as const) {
      for (const before of every) {
        const after = take(before)
        if (after === undefined) continue
        const allowed = mayLose(before, after, minimum)
        if (reachOf(after) < minimum) expect(allowed).toBe(false)
        // Whoever had two factors keeps two.
        if (reachOf(before) >= 2 && reachOf(after) < 2) expect(allowed).toBe(false)
        if (reachOf(after) >= 2) expect(allowed).toBe(true)
      }
    }
  })

  it('may go where two factors remain, and where nobody had or needs two', () => {
    const has = { password: true, code: true, passkeys: 1 }
    expect(mayLose(has, { ...has, code: false }, 2)).toBe(true)
    expect(mayLose(has, { ...has, passkeys: 0 }, 2)).toBe(true)
    const one = { password: true, code: false, passkeys: 1 }
    expect(mayLose(one, { ...one, passkeys: 0 }, 1)).toBe(false)
  })
})

describe('proofs before a change', () => {
  const at = 1_800_000_000_000
  const two: readonly Proof[] = [
    { method: 'password', at },
    { method: 'code', at: at + 60_000 },
  ]

  it('are fresh for five minutes from the older one, and only at the level that is needed', () => {
    expect(isFresh(two, 2, at + 300_000)).toBe(true)
    expect(isFresh(two, 2, at + 300_001)).toBe(false)
    expect(isFresh(two.slice(0, 1), 2, at)).toBe(false)
    expect(isFresh(two.slice(0, 1), 1, at)).toBe(true)
  })

  it('stay good for the form that was opened with them, and no longer', () => {
    expect(wasFresh(two, 2, at + 960_000)).toBe(true)
    expect(wasFresh(two, 2, at + 960_001)).toBe(false)
  })

  it('are two factors of whoever has them, and never less than the issuer demands', () => {
    expect([levelForChange(1, 1), levelForChange(2, 1), levelForChange(3, 1)]).toEqual([1, 2, 2])
    expect([levelForChange(0, 2), levelForChange(1, 2), levelForChange(3, 2)]).toEqual([2, 2, 2])
  })
})

describe('a code in place of a passkey', () => {
  const need = { required: 2, wanted: 2, freshAfter: 1_000 } as const
  const methods = { password: true, code: false, passkeys: 1, recovery: true }
  const password = [{ method: 'password', at: 2_000 }] as const

  it('is offered after the password, where two factors are enough', () => {
    expect(mayRecover(need, password, methods)).toBe(true)
    expect(mayRecover(need, password, { ...methods, code: true, recovery: false })).toBe(true)
  })

  it('is not offered without the password, to nobody, without codes, or where a passkey is required', () => {
    expect(mayRecover(need, [], methods)).toBe(false)
    expect(mayRecover(need, [{ method: 'password', at: 999 }], methods)).toBe(false)
    expect(mayRecover(need, password, undefined)).toBe(false)
    expect(mayRecover(need, password, { ...methods, recovery: false })).toBe(false)
    expect(mayRecover({ ...need, required: 3, wanted: 3 }, password, methods)).toBe(false)
  })
})

describe('a new password', () => {
  it.each(['short', '1234567', '', 'x'.repeat(257)])('%j has the wrong length', (password) => {
    expect(checkNewPassword(password, 'alice')).toBe('length')
  })

  it.each([
    'Password123',
    '12345678',
    'QWERTYUIOP',
    'zzzzzzzzzz',
    'alice.liddell',
    'Alice.Liddell ',
  ])('%j is what everybody would try', (password) => {
    expect(checkNewPassword(password, 'alice.liddell')).toBe('common')
  })

  it.each(['correct horse', 'eightch8', 'x y '.repeat(64), 'пароль для банка'])(
    '%j is taken',
    (password) => {
      expect(checkNewPassword(password, 'alice')).toBeUndefined()
    },
  )
})
