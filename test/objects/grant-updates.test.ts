import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { hashOf } from '../../src/evidence/chain.ts'
import { newTokenRandom, randomOf } from '../../src/handles.ts'
import type { Approved, Consent, TokenOrder, UpdateAction } from '../../src/objects/grant.ts'
import {
  code,
  consent,
  grantOf,
  newGrantId,
  order,
  presenter,
  redeemedGrant,
  redemption,
  refresh,
  token,
  tokenOf,
} from './support/grants.ts'
import { countOf, evict, made, parallel, rewrite, setClock, start } from './support/objects.ts'

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

type OneGrant = Awaited<ReturnType<typeof redeemedGrant>>

/** An update as approval leaves it: its code not yet redeemed. */
function update(action: UpdateAction, index: number, change: Partial<Consent> = {}): Approved {
  return {
    ...order,
    consent: { ...consent, ...change },
    code: { ...code, secretHash: `code ${index}` },
    managed: true,
    update: action,
    evidence: [{ kind: 'answer', body: { answer: 'approved', action }, apart: { index } }],
  }
}

const fresh = (): TokenOrder => ({ ...token, random: newTokenRandom() })

const claim = (grant: OneGrant, index: number) =>
  grant().redeem({
    ...redemption,
    secretHash: `code ${index}`,
    refreshHash: `refresh ${index}`,
    token: fresh(),
  })

/** The chain, once every link of it was found whole. */
async function chainOf(grant: OneGrant) {
  const found = made((await grant().evidence('bank')).value)
  let before = hashOf(found.genesis)
  found.entries.forEach((entry, n) => {
    expect(entry).toMatchObject({ n, prev: before })
    before = hashOf(entry)
  })
  expect([found.count, found.head]).toEqual([found.entries.length, before])
  return found
}

