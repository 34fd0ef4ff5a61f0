import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { grantOf, newGrantId, order, redemption, refresh } from './support/grants.ts'
import {
  countOf,
  env,
  holdingsOf,
  made,
  nothing,
  parallel,
  rewrite,
  runAlarm,
  setClock,
  start,
  stubsOf,
} from './support/objects.ts'

const stubs = stubsOf('bank')
const password = { algorithm: 'PBKDF2-SHA-256', iterations: 1, salt: 'salt', hash: 'hash' } as const
const alice = {
  issuer: 'bank',
  username: 'alice',
  sub: 'sub-alice',
  password,
  claims: { name: 'Alice' },
}
const accountOf = (id: string) => made(stubs.account(id))

async function newAccount() {
  const id = stubs.newAccountId()
  await accountOf(id).put(alice)
  return () => accountOf(id)
}
type Find = Awaited<ReturnType<typeof newAccount>>

const promise = (grantId: string) => ({ grantId, clientId: 'app', endsAt: start + 86_400_000 })

/** Promises a grant and authorises it, as approval does. */
async function give(account: Find): Promise<string> {
  const grantId = newGrantId()
  expect((await account().addGrant('bank', promise(grantId))).value).toBe(true)
  expect((await grantOf(grantId).authorize(order)).value).toBe(true)
  await account().confirmGrant('bank', grantId)
  return grantId
}

const listed = async (account: Find) =>
  (await account().listGrants('bank')).value.map(({ grantId, status }) => [grantId, status])

const statusOf = async (grantId: string) => (await grantOf(grantId).summary('bank')).value.status

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('Account', () => {
  it('is created once by 50 parallel writes, and changed by the others', async () => {
    const id = stubs.newAccountId()
    const answers = await parallel(50, () => accountOf(id).put(alice))
    const values = answers.map(({ value }) => value)
    expect([countOf(values, 'created'), countOf(values, 'changed')]).toEqual([1, 49])
  })

  it('changes what is given, keeps the rest, and never enables again', async () => {
    const account = await newAccount()
    await account().setEnabled('bank', false)
    const { password: _password, claims: _claims, ...names } = alice
    await account().put({ ...names, claims: { name: 'Alice Liddell' } })
    expect((await account().credential('bank')).value).toEqual({
      enabled: false,
      username: 'alice',
      sub: 'sub-alice',
      password,
      epoch: 1,
      passkeys: [],
      recoveryCodes: 0,
    })
    expect((await account().person('bank')).value).toBeUndefined()
    await account().setEnabled('bank', true)
    expect((await account().person('bank')).value?.claims).toEqual({ name: 'Alice Liddell' })
  })

  it('survives eviction with its grants', async () => {
    const account = await newAccount()
    const grantId = await give(account)
    await evictDurableObject(account())
    expect((await account().person('bank')).value?.sub).toBe('sub-alice')
    expect(await listed(account)).toEqual([[grantId, 'authorized']])
  })

  it('answers unknown and writes nothing when it was never made', async () => {
    const account = accountOf(stubs.newAccountId())
    const answers = [
      await account.credential('bank'),
      await account.person('bank'),
      await account.overview('bank'),
      await account.addGrant('bank', promise('a grant')),
      await account.confirmGrant('bank', 'a grant'),
      await account.listGrants('bank'),
      await account.setEnabled('bank', false),
    ]
    expect(answers.map(({ rows }) => rows)).toEqual(answers.map(() => 0))
    expect(answers.map(({ value }) => value)).toEqual([
      undefined, undefined, undefined, false, true, [], false,
    ]) // prettier-ignore
    await runAlarm(account)
    expect(await holdingsOf(account)).toEqual(nothing)
  })

  it('is unknown to another issuer in every method, and stays as it was', async () => {
    const account = await newAccount()
    const grantId = await give(account)
    const before = await holdingsOf(account())
    const answers = [
      await account().credential('other'),
      await account().person('other'),
      await account().overview('other'),
      await account().addGrant('other', promise('a grant')),
      await account().confirmGrant('other', grantId),
      await account().listGrants('other'),
      await account().setEnabled('other', false),
      await account().put({ ...alice, issuer: 'other', sub: 'sub-mallory' }),
    ]
    expect(answers.map(({ value }) => value)).toEqual([
      undefined, undefined, undefined, false, true, [], false, 'unknown',
    ]) // prettier-ignore
    expect(await holdingsOf(account())).toEqual(before)
    expect(await statusOf(grantId)).toBe('active')
  })
})

