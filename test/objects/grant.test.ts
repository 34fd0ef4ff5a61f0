import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Redemption } from '../../src/objects/grant.ts'
import {
  authorizedGrant,
  code,
  consent,
  firstToken,
  grantOf,
  newGrantId,
  order,
  presenter,
  redeemedGrant,
  redemption,
  refresh,
  token,
} from './support/grants.ts'
import { countOf, evict, holdingsOf, nothing, parallel, runAlarm, setClock, start } from './support/objects.ts' // prettier-ignore

const day = 86_400

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('Grant.authorize', () => {
  it('gives 50 clicks on approve the same grant with one code', async () => {
    const id = newGrantId()
    const answers = await parallel(50, () => grantOf(id).authorize(order))
    expect(answers.every(({ value }) => value)).toBe(true)
    expect(answers.reduce((sum, { rows }) => sum + rows, 0)).toBe(2)
    expect((await grantOf(id).redeem(redemption)).value.status).toBe('redeemed')
    expect((await grantOf(id).redeem(redemption)).value.status).toBe('used')
  })

  it('refuses a second consent under the id of a grant, which stays as it was', async () => {
    const grant = await authorizedGrant()
    const second = { ...order, consent: { ...consent, sub: 'sub-mallory' } }
    const other = { ...second, code: { ...code, secretHash: 'another code' } }
    expect((await grant().authorize(other)).value).toBe(false)
    expect((await grant().authorize({ ...order, issuer: 'other' })).value).toBe(false)
    expect((await grant().redeem(redemption)).value).toMatchObject({
      consent: { sub: 'sub-alice' },
    })
  })
})