describe('updates of a grant', () => {
  it('GM-32 are applied in the order they are claimed: one family of refresh tokens lives', async () => {
    const grant = await redeemedGrant()
    const scopes = Array.from({ length: 50 }, (_, index) => [`scope-${index}`, 'accounts'])
    await parallel(50, (index) =>
      grant().authorize(update('replace', index, { scope: scopes[index] ?? [] })),
    )
    const claims = await parallel(50, (index) => claim(grant, index))
    expect(claims.every(({ value }) => value.status === 'redeemed')).toBe(true)
    const last = (await grant().summary('bank')).value.consent?.scope
    const winner = scopes.findIndex((scope) => scope.join() === last?.join())
    const refreshed = await parallel(50, (index) =>
      grant().refresh({ ...refresh, secretHash: `refresh ${index}`, token: fresh() }),
    )
    const alive = refreshed.map(({ value }) => value.status === 'refreshed')
    expect(countOf(alive, true)).toBe(1)
    expect(alive.indexOf(true)).toBe(winner)
    expect((await grant().refresh(refresh)).value.status).toBe('refused')
    await chainOf(grant)
  })

  it('GM-03 merged in any order come to the same: everything agreed to', async () => {
    const grant = await redeemedGrant()
    const scopes = Array.from({ length: 20 }, (_, index) => `scope-${index}`)
    await parallel(20, (index) =>
      grant().authorize(update('merge', index, { scope: [scopes[index] ?? ''] })),
    )
    await parallel(20, (index) => claim(grant, index))
    const { value } = await grant().summary('bank')
    expect([...made(value.consent).scope].sort()).toEqual([...scopes, 'openid', 'accounts'].sort())
    const { entries } = await chainOf(grant)
    expect(entries.filter(({ kind }) => kind === 'change')).toHaveLength(20)
  })

  it('leave nothing alive that was issued after a revocation’s answer, whatever races it', async () => {
    const grant = await redeemedGrant()
    await parallel(20, (index) =>
      grant().authorize(update(index % 2 === 0 ? 'merge' : 'replace', index)),
    )
    const racing = [
      ...Array.from({ length: 20 }, (_, index) => claim(grant, index)),
      ...Array.from({ length: 15 }, () => grant().refresh({ ...refresh, token: fresh() })),
    ]
    const revoked = await grant().revoke('bank', { forbid: false, by: 'person' })
    expect(revoked.value).toBe('revoked')
    const more = await parallel(15, (index) => grant().authorize(update('merge', 100 + index)))
    expect(more.every(({ value }) => !value)).toBe(true)
    for (const { value } of await Promise.all(racing)) {
      if (value.status !== 'redeemed' && value.status !== 'refreshed') continue
      expect((await grant().token(tokenOf(value))).value).toBeUndefined()
    }
    const { entries } = await chainOf(grant)
    const end = entries.findIndex(({ kind }) => kind === 'revocation')
    expect(entries.slice(end + 1).filter(({ kind }) => kind === 'token')).toEqual([])
    expect((await claim(grant, 0)).value.status).not.toBe('redeemed')
  })

  it('come to one of the serial outcomes when fifty of all kinds race, and the chain says which', async () => {
    const grant = await redeemedGrant()
    const scopeOf = (index: number) => [`scope-${index}`, index % 3 === 0 ? 'accounts' : 'openid']
    const actionOf = (index: number) => (index % 2 === 0 ? 'merge' : 'replace')
    await parallel(24, (index) =>
      grant().authorize(update(actionOf(index), index, { scope: scopeOf(index) })),
    )
    const refreshes = () => grant().refresh({ ...refresh, token: fresh() })
    const [, revoked] = await Promise.all([
      Promise.all([parallel(20, (index) => claim(grant, index)), parallel(12, refreshes)]),
      // Late enough in the queue that some are before it, and some after.
      grant().revoke('bank', { forbid: false, by: 'client' }),
      Promise.all([parallel(4, (index) => claim(grant, 20 + index)), parallel(13, refreshes)]),
    ])
    expect(revoked.value).toBe('revoked')
    const { entries, apart } = await chainOf(grant)
    const agreed = new Map(
      entries
        .filter(({ kind }) => kind === 'answer')
        .map(({ n }) => {
          const index = Number(apart[`${n}/index`]?.item)
          return [`${actionOf(index)} ${scopeOf(index).join()}`, index]
        }),
    )
    expect(agreed.size).toBe(24)
    // The same in the order of the chain, one after the other.
    let serial: readonly string[] = consent.scope
    let ended = false
    const applied = new Set<number>()
    for (const { kind, body } of entries) {
      if (kind === 'revocation') ended = true
      if (kind !== 'change') continue
      expect(ended).toBe(false)
      const said = String(body['scope']).split(' ')
      const index = Array.from({ length: 24 }, (_, one) => one).find((one) => {
        const merges = actionOf(one) === 'merge'
        const next = merges ? [...new Set([...serial, ...scopeOf(one)])] : scopeOf(one)
        return !applied.has(one) && body['action'] === actionOf(one) && next.join() === said.join()
      })
      expect(index, 'a change that no update explains').toBeDefined()
      applied.add(index ?? -1)
      serial = said
    }
    expect(ended).toBe(true)
    const { value } = await grant().summary('bank')
    expect([value.status, value.consent?.scope]).toEqual(['revoked', serial])
    const tokens = entries.flatMap(({ kind, body }) =>
      kind === 'token' ? [String(body['jti'])] : [],
    )
    for (const id of tokens) {
      expect((await grant().token(tokenOf({ token: { id } }))).value).toBeUndefined()
    }
  })

  it.each([
    ['another person', { accountId: 'another account' }],
    ['another client', { clientId: 'evil' }],
    ['a later client of the same id', { generation: 'second' }],
  ])('GM-05 GM-31 refuse %s, and change nothing', async (_, change) => {
    const grant = await redeemedGrant()
    const { value: before } = await grant().evidence('bank')
    expect(await grant().authorize(update('merge', 1, change))).toEqual({ value: false, rows: 0 })
    expect((await grant().evidence('bank')).value).toEqual(before)
    expect((await grant().authorize(update('merge', 1))).value).toBe(true)
  })

  it('GM-34 refuse a grant that has ended, was never claimed or never was', async () => {
    const ended = await redeemedGrant()
    await ended().revoke('bank', { forbid: false })
    expect((await ended().authorize(update('merge', 1))).value).toBe(false)
    const never = newGrantId()
    expect((await grantOf(never).authorize(update('merge', 1))).value).toBe(false)
    await grantOf(never).authorize(order)
    expect((await grantOf(never).authorize(update('merge', 1))).value).toBe(false)
    await grantOf(never).redeem(redemption)
    expect((await grantOf(never).authorize(update('merge', 1))).value).toBe(true)
  })

  it('keep the series of a refresh token alive for as long as it lives', async () => {
    const grant = await redeemedGrant()
    await grant().authorize(update('merge', 1))
    await claim(grant, 1)
    setClock(2 * 86_400)
    // Making room for another code must not forget the one whose refresh token lives.
    await grant().authorize(update('merge', 2))
    const renewed = (await grant().refresh({ ...refresh, secretHash: 'refresh 1', token: fresh() }))
      .value
    if (renewed.status !== 'refreshed') throw new Error(renewed.why)
    expect((await grant().token(tokenOf(renewed))).value).toBeDefined()
  })
})