describe('the grants of an account', () => {
  it('list each promised grant once, however often it was promised', async () => {
    const account = await newAccount()
    const ids = Array.from({ length: 10 }, newGrantId)
    await parallel(50, (index) => account().addGrant('bank', promise(ids[index % 10] ?? '')))
    expect((await listed(account)).sort()).toEqual(ids.map((id) => [id, 'pending']).sort())
  })

  it('drop a promise after ten minutes when the grant was never authorised', async () => {
    const account = await newAccount()
    const grantId = newGrantId()
    await account().addGrant('bank', promise(grantId))
    expect((await holdingsOf(account())).alarm).toBe(start + 600_000)
    setClock(599)
    await runAlarm(account())
    expect(await listed(account)).toEqual([[grantId, 'pending']])
    expect((await holdingsOf(account())).alarm).toBe(start + 600_000)
    setClock(600)
    expect(await runAlarm(account())).toBe(true)
    expect(await listed(account)).toEqual([])
    expect((await holdingsOf(account())).alarm).toBeNull()
    // A click that comes later still cannot make a grant its owner would not see.
    expect((await grantOf(grantId).authorize(order)).value).toBe(false)
    expect(await statusOf(grantId)).toBe('revoked')
  })

  it('are told of as given when they are, once, and not when they were promised only', async () => {
    const account = await newAccount()
    const told = async () =>
      ((await account().view('bank')).value?.activity ?? []).map(({ kind }) => kind)
    await account().addGrant('bank', promise(newGrantId()))
    expect(await told()).toEqual([])
    const grantId = await give(account)
    await parallel(20, () => account().confirmGrant('bank', grantId))
    expect(await told()).toEqual(['permission-given'])
    setClock(600)
    await runAlarm(account())
    expect(await told()).toEqual(['permission-given'])
  })

  it('confirm a promise after ten minutes when only the confirmation was lost', async () => {
    const account = await newAccount()
    const grantId = newGrantId()
    await account().addGrant('bank', promise(grantId))
    await grantOf(grantId).authorize(order)
    setClock(600)
    expect(await runAlarm(account())).toBe(true)
    expect(await listed(account)).toEqual([[grantId, 'authorized']])
  })

  it('drop and confirm each promise in its own time', async () => {
    const account = await newAccount()
    const [first, second] = [newGrantId(), newGrantId()]
    await account().addGrant('bank', promise(first))
    setClock(300)
    await account().addGrant('bank', promise(second))
    await evictDurableObject(account())
    setClock(600)
    await runAlarm(account())
    expect(await listed(account)).toEqual([[second, 'pending']])
    expect((await holdingsOf(account())).alarm).toBe(start + 900_000)
  })

  it('are forgotten a month after their end, when the next one is promised', async () => {
    const account = await newAccount()
    const [first, second, third] = [newGrantId(), newGrantId(), newGrantId()]
    await account().addGrant('bank', promise(first))
    setClock(31 * 86_400)
    await account().addGrant('bank', promise(second))
    expect((await listed(account)).map(([id]) => id).sort()).toEqual([first, second].sort())
    setClock(31 * 86_400 + 1)
    await account().addGrant('bank', promise(third))
    expect((await listed(account)).map(([id]) => id)).not.toContain(first)
  })
})

