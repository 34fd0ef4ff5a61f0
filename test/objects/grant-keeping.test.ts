import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { verifyEvidence } from '../../src/evidence/verify.ts'
import { exportOf, redeemed, refreshed, revoke } from './support/evidence.ts'
import { code, grantOf, newGrantId, order, presenter, redemption } from './support/grants.ts'
import { evict, holdingsOf, nothing, runAlarm, setClock, start } from './support/objects.ts'

const day = 86_400

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('keeping a grant', () => {
  const forgotten = 90 + 730

  it('keeps the chain for as long as the settings say after the end, and no longer', async () => {
    const grant = await redeemed()
    setClock(91 * day)
    await runAlarm(grant())
    const { alarm, values } = await holdingsOf(grant())
    expect(alarm).toBe(start + forgotten * day * 1000)
    expect(JSON.stringify(values['grant'])).not.toContain('hash of the')
    setClock(forgotten * day - 1)
    await runAlarm(grant())
    expect((await verifyEvidence(await exportOf(grant))).faults).toEqual([])
    setClock(forgotten * day)
    await runAlarm(grant())
    expect(await holdingsOf(grant())).toEqual(nothing)
  })

  it('begins with the revocation where a grant was ended before its time', async () => {
    const grant = await redeemed()
    await revoke(grant)
    await runAlarm(grant())
    expect((await holdingsOf(grant())).alarm).toBe(start + day * 1000)
    setClock(day)
    await runAlarm(grant())
    expect((await grant().summary('bank')).value).toMatchObject({ status: 'revoked' })
    expect((await holdingsOf(grant())).alarm).toBe(start + 730 * day * 1000)
    setClock(730 * day)
    await runAlarm(grant())
    expect(await holdingsOf(grant())).toEqual(nothing)
  })

  it('of a grant without any chain ends a day after the grant', async () => {
    const id = newGrantId()
    await grantOf(id).revoke('bank', { forbid: true })
    setClock(day)
    await runAlarm(grantOf(id))
    expect(await holdingsOf(grantOf(id))).toEqual(nothing)
  })

  it('goes on, and looks again in a day, while the issuer is not configured', async () => {
    const grant = await redeemed()
    setClock(forgotten * day)
    const settings = {
      issuers: [{ id: 'stranger', issuer: 'https://stranger.example', profile: 'fapi2-security' }],
    }
    const stub = grant() as unknown as DurableObjectStub
    await runInDurableObject(stub, (object) => {
      const one = object as unknown as { env: Record<string, unknown> }
      one.env = { ...one.env, SETTINGS: settings }
    })
    await runAlarm(grant())
    const { alarm, values } = await holdingsOf(grant())
    expect(alarm).toBe(start + (forgotten + 1) * day * 1000)
    expect(values).toHaveProperty('grant')
    await evict(grant())
    await runAlarm(grant())
    expect(await holdingsOf(grant())).toEqual(nothing)
  })

  it('refuses what comes late, as before: no code, no refresh token, no access token', async () => {
    const grant = await redeemed()
    await revoke(grant)
    setClock(day)
    await runAlarm(grant())
    expect((await grant().redeem(redemption)).value.status).toBe('refused')
    expect((await refreshed(grant, day)).value.status).toBe('refused')
    expect(
      (await grant().authorize({ ...order, code: { ...code, secretHash: 'new' } })).value,
    ).toBe(false)
    expect((await grant().managed(presenter)).value).toBe('unknown')
  })
})
