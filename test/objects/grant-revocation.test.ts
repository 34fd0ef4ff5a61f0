import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
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
  tokenOf,
} from './support/grants.ts'
import {
  evict,
  holdingsOf,
  nothing,
  parallel,
  runAlarm,
  setClock,
  start,
} from './support/objects.ts'

const reuse = { ...presenter, secretHash: code.secretHash }

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

/** Whether anything of the grant's first redemption still opens a door. */
async function signsOfLife(grant: Awaited<ReturnType<typeof redeemedGrant>>) {
  const { epoch, series } = firstToken
  return {
    access: (await grant().token({ issuer: 'bank', id: 'any', epoch, series })).value !== undefined,
    refresh: (await grant().refresh(refresh)).value.status === 'refreshed',
    status: (await grant().summary('bank')).value.status,
  }
}

describe('revoking a grant', () => {
  it('SP-CR-11 ends codes, refresh tokens and access tokens at once', async () => {
    const grant = await redeemedGrant()
    expect(await signsOfLife(grant)).toEqual({ access: true, refresh: true, status: 'active' })
    expect((await grant().revoke('bank', { forbid: false })).value).toBe('revoked')
    expect(await signsOfLife(grant)).toEqual({ access: false, refresh: false, status: 'revoked' })
    expect((await grant().authorize(order)).value).toBe(false)
  })

  it('SP-CR-11 refuses a code that was not redeemed before the revocation', async () => {
    const grant = await authorizedGrant()
    await grant().revoke('bank', { forbid: false })
    expect((await grant().redeem(redemption)).value.status).toBe('refused')
  })

  it('leaves nothing alive that was issued after the answer, among 50 parallel refreshes', async () => {
    const grant = await redeemedGrant()
    const refreshing = parallel(50, () => grant().refresh(refresh))
    const revoked = await grant().revoke('bank', { forbid: false })
    expect(revoked.value).toBe('revoked')
    const late = await parallel(50, () => grant().refresh(refresh))
    expect(late.every(({ value }) => value.status === 'refused')).toBe(true)
    for (const { value } of await refreshing) {
      if (value.status !== 'refreshed') continue
      expect((await grant().token(tokenOf(value))).value).toBeUndefined()
    }
  })

  it('leaves nothing alive that was redeemed beside it', async () => {
    const grant = await authorizedGrant()
    await Promise.all([
      parallel(10, () => grant().redeem(redemption)),
      grant().revoke('bank', { forbid: false }),
      parallel(10, () => grant().redeem(redemption)),
    ])
    expect(await signsOfLife(grant)).toEqual({ access: false, refresh: false, status: 'revoked' })
  })

  it('stays revoked after it was evicted', async () => {
    const grant = await redeemedGrant()
    await grant().revoke('bank', { forbid: false })
    await evict(grant())
    expect(await signsOfLife(grant)).toEqual({ access: false, refresh: false, status: 'revoked' })
  })

  it('with forbid keeps a promised grant from ever being authorised, and is forgotten in time', async () => {
    const id = newGrantId()
    expect((await grantOf(id).revoke('bank', { forbid: true })).value).toBe('revoked')
    expect((await grantOf(id).authorize(order)).value).toBe(false)
    expect((await grantOf(id).redeem(redemption)).value.status).toBe('refused')
    setClock(86_400)
    expect(await runAlarm(grantOf(id))).toBe(true)
    expect(await holdingsOf(grantOf(id))).toEqual(nothing)
  })

  it('without forbid leaves a grant that does not exist free to be authorised', async () => {
    const id = newGrantId()
    expect((await grantOf(id).revoke('bank', { forbid: false })).value).toBe('unknown')
    expect((await grantOf(id).authorize(order)).value).toBe(true)
  })
})

describe('Grant.revokeForReuse', () => {
  it('SP-AS-28 ATK-A1-04 ends the grant that the reused code created', async () => {
    const grant = await redeemedGrant()
    expect((await grant().revokeForReuse(reuse)).value).toBe(true)
    expect(await signsOfLife(grant)).toEqual({ access: false, refresh: false, status: 'revoked' })
    expect((await grant().redeem(redemption)).value.status).toBe('used')
    expect(await grant().revokeForReuse(reuse)).toEqual({ value: true, rows: 0 })
  })

  it('does nothing for a code that was not used yet', async () => {
    const grant = await authorizedGrant()
    expect(await grant().revokeForReuse(reuse)).toEqual({ value: false, rows: 0 })
    expect((await grant().redeem(redemption)).value.status).toBe('redeemed')
  })

  it.each([
    ['another client', { ...reuse, clientId: 'evil' }],
    ['a later client of the same id', { ...reuse, generation: 'second' }],
    ['a guessed secret', { ...reuse, secretHash: 'guess' }],
  ])('does nothing for %s', async (_, stranger) => {
    const grant = await redeemedGrant()
    expect(await grant().revokeForReuse(stranger)).toEqual({ value: false, rows: 0 })
    expect(await signsOfLife(grant)).toEqual({ access: true, refresh: true, status: 'active' })
  })

  it('leaves the tokens alone when nothing but a used code is presented again', async () => {
    const grant = await redeemedGrant()
    await parallel(20, () => grant().redeem(redemption))
    expect(await signsOfLife(grant)).toEqual({ access: true, refresh: true, status: 'active' })
  })
})