describe('disabling an account', () => {
  it('SP-CR-11 ends the grants it has and those it was promised', async () => {
    const account = await newAccount()
    const existing = await give(account)
    await grantOf(existing).redeem(redemption)
    const pending = newGrantId()
    await account().addGrant('bank', promise(pending))
    expect(await statusOf(existing)).toBe('active')
    expect((await account().setEnabled('bank', false)).value).toBe(true)
    expect(await statusOf(existing)).toBe('revoked')
    expect((await grantOf(existing).refresh(refresh)).value.status).toBe('refused')
    expect((await grantOf(pending).authorize(order)).value).toBe(false)
  })

  it.each(['nothing', 'an empty list, as an earlier release kept it'])(
    'leaves no alarm that goes off again and again where no grant is to end, but %s',
    async (kept) => {
      const account = await newAccount()
      expect((await account().setEnabled('bank', false)).value).toBe(true)
      if (kept !== 'nothing')
        await rewrite(account(), 'ending', () => ({ ids: [], retryAt: start }))
      // An alarm that was set for something else finds nothing to do.
      await runInDurableObject(account(), (_, { storage }) => storage.setAlarm(start + 5_000))
      setClock(6)
      expect(await runAlarm(account())).toBe(true)
      expect((await holdingsOf(account())).alarm).toBe(null)
    },
  )

  it('promises no further grant until it is enabled, and ended grants do not revive', async () => {
    const account = await newAccount()
    const existing = await give(account)
    await account().setEnabled('bank', false)
    expect((await account().addGrant('bank', promise(newGrantId()))).value).toBe(false)
    await account().setEnabled('bank', true)
    expect(await statusOf(existing)).toBe('revoked')
    // A sign-in from before the disabling counts no more; one from after it does.
    expect((await account().addGrant('bank', promise(newGrantId()))).value).toBe(false)
    const { epoch = 0 } = (await account().credential('bank')).value ?? {}
    expect((await account().addGrant('bank', promise(newGrantId()), { epoch })).value).toBe(true)
  })

  it('and a new password end the sign-ins from before', async () => {
    const account = await newAccount()
    const standing = async () => ({
      epoch: (await account().credential('bank')).value?.epoch ?? 0,
    })
    const before = await standing()
    expect((await account().addGrant('bank', promise(newGrantId()), before)).value).toBe(true)
    await account().put({ ...alice, password: { ...password, hash: 'another' } })
    expect((await account().addGrant('bank', promise(newGrantId()), before)).value).toBe(false)
    const after = await standing()
    expect((await account().addGrant('bank', promise(newGrantId()), after)).value).toBe(true)
  })

  it('leaves no grant alive among 20 that are given at the same time', async () => {
    const account = await newAccount()
    const ids = Array.from({ length: 20 }, newGrantId)
    const approvals = parallel(20, async (index) => {
      const grantId = ids[index] ?? ''
      if (!(await account().addGrant('bank', promise(grantId))).value) return
      await grantOf(grantId).authorize(order)
    })
    await Promise.all([approvals, account().setEnabled('bank', false)])
    for (const grantId of ids) expect(await statusOf(grantId)).not.toBe('active')
  })

  it('tries again by its alarm to end grants that could not be reached', async () => {
    const account = await newAccount()
    const existing = await give(account)
    expect(await disableOutOfReach(account)).toBe('1 grants could not be ended yet')
    expect((await account().credential('bank')).value?.enabled).toBe(false)
    expect(await statusOf(existing)).toBe('active')
    expect((await holdingsOf(account())).alarm).toBe(start + 5_000)
    setClock(5)
    expect(await runAlarm(account())).toBe(true)
    expect(await statusOf(existing)).toBe('revoked')
  })

  it('ends the rest when only some grants were out of reach, and forgets none for a second disabling', async () => {
    const account = await newAccount()
    const first = await give(account)
    await disableOutOfReach(account)
    await account().setEnabled('bank', true)
    const { epoch = 0 } = (await account().credential('bank')).value ?? {}
    const second = newGrantId()
    await account().addGrant('bank', promise(second), { epoch })
    await grantOf(second).authorize(order)
    await disableOutOfReach(account)
    expect([await statusOf(first), await statusOf(second)]).toEqual(['active', 'active'])
    setClock(5)
    expect(await runAlarm(account())).toBe(true)
    expect([await statusOf(first), await statusOf(second)]).toEqual(['revoked', 'revoked'])
  })

  it('is not put off by grants that are given meanwhile', async () => {
    const account = await newAccount()
    const existing = await give(account)
    await disableOutOfReach(account)
    await account().setEnabled('bank', true)
    const { epoch = 0 } = (await account().credential('bank')).value ?? {}
    expect((await account().addGrant('bank', promise(newGrantId()), { epoch })).value).toBe(true)
    expect((await holdingsOf(account())).alarm).toBe(start + 5_000)
    setClock(5)
    await runAlarm(account())
    expect(await statusOf(existing)).toBe('revoked')
    expect((await holdingsOf(account())).alarm).toBe(start + 600_000)
  })

  /** Disables while every grant is out of reach: a fault of the platform. Answers what was thrown. */
  function disableOutOfReach(account: Find): Promise<string> {
    const broken = {
      idFromString: (id: string) => env.GRANT.idFromString(id),
      get: () => ({ revoke: () => Promise.reject(new Error('out of reach')) }),
    }
    return runInDurableObject(account(), async (object) => {
      Object.assign(object, { env: { ...env, GRANT: broken } })
      const answer = await object.setEnabled('bank', false).catch((error: Error) => error.message)
      Object.assign(object, { env })
      return typeof answer === 'string' ? answer : 'nothing'
    })
  }
})
