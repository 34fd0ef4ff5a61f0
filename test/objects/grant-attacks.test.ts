import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { newTokenRandom } from '../../src/handles.ts'
import type { Approved, RefreshAnswer, TokenOrder, UpdateAction } from '../../src/objects/grant.ts'
import {
  code,
  consent,
  newGrantId,
  order,
  presenter,
  redeemedGrant,
  redemption,
  refresh,
  token,
  tokenOf,
} from './support/grants.ts'
import { made, parallel, setClock, stubsOf } from './support/objects.ts'

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

const stubs = stubsOf('bank')

type OneGrant = Awaited<ReturnType<typeof redeemedGrant>>

const fresh = (change: Partial<TokenOrder> = {}): TokenOrder => ({
  ...token,
  random: newTokenRandom(),
  ...change,
})

function refreshed(answer: RefreshAnswer) {
  if (answer.status !== 'refreshed') throw new Error(answer.why)
  return answer
}

const entriesOf = async (grant: OneGrant) => made((await grant().evidence('bank')).value).entries
const bodiesOf = async (grant: OneGrant, kind: string) =>
  (await entriesOf(grant)).filter((entry) => entry.kind === kind).map(({ body }) => body)

/** An update that was agreed to and claimed. */
async function update(grant: OneGrant, action: UpdateAction, change: object = {}): Promise<void> {
  const secretHash = `code of ${newTokenRandom()}`
  const approved: Approved = {
    ...order,
    consent: { ...consent, ...change },
    code: { ...code, secretHash },
    managed: true,
    update: action,
    evidence: [{ kind: 'answer', body: { answer: 'approved', action } }],
  }
  expect((await grant().authorize(approved)).value).toBe(true)
  const { value } = await grant().redeem({ ...redemption, secretHash, token: fresh() })
  expect(value.status).toBe('redeemed')
}

const registered = { ...token.registered, scope: ['accounts'] }
const reissue = (withhold: string) => ({ ...presenter, withhold, token: fresh({ registered }) })

describe('a token decided anew because the registration changed', () => {
  it.each([
    ['its refresh token was revoked', (grant: OneGrant) => grant().revokeRefreshToken(refresh)],
    ['the grant was revoked', (grant: OneGrant) => grant().revoke('bank', { forbid: false })],
    ['the code was used twice', (grant: OneGrant) => grant().revokeForReuse(redemption)],
    ['GM-04 the grant was replaced', (grant: OneGrant) => update(grant, 'replace')],
    ['GM-03 the grant was merged with', (grant: OneGrant) => update(grant, 'merge')],
  ])('is refused, and the first withheld, when meanwhile %s', async (_what, end) => {
    const grant = await redeemedGrant()
    const first = refreshed((await grant().refresh({ ...refresh, token: fresh() })).value)
    await end(grant)
    const again = reissue(first.token.id)
    expect((await grant().reissue(again)).value).toMatchObject({
      status: 'refused',
      code: 'invalid_grant',
    })
    expect((await grant().token(tokenOf(first))).value).toBeUndefined()
    const withheld = await bodiesOf(grant, 'withheld')
    expect(withheld).toMatchObject([{ jti: first.token.id }])
    const issued = await bodiesOf(grant, 'token')
    expect(issued.some(({ by }) => by === 'reissue')).toBe(false)
    expect((await grant().reissue(again)).value.status).toBe('refused')
  })

  it('is recorded with what leaves beside it: nothing for a refresh', async () => {
    const grant = await redeemedGrant()
    const first = refreshed((await grant().refresh({ ...refresh, token: fresh() })).value)
    const openid = { ...token.registered, scope: ['openid', 'accounts'] }
    const again = { ...reissue(first.token.id), token: fresh({ registered: openid }) }
    const second = refreshed((await grant().reissue(again)).value)
    const [entry] = (await bodiesOf(grant, 'token')).filter(({ jti }) => jti === second.token.id)
    expect(entry).toMatchObject({ by: 'reissue', id_token: false, refresh_token: false })
  })

  it.each([
    ['the refresh token and the id_token of a code', undefined, true],
    ['no refresh token where the client may have none any more', false, false],
  ])('is recorded with what leaves beside it: %s', async (_what, mayRefresh, leaves) => {
    const grant = await redeemedGrant()
    const [code1] = await bodiesOf(grant, 'token')
    const change = mayRefresh === undefined ? {} : { refreshToken: mayRefresh }
    const now = { ...token.registered, ...change, scope: ['openid'] }
    const again = { ...reissue(String(code1?.['jti'])), token: fresh({ registered: now }) }
    const second = refreshed((await grant().reissue(again)).value)
    const [entry] = (await bodiesOf(grant, 'token')).filter(({ jti }) => jti === second.token.id)
    expect(entry).toMatchObject({ by: 'reissue', id_token: true, refresh_token: leaves })
  })
})