describe('Grant.redeem', () => {
  it('SP-AS-28 ATK-A1-04 redeems a code once in 50 parallel redemptions', async () => {
    const grant = await authorizedGrant()
    const answers = await parallel(50, (index) =>
      grant().redeem({ ...redemption, refreshHash: `refresh ${index}` }),
    )
    const values = answers.map(({ value }) => value.status)
    expect(countOf(values, 'redeemed')).toBe(1)
    expect(countOf(values, 'used')).toBe(49)
    const refreshed = await parallel(50, (index) =>
      grant().refresh({ ...refresh, secretHash: `refresh ${index}` }),
    )
    const alive = refreshed.map(({ value }) => value.status)
    expect(countOf(alive, 'refreshed')).toBe(1)
    expect(alive.indexOf('refreshed')).toBe(values.indexOf('redeemed'))
  })

  it('answers what tokens are made from, and writes one row', async () => {
    const grant = await authorizedGrant()
    expect(await grant().redeem(redemption)).toEqual({
      rows: 1,
      value: {
        status: 'redeemed',
        consent,
        series: 1,
        token: {
          id: expect.stringMatching(/^[A-Za-z0-9_-]{76}$/) as unknown,
          audience: 'https://api.example',
          scope: ['openid', 'accounts'],
          expires: start / 1000 + 300,
        },
        nonce: 'nonce',
      },
    })
    expect((await grant().redeem(redemption)).rows).toBe(0)
    expect((await grant().token(firstToken)).value).toEqual(consent)
  })

  const without = (name: keyof Redemption): Redemption => {
    const { [name]: _left, ...rest } = redemption
    return rest as Redemption
  }
  it.each<[ids: string, mismatch: string, wrong: Redemption, error: string]>([
    ['SP-AS-28', 'a wrong secret', { ...redemption, secretHash: 'guess' }, 'invalid_grant'],
    ['ATK-A1-03', 'another client', { ...redemption, clientId: 'evil' }, 'invalid_grant'],
    ['SP-PAR-10', 'a later client of the same id', { ...redemption, generation: 'second' }, 'invalid_grant'],
    ['SP-AS-08', 'another issuer', { ...redemption, issuer: 'other' }, 'invalid_grant'],
    ['SP-AS-25', 'another redirect_uri', { ...redemption, redirectUri: 'https://app.example/' }, 'invalid_grant'],
    ['SP-AS-24 ATK-A1-01', 'a wrong verifier', { ...redemption, verifierHash: 'guess' }, 'invalid_grant'],
    ['SP-AS-24', 'no verifier', without('verifierHash'), 'invalid_grant'],
    ['DPOP-AS-20 ATK-A4-02', 'another DPoP key', { ...redemption, jkt: 'guess' }, 'invalid_grant'],
    ['DPOP-AS-24', 'no DPoP key', without('jkt'), 'invalid_grant'],
    ['SP-RS-06', 'a resource that was not granted', { ...redemption, token: { ...token, resource: 'https://x.example' } }, 'invalid_target'],
  ])('%s does not spend the code for %s', async (_ids, _mismatch, wrong, error) => {
    const grant = await authorizedGrant()
    const answers = await parallel(5, () => grant().redeem(wrong))
    for (const answer of answers) {
      expect(answer).toMatchObject({ rows: 0, value: { status: 'refused', code: error } })
    }
    expect((await grant().redeem(redemption)).value.status).toBe('redeemed')
    // Once it is used, a mismatch learns nothing of that either.
    const status = error === 'invalid_target' ? 'used' : 'refused'
    expect((await grant().redeem(wrong)).value.status).toBe(status)
  }) // prettier-ignore

  it('redeems a code without redirect_uri, and one that is bound to no key with any key', async () => {
    const id = newGrantId()
    const { dpopJkt: _bound, ...free } = code
    await grantOf(id).authorize({ ...order, code: free })
    const answer = await grantOf(id).redeem({ ...without('redirectUri'), jkt: 'any' })
    expect(answer.value.status).toBe('redeemed')
  })

  it('SP-AS-11 redeems a code up to its last millisecond and not a moment later', async () => {
    const [early, late] = [await authorizedGrant(), await authorizedGrant()]
    setClock(59.999)
    expect((await early().redeem(redemption)).value.status).toBe('redeemed')
    setClock(60)
    expect((await late().redeem(redemption)).value).toMatchObject({
      status: 'refused',
      code: 'invalid_grant',
    })
    expect((await late().refresh(refresh)).value.status).toBe('refused')
  })

  it('SP-AS-28 still knows a used code after it was evicted', async () => {
    const grant = await authorizedGrant()
    await evict(grant())
    expect((await grant().redeem(redemption)).value.status).toBe('redeemed')
    await evict(grant())
    expect((await grant().redeem(redemption)).value.status).toBe('used')
    expect((await grant().refresh(refresh)).value.status).toBe('refreshed')
  })

  it('releases no refresh token when none was asked for', async () => {
    const grant = await authorizedGrant()
    await grant().redeem(without('refreshHash'))
    expect((await grant().refresh(refresh)).value.status).toBe('refused')
    expect((await grant().token(firstToken)).value).toEqual(consent)
  })
})

