import { describe, expect, it } from 'vitest'
import { openForm, sealForm } from '../../../src/people/forms.ts'
import { makeCall } from '../support/call.ts'
import { makeIssuer } from '../support/issuer.ts'

const now = 1_800_000_000_000
const call = makeCall({ now })
const bound = 'hash of the session cookie'
const seal = (kind: 'account' | 'code' = 'account') =>
  sealForm(call, kind, { bound, lifetime: 60_000, data: { secret: 'ABC' } })

describe('the token of a form', () => {
  it('opens for its form, cookie and time, and gives back what it carries', async () => {
    const token = await seal()
    expect(await openForm(call, 'account', { token, bound })).toEqual({
      ok: true,
      value: { secret: 'ABC' },
    })
    const last = makeCall({ now: now + 59_999 })
    expect((await openForm(last, 'account', { token, bound })).ok).toBe(true)
    expect(token).not.toContain('ABC')
  })

  it('ATK-A1-17 opens for no other form, cookie or issuer, nor too late or changed', async () => {
    const token = await seal()
    const end = token.endsWith('A') ? 'B' : 'A'
    const attempts = [
      openForm(call, 'code', { token, bound }),
      openForm(call, 'account', { token, bound: 'another cookie' }),
      openForm(makeCall({ now: now + 60_000 }), 'account', { token, bound }),
      openForm(makeCall({ now, issuer: makeIssuer({ id: 'other' }) }), 'account', { token, bound }),
      ...[undefined, '', 'x', `${token.slice(0, -1)}${end}`, `${token}A`, 'A'.repeat(5_000)].map(
        (changed) => openForm(call, 'account', { token: changed, bound }),
      ),
    ]
    for (const refused of await Promise.all(attempts)) {
      expect(refused).toMatchObject({
        ok: false,
        refusal: { code: 'invalid_request', told: 'page-outdated' },
      })
    }
  })
})