describe('a token that the gate refused', () => {
  it.each([
    ['many refreshes', (grant: OneGrant) =>
      parallel(40, () => grant().refresh({ ...refresh, token: fresh() }))],
    ['two approvals', async (grant: OneGrant) => {
      for (const secretHash of ['one', 'two']) {
        const approved = { ...order, code: { ...code, secretHash }, update: 'merge' } as const
        const evidence = [{ kind: 'answer', body: {} }] as const
        expect((await grant().authorize({ ...approved, evidence })).value).toBe(true)
      }
    }],
  ])('is withheld whatever came between: %s', async (_what, meanwhile) => {
    const grant = await redeemedGrant()
    const refused = fresh()
    const first = refreshed((await grant().refresh({ ...refresh, token: refused })).value)
    await meanwhile(grant)
    const withhold = { issuer: 'bank', random: refused.random, why: 'use_dpop_nonce' }
    expect((await grant().withhold(withhold)).value).toBe(true)
    expect((await grant().token(tokenOf(first))).value).toBeUndefined()
    expect(await bodiesOf(grant, 'withheld')).toEqual([
      { jti: first.token.id, why: 'use_dpop_nonce' },
    ])
    expect((await grant().withhold(withhold)).value).toBe(true)
    expect(await bodiesOf(grant, 'withheld')).toHaveLength(1)
  }) // prettier-ignore
})

describe('the last second of a grant', () => {
  it('brings no token that would end before it begins', async () => {
    const grant = await redeemedGrant()
    const last = order.lifetime / 1000
    setClock(last - 0.5)
    const issuedAt = Math.floor(Date.now() / 1000)
    const early = (await grant().refresh({ ...refresh, token: fresh({ issuedAt }) })).value
    expect(refreshed(early).token.expires).toBe(issuedAt + 1)
    const late = fresh({ issuedAt: issuedAt + 1 })
    expect((await grant().refresh({ ...refresh, token: late })).value.status).toBe('refused')
    const ends = (await bodiesOf(grant, 'token')).map(({ iat, exp }) => Number(exp) > Number(iat))
    expect(ends).toEqual([true, true])
  })
})

describe('the evidence of a long chain', () => {
  it('comes in parts that a call can carry', async () => {
    const grant = await redeemedGrant()
    const words = 'x'.repeat(300_000)
    for (let index = 0; index < 24; index += 1) {
      const approved = { ...order, code: { ...code, secretHash: `code ${index}` } }
      const evidence = [{ kind: 'consent', body: { index }, apart: { words } }] as const
      expect((await grant().authorize({ ...approved, update: 'merge', evidence })).value).toBe(true)
    }
    const first = made((await grant().evidence('bank')).value)
    const second = made((await grant().evidence('bank', first.next)).value)
    for (const part of [first, second]) {
      expect(JSON.stringify(part).length).toBeLessThan(6_000_000)
    }
    expect(second.next).toBeUndefined()
    const numbers = [...first.entries, ...second.entries].map(({ n }) => n)
    expect(numbers).toEqual(Array.from({ length: first.count }, (_, n) => n))
  })
})

describe('the id of a grant', () => {
  it('GM-14 is written in one way only', () => {
    const id = newGrantId()
    expect(stubs.grant(id)).toBeDefined()
    expect(stubs.grant(id.toUpperCase())).toBeUndefined()
  })
})