describe('what a grant records', () => {
  it('is one row with each token, and a page more with each sixteenth', async () => {
    const grant = await redeemedGrant()
    const rows: number[] = []
    for (let count = 0; count < 32; count += 1) {
      rows.push((await grant().refresh({ ...refresh, token: fresh() })).rows)
    }
    expect(countOf(rows, 2)).toBe(2)
    expect(countOf(rows, 1)).toBe(30)
    await evict(grant())
    expect((await chainOf(grant)).entries).toHaveLength(33)
  })

  it('says of a token what it says, and never more than its id', async () => {
    const grant = await redeemedGrant()
    const narrow = { ...fresh(), scope: ['accounts'] }
    const { value } = await grant().refresh({ ...refresh, token: narrow })
    if (value.status !== 'refreshed') throw new Error(value.why)
    const { entries } = await chainOf(grant)
    expect(entries.at(-1)).toMatchObject({
      kind: 'token',
      at: start,
      body: {
        jti: value.token.id,
        by: 'refresh',
        cnf: { jkt: 'thumbprint' },
        aud: 'https://api.example',
        scope: 'accounts',
        exp: start / 1000 + 300,
      },
    })
    expect(randomOf(value.token.id)).toBe(narrow.random)
  })

  it('a token that the gate refused is withheld: recorded once, and dead', async () => {
    const grant = await redeemedGrant()
    const [kept, refused] = [fresh(), fresh()]
    const answers = [
      (await grant().refresh({ ...refresh, token: kept })).value,
      (await grant().refresh({ ...refresh, token: refused })).value,
    ]
    const why = { issuer: 'bank', why: 'invalid_dpop_proof' }
    expect((await grant().withhold({ ...why, random: refused.random })).value).toBe(true)
    expect(await grant().withhold({ ...why, random: refused.random })).toEqual({
      value: true,
      rows: 0,
    })
    expect(await grant().withhold({ ...why, random: newTokenRandom() })).toEqual({
      value: false,
      rows: 0,
    })
    expect((await grant().withhold({ ...why, issuer: 'other', random: kept.random })).value).toBe(
      false,
    )
    const alive = await Promise.all(
      answers.map(async (answer) => {
        if (answer.status !== 'refreshed') throw new Error(answer.why)
        return (await grant().token(tokenOf(answer))).value !== undefined
      }),
    )
    expect(alive).toEqual([true, false])
    const { entries } = await chainOf(grant)
    expect(entries.filter(({ kind }) => kind === 'withheld')).toHaveLength(1)
  })

  it('a token decided by an old registration gives way to one by the new', async () => {
    const grant = await redeemedGrant()
    const { value: first } = await grant().refresh({ ...refresh, token: fresh() })
    if (first.status !== 'refreshed') throw new Error(first.why)
    const { id: withhold } = first.token
    const registered = { ...token.registered, scope: ['accounts'] }
    const again = { ...presenter, withhold, series: 1, token: { ...fresh(), registered } }
    const { value: second } = await grant().reissue(again)
    if (second.status !== 'refreshed') throw new Error(second.why)
    expect(second.token.scope).toEqual(['accounts'])
    expect((await grant().token(tokenOf(first))).value).toBeUndefined()
    expect((await grant().token(tokenOf(second))).value).toBeDefined()
    const unknown = { ...again, withhold: 'no token id' }
    expect((await grant().reissue(unknown)).value.status).toBe('refused')
    expect((await grant().reissue({ ...again, clientId: 'evil' })).value.status).toBe('refused')
    await chainOf(grant)
  })

  it('begins late for a grant that is older than chains, and says so', async () => {
    const grant = await redeemedGrant()
    await rewrite(grant(), 'grant', (value) => {
      const { chain, ...older } = value as { readonly chain: unknown }
      expect(chain).toBeDefined()
      return older
    })
    expect((await grant().evidence('bank')).value).toBeUndefined()
    expect((await grant().refresh({ ...refresh, token: fresh() })).value.status).toBe('refreshed')
    const { entries } = await chainOf(grant)
    expect(entries.map(({ kind }) => kind)).toEqual(['older', 'token'])
    expect(entries[0]?.body).toEqual({ created_at: start })
  })
})