describe('Grant.revokeRefreshToken', () => {
  it('SP-CR-11 ends the token and the access tokens, and the consent stays', async () => {
    const grant = await redeemedGrant()
    expect((await grant().revokeRefreshToken(refresh)).value).toBe('revoked')
    expect(await signsOfLife(grant)).toEqual({ access: false, refresh: false, status: 'active' })
    expect((await grant().summary('bank')).value.consent).toEqual(consent)
    expect((await grant().revokeRefreshToken(refresh)).value).toBe('unknown')
  })

  it('leaves no access token alive that 50 parallel refreshes brought', async () => {
    const grant = await redeemedGrant()
    const refreshing = parallel(50, () => grant().refresh(refresh))
    await grant().revokeRefreshToken(refresh)
    for (const { value } of await refreshing) {
      if (value.status !== 'refreshed') continue
      expect((await grant().token(tokenOf(value))).value).toBeUndefined()
    }
    expect((await grant().refresh(refresh)).value.status).toBe('refused')
  })

  it('ATK-A1-26 refuses another client, and the token stays alive', async () => {
    const grant = await redeemedGrant()
    const stranger = { ...refresh, clientId: 'evil' }
    expect(await grant().revokeRefreshToken(stranger)).toEqual({ value: 'foreign', rows: 0 })
    const guess = { ...refresh, secretHash: 'guess' }
    expect(await grant().revokeRefreshToken(guess)).toEqual({ value: 'unknown', rows: 0 })
    expect(await signsOfLife(grant)).toEqual({ access: true, refresh: true, status: 'active' })
  })
})

describe('access tokens of a grant', () => {
  it('SP-RS-03 ends the one that was revoked and no other, until a minute after it expires', async () => {
    const grant = await redeemedGrant()
    expect((await grant().revokeAccessToken('bank', 'one', start + 300_000)).value).toBe(true)
    expect((await grant().revokeAccessToken('bank', 'one', start + 300_000)).rows).toBe(0)
    expect((await grant().token({ ...firstToken, id: 'one' })).value).toBeUndefined()
    expect((await grant().token({ ...firstToken, id: 'two' })).value).toEqual(consent)
    await evict(grant())
    expect((await grant().token({ ...firstToken, id: 'one' })).value).toBeUndefined()
    // Clocks differ: it is remembered for a minute after every clock should refuse it.
    setClock(359)
    await grant().revokeAccessToken('bank', 'two', start + 600_000)
    expect((await grant().token({ ...firstToken, id: 'one' })).value).toBeUndefined()
    setClock(360)
    await grant().revokeAccessToken('bank', 'three', start + 600_000)
    const held = (await holdingsOf(grant())).values['grant']
    expect(held).toMatchObject({ revokedTokens: [{ id: 'two' }, { id: 'three' }] })
  })

  it('ends each of 50 that are revoked side by side', async () => {
    const grant = await redeemedGrant()
    const until = start + 300_000
    await parallel(50, (index) => grant().revokeAccessToken('bank', `token ${index}`, until))
    const tokens = await parallel(50, (index) =>
      grant().token({ ...firstToken, id: `token ${index}` }),
    )
    expect(tokens.every(({ value }) => value === undefined)).toBe(true)
  })

  it.each([
    ['an epoch that ended', { ...firstToken, epoch: 0 }],
    ['an epoch that has not begun', { ...firstToken, epoch: 2 }],
    ['a series that never was', { ...firstToken, series: 2 }],
  ])('SP-RS-03 are not alive in %s', async (_, token) => {
    const grant = await redeemedGrant()
    expect((await grant().token(token)).value).toBeUndefined()
    expect((await grant().token(firstToken)).value).toEqual(consent)
  })

  it('are not alive before their code is redeemed', async () => {
    const grant = await authorizedGrant()
    expect((await grant().token(firstToken)).value).toBeUndefined()
    await grant().redeem(redemption)
    expect((await grant().token(firstToken)).value).toEqual(consent)
  })
})
