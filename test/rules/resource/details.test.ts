import { describe, expect, it } from 'vitest'
import { judgeEntitlement } from '../../../src/resource/details.ts'
import type { Entitlement } from '../../../src/resource/details.ts'
import { refuseDetails } from '../../../src/resource/refusal.ts'
import { fapi2Security } from '../../../src/profiles/fapi2-security.ts'
import { codeOf } from '../support/issuer.ts'

const resource = 'https://api.bank.example'
const where = { resource, origin: resource, pathname: '/accounts/current' }
const reads = { type: 'account_information', actions: ['list_accounts'] }
const pays = { type: 'payment_initiation', identifier: 'one' }

const judge = (needed: Entitlement, scope: readonly string[], details?: unknown, at = where) =>
  judgeEntitlement({ scope, claims: { authorization_details: details } }, needed, at)

describe('what a token must say for a route', () => {
  it('RAR-11 is a detail of the type, and the handler gets those of the type alone', () => {
    const needed = { details: 'payment_initiation' }
    const judged = judge(needed, [], [reads, pays])
    expect(judged).toEqual({ ok: true, value: [pays] })
    for (const details of [undefined, [], [reads]]) {
      expect(codeOf(judge(needed, ['accounts'], details))).toBe('insufficient_scope')
    }
  })

  it('is a scope alone, as ever', () => {
    expect(judge({ scope: 'accounts' }, ['accounts'], [pays])).toEqual({ ok: true, value: [] })
    expect(codeOf(judge({ scope: 'accounts' }, ['openid'], [reads]))).toBe('insufficient_scope')
  })

  it('is both where both are named', () => {
    const needed = { scope: 'accounts', details: 'account_information' }
    expect(judge(needed, ['accounts'], [reads])).toEqual({ ok: true, value: [reads] })
    expect(codeOf(judge(needed, ['openid'], [reads]))).toBe('insufficient_scope')
    expect(codeOf(judge(needed, ['accounts'], [pays]))).toBe('insufficient_scope')
  })

  it('is one of them where either is enough', () => {
    const needed = { scope: 'accounts', details: 'account_information', either: true } as const
    expect(judge(needed, ['openid'], [reads])).toEqual({ ok: true, value: [reads] })
    expect(judge(needed, ['accounts'])).toEqual({ ok: true, value: [] })
    expect(judge(needed, ['accounts'], [reads])).toEqual({ ok: true, value: [reads] })
    expect(codeOf(judge(needed, ['openid'], [pays]))).toBe('insufficient_scope')
  })

  it.each([
    ['an object', reads],
    ['a text', 'account_information'],
    ['a list of texts', ['account_information']],
    ['a list with null', [reads, null]],
    ['a list of lists', [[reads]]],
    ['an object without type', [{ actions: [] }]],
    ['a type that is no text', [{ type: 1 }]],
    ['an empty type', [{ type: '' }]],
  ])('RAR-01 is nothing that %s could say', (_what, details) => {
    const needed = { scope: 'accounts', details: 'account_information', either: true } as const
    expect(codeOf(judge(needed, ['accounts'], details))).toBe('invalid_token')
    expect(codeOf(judge(needed, ['accounts'], [reads]))).toBeUndefined()
  })

  it.each([
    [[resource], true],
    [[`${resource}/`], true],
    [[`${resource}/accounts`], true],
    [[`${resource}/accounts/current`], true],
    [[`${resource}/payments`, `${resource}/accounts`], true],
    [[`${resource}/payments`], false],
    [[`${resource}/acc`], false],
    [[`${resource}/accounts/current/transactions`], false],
    [['https://api.bank.example.evil/accounts'], false],
    [[], false],
    ['everywhere', false],
    [[1], false],
  ])('RAR-12 counts at the places it names and under them: %j', (locations, counts) => {
    const judged = judge({ details: 'account_information' }, [], [{ ...reads, locations }])
    expect(judged.ok).toBe(counts)
  })
})

describe('the refusal of a handler', () => {
  it('is 403 with a challenge that names the type', async () => {
    const bound = { confirmation: { jkt: 'thumbprint' } } as const
    const answer = refuseDetails(
      { profile: fapi2Security },
      bound,
      'payment_initiation',
      'Another "amount"\r\nX: y',
    )
    expect(answer.status).toBe(403)
    expect(answer.headers.get('www-authenticate')).toBe(
      `DPoP error="insufficient_scope", error_description="Another amountX: y", authorization_details_types="payment_initiation", algs="${fapi2Security.algorithms.join(' ')}"`,
    )
    expect(await answer.json()).toMatchObject({ error: 'insufficient_scope' })
    const certificate = { confirmation: { 'x5t#S256': 'thumbprint' } } as const
    const other = refuseDetails({ profile: fapi2Security }, certificate, 'a', 'b')
    expect(other.headers.get('www-authenticate')).toMatch(/^Bearer error="insufficient_scope"/)
  })
})