describe('Grant.refresh', () => {
  it('SP-AS-09 takes the same refresh token 50 times side by side and again later', async () => {
    const grant = await redeemedGrant()
    const answers = await parallel(50, () => grant().refresh(refresh))
    expect(answers.every(({ value }) => value.status === 'refreshed')).toBe(true)
    setClock(89 * day)
    expect(await grant().refresh(refresh)).toMatchObject({
      rows: 1,
      value: { series: 1 },
    })
  })

  it('SP-AS-09 ends with the consent and not a moment earlier', async () => {
    const grant = await redeemedGrant()
    setClock(90 * day - 0.001)
    expect((await grant().refresh(refresh)).value.status).toBe('refreshed')
    expect((await grant().token(firstToken)).value).toEqual(consent)
    expect((await grant().summary('bank')).value.status).toBe('active')
    setClock(90 * day)
    expect((await grant().refresh(refresh)).value.status).toBe('refused')
    expect((await grant().token(firstToken)).value).toBeUndefined()
    expect((await grant().summary('bank')).value.status).toBe('expired')
  })

  it.each([
    ['ATK-A1-25', 'another client', { ...refresh, clientId: 'evil' }, 'invalid_grant'],
    ['SP-PAR-10', 'a later client of the same id', { ...refresh, generation: 'second' }, 'invalid_grant'],
    ['ATK-A1-25', 'another issuer', { ...refresh, issuer: 'other' }, 'invalid_grant'],
    ['ATK-A1-25', 'a guessed secret', { ...refresh, secretHash: 'guess' }, 'invalid_grant'],
    ['ATK-A1-24', 'a wider scope', { ...refresh, token: { ...token, scope: ['accounts', 'payments'] } }, 'invalid_scope'],
    ['ATK-A1-24', 'another resource', { ...refresh, token: { ...token, resource: 'https://x.example' } }, 'invalid_target'],
  ])('%s refuses %s and keeps the token for its client', async (_ids, _who, wrong, error) => {
    const grant = await redeemedGrant()
    expect(await grant().refresh(wrong)).toMatchObject({ rows: 0, value: { code: error } })
    const narrow = {
      ...refresh,
      token: { ...token, scope: ['accounts'], resource: 'https://api.example' },
    }
    expect((await grant().refresh(narrow)).value.status).toBe('refreshed')
  }) // prettier-ignore
})

describe('Grant', () => {
  it('answers unknown and writes nothing when it was never authorised', async () => {
    const id = newGrantId()
    const answers = [
      await grantOf(id).redeem(redemption),
      await grantOf(id).revokeForReuse({ ...presenter, secretHash: code.secretHash }),
      await grantOf(id).refresh(refresh),
      await grantOf(id).revokeRefreshToken(refresh),
      await grantOf(id).revokeAccessToken('bank', 'a token', start + 1000),
      await grantOf(id).token(firstToken),
      await grantOf(id).revoke('bank', { forbid: false }),
      await grantOf(id).summary('bank'),
    ]
    expect(answers.map(({ rows }) => rows)).toEqual(answers.map(() => 0))
    expect(answers.map(({ value }) => value)).toMatchObject([
      { status: 'refused' }, false, { status: 'refused' }, 'unknown', false, undefined,
      'unknown', { status: 'unknown' },
    ]) // prettier-ignore
    await runAlarm(grantOf(id))
    expect(await holdingsOf(grantOf(id))).toEqual(nothing)
  })

  it('is unknown to another issuer in every method, and stays alive for its own', async () => {
    const grant = await redeemedGrant()
    const foreign = { issuer: 'other' } as const
    const answers = [
      await grant().revokeForReuse({ ...presenter, ...foreign, secretHash: code.secretHash }),
      await grant().revokeRefreshToken({ ...refresh, ...foreign }),
      await grant().revokeAccessToken('other', firstToken.id, start + 1000),
      await grant().token({ ...firstToken, ...foreign }),
      await grant().revoke('other', { forbid: false }),
      await grant().revoke('other', { forbid: true }),
      await grant().summary('other'),
    ]
    expect(answers.map(({ value }) => value)).toEqual([
      false, 'unknown', false, undefined, 'unknown', 'unknown', { status: 'unknown' },
    ]) // prettier-ignore
    expect((await grant().token(firstToken)).value).toEqual(consent)
    expect((await grant().refresh(refresh)).value.status).toBe('refreshed')
  })

  it('keeps what it was to the client for a day after its end, and then its chain alone', async () => {
    const grant = await redeemedGrant()
    setClock(91 * day - 1)
    expect(await runAlarm(grant())).toBe(true)
    expect((await grant().summary('bank')).value.consent).toEqual(consent)
    setClock(91 * day)
    expect(await runAlarm(grant())).toBe(true)
    const { value } = await grant().summary('bank')
    expect(value).toMatchObject({ status: 'expired' })
    expect(value.consent).toBeUndefined()
    const held = JSON.stringify(await holdingsOf(grant()))
    for (const text of [
      'sub-alice',
      'an account',
      'hash of the code',
      'hash of the refresh token',
    ]) {
      expect(held).not.toContain(text)
    }
  })
})
