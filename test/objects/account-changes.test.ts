import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Account } from '../../src/objects/account.ts'
import type { By, Change } from '../../src/objects/account/changes.ts'
import type { Proof } from '../../src/types.ts'
import { grantOf, newGrantId, order } from './support/grants.ts'
import { countOf, env, holdingsOf, made, nothing, parallel, runAlarm, setClock, start, stubsOf } from './support/objects.ts' // prettier-ignore

const stubs = stubsOf('bank')
const accountOf = (id: string) => made(stubs.account(id))
const password = { algorithm: 'PBKDF2-SHA-256', iterations: 1, salt: 'salt', hash: 'hash' } as const
const newer = { ...password, hash: 'newer' } as const
const alice = { issuer: 'bank', username: 'alice', sub: 'sub-alice' }
const whence = { device: 'firefox/linux', country: 'AT' } as const

const by = (secretHash: string, changes: Partial<By> = {}): By => ({
  kind: 'session',
  secretHash,
  browser: 'browser',
  minimum: 2,
  whence,
  ...changes,
})

const proofs = (...methods: readonly Proof['method'][]): readonly Proof[] =>
  methods.map((method) => ({ method, at: Date.now() }))

/** An account with password and one-time code, and sessions with both proofs. */
async function newAccount(has: { readonly code?: boolean; readonly password?: boolean } = {}) {
  const id = stubs.newAccountId()
  const { code = true, password: withPassword = true } = has
  await accountOf(id).put({
    ...alice,
    ...(withPassword ? { password } : {}),
    ...(code ? { codeSealed: 'sealed' } : {}),
  })
  const account = () => accountOf(id)
  const begin = async (
    secretHash: string,
    changes: { readonly proofs?: readonly Proof[]; readonly browser?: string } = {},
  ) =>
    (
      await account().startSession('bank', {
        secretHash,
        browser: 'browser',
        epoch: 0,
        proofs: proofs('password', 'code'),
        idle: 3_600_000,
        absolute: 43_200_000,
        whence,
        ...changes,
      })
    ).value
  const change = async (wanted: Change, who: By = by('s1')) =>
    (await account().change('bank', who, wanted)).value
  const factors = async () => (await account().overview('bank')).value?.factors
  const opens = async (secretHash: string, browser = 'browser') =>
    (await account().openSession('bank', { secretHash, browser })).value !== undefined
  const kinds = async () => (await account().view('bank')).value?.activity.map(({ kind }) => kind)
  return { account, begin, change, factors, opens, kinds }
}

const setCode: Change = { kind: 'set-code', sealed: 'other secret', step: 7 }
const setPassword = (next: string): Change => ({ kind: 'set-password', password: newer, next })

const passkey = (id: string) => ({
  id,
  publicKey: 'key',
  counter: 0,
  transports: [],
  backupEligible: false,
  backedUp: false,
  name: id,
  addedAt: start,
})

const addPasskey = (account: DurableObjectStub<Account>, id: string) =>
  runInDurableObject(account, (_, { storage }) => storage.kv.put(`passkey:${id}`, passkey(id)))

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('a change of factors', () => {
  it('is made by a session whose second factor was shown lately', async () => {
    const { account, begin, change } = await newAccount()
    await begin('s1')
    expect(await change(setCode)).toEqual({ status: 'done', ended: [] })
    await evictDurableObject(account())
    expect((await account().credential('bank')).value?.code).toEqual({
      sealed: 'other secret',
      lastStep: 7,
    })
  })

  it('is refused on the password alone, without a session, and in another browser', async () => {
    const { account, begin, change } = await newAccount()
    await begin('s1', { proofs: proofs('password') })
    await begin('s2')
    const before = await holdingsOf(account())
    expect(await change(setCode)).toEqual({ status: 'not-fresh' })
    expect(await change(setCode, by('nobody'))).toEqual({ status: 'signed-out' })
    expect(await change(setCode, by('s2', { browser: 'another' }))).toEqual({
      status: 'signed-out',
    })
    expect(await change(setCode, by('s2', { kind: 'setup' }))).toEqual({ status: 'signed-out' })
    expect(await holdingsOf(account())).toEqual(before)
    expect((await change(setCode, by('s2'))).status).toBe('done')
  })

  it('is refused when the proofs are older than opening and filling in the form take', async () => {
    const { begin, change } = await newAccount()
    await begin('s1')
    setClock(959)
    expect((await change({ kind: 'set-recovery', hashes: ['a'] })).status).toBe('done')
    setClock(961)
    expect(await change({ kind: 'set-recovery', hashes: ['b'] })).toEqual({ status: 'not-fresh' })
  })

  it('is one when it arrives twice: the same confirmation, 50 times at once', async () => {
    const { begin, change, kinds } = await newAccount()
    await begin('s1')
    const answers = await parallel(50, () => change(setCode))
    expect(
      countOf(
        answers.map(({ status }) => status),
        'done',
      ),
    ).toBe(50)
    expect((await kinds())?.filter((kind) => kind === 'factor-added')).toHaveLength(1)
  })

  it('counts no step of a code again, though its confirmation arrives late once more', async () => {
    const { account, begin, change } = await newAccount()
    await begin('s1')
    const confirm = (step: number) => change({ kind: 'set-code', sealed: 'other secret', step })
    const stepUsed = async () => (await account().credential('bank')).value?.code?.lastStep
    await confirm(8)
    expect([await confirm(7), await stepUsed()]).toEqual([{ status: 'done', ended: [] }, 8])
    await confirm(9)
    expect(await stepUsed()).toBe(9)
  })

  it('never takes the last factor, and never leaves the password alone to whoever had two', async () => {
    const { account, begin, change, factors } = await newAccount()
    await begin('s1')
    const remove: Change = { kind: 'remove-code' }
    expect(await change(remove)).toEqual({ status: 'last-factor' })
    expect(await change(remove, by('s1', { minimum: 1 }))).toEqual({ status: 'last-factor' })
    expect(await factors()).toMatchObject({ totp: true })
    await addPasskey(account(), 'phone')
    expect((await change(remove)).status).toBe('done')
    expect(await factors()).toMatchObject({ totp: false, passkeys: 1 })
    expect(await change(remove)).toEqual({ status: 'unknown' })
  })

  it('makes recovery codes in the place of the earlier ones, for whoever has a second factor', async () => {
    const { account, begin, change, factors } = await newAccount()
    await begin('s1')
    await change({ kind: 'set-recovery', hashes: ['a', 'b'] })
    await change({ kind: 'set-recovery', hashes: ['c'] })
    expect(await factors()).toMatchObject({ recovery_codes: 1 })
    const spent = async (hash: string, secretHash = `by ${hash}`) =>
      (
        await account().startSession('bank', {
          secretHash,
          browser: 'browser',
          epoch: 0,
          proofs: proofs('password', 'recovery'),
          idle: 1_000,
          absolute: 1_000,
          spend: { kind: 'recovery', hash },
        })
      ).value.status
    expect([await spent('a'), await spent('c'), await spent('c', 'again')]).toEqual([
      'spent',
      'started',
      'spent',
    ])
  })
})

describe('a factor that is gone', () => {
  const has = { code: false }

  it('signs out whoever used it elsewhere: a code that is replaced or removed, a lost phone’s passkey', async () => {
    const lost: readonly [string, readonly Change[]][] = [
      ['replaced', [setCode]],
      ['removed', [{ kind: 'add-passkey', passkey: passkey('p1'), challenge: 'c', until: start + 1_000 }, { kind: 'remove-code' }]],
    ] // prettier-ignore
    for (const [what, changes] of lost) {
      const { begin, change, opens } = await newAccount()
      await begin('s1')
      await begin('s2', { browser: 'another' })
      for (const wanted of changes) {
        expect((await change(wanted)).status, what).toBe('done')
      }
      expect([await opens('s1'), await opens('s2', 'another')], what).toEqual([true, false])
    }
  })

  it('is none where one is added, or the same confirmation comes twice', async () => {
    const { begin, change, opens } = await newAccount(has)
    await begin('s1', { proofs: proofs('passkey') })
    await begin('s2', { browser: 'another' })
    expect((await change(setCode)).status).toBe('done')
    expect((await change(setCode)).status).toBe('done')
    expect([await opens('s1'), await opens('s2', 'another')]).toEqual([true, true])
  })
})

describe('a new password', () => {
  it('ends every other session; this one goes on under a new id with its proofs', async () => {
    const { account, begin, change, opens, kinds } = await newAccount()
    await begin('s1')
    await begin('s2', { browser: 'other' })
    const answer = await change(setPassword('s1 renewed'))
    expect(answer.status === 'done' && answer.ended.map(({ browser }) => browser)).toEqual([
      'other',
    ])
    expect([await opens('s1'), await opens('s2', 'other'), await opens('s1 renewed')]).toEqual([
      false,
      false,
      true,
    ])
    expect((await account().credential('bank')).value).toMatchObject({ password: newer, epoch: 1 })
    expect((await kinds())?.[0]).toBe('password-changed')
  })

  it('is set once of 50 at the same time', async () => {
    const { begin, change } = await newAccount()
    await begin('s1')
    const answers = await parallel(50, (index) => change(setPassword(`next ${index}`)))
    const statuses = answers.map(({ status }) => status)
    expect([countOf(statuses, 'done'), countOf(statuses, 'signed-out')]).toEqual([1, 49])
  })

  it('needs the second factor of whoever has one, and the password of whoever has no other', async () => {
    const two = await newAccount()
    await two.begin('s1', { proofs: proofs('password') })
    expect(await two.change(setPassword('next'))).toEqual({ status: 'not-fresh' })
    const single = await newAccount({ code: false })
    await single.begin('s1', { proofs: proofs('password') })
    expect((await single.change(setPassword('next'), by('s1', { minimum: 1 }))).status).toBe('done')
  })
})

describe('sessions elsewhere', () => {
  it('are ended one by one or all together, never the own', async () => {
    const { account, begin, change, opens } = await newAccount()
    for (const name of ['s1', 's2', 's3', 's4']) await begin(name)
    const sessions = (await account().view('bank')).value?.sessions ?? []
    const idOf = (hash: string) =>
      sessions.find(({ secretHash }) => secretHash === hash)?.session.id ?? ''
    expect((await change({ kind: 'end-session', id: idOf('s2') })).status).toBe('done')
    expect(await change({ kind: 'end-session', id: idOf('s2') })).toEqual({ status: 'unknown' })
    expect(await change({ kind: 'end-session', id: idOf('s1') })).toEqual({ status: 'unknown' })
    expect(await Promise.all(['s1', 's2', 's3', 's4'].map((name) => opens(name)))).toEqual([
      true, false, true, true,
    ]) // prettier-ignore
    expect((await change({ kind: 'end-other-sessions' })).status).toBe('done')
    expect(await Promise.all(['s1', 's3', 's4'].map((name) => opens(name)))).toEqual([
      true, false, false,
    ]) // prettier-ignore
    // With nobody else it is done all the same.
    expect(await change({ kind: 'end-other-sessions' })).toEqual({ status: 'done', ended: [] })
  })
})

describe('taking a permission back', () => {
  it('leaves nothing that a silent answer could rest on, though the grant is out of reach', async () => {
    const { account, begin } = await newAccount()
    await begin('s1')
    const grantId = newGrantId()
    const entry = (id: string) => ({ grantId: id, clientId: 'app', endsAt: start + 86_400_000 })
    await account().addGrant('bank', entry(grantId))
    const promise = async (restsOn: string, clientId = 'app') => {
      const promised = { ...entry(newGrantId()), clientId }
      return (await account().addGrant('bank', promised, { epoch: 0, restsOn })).value
    }
    expect(await promise(grantId)).toBe(false)
    await account().confirmGrant('bank', grantId)
    expect(await promise(grantId)).toBe(true)
    expect(await promise(grantId, 'another')).toBe(false)
    expect(await promise(newGrantId())).toBe(false)
    await account().endGrant('bank', by('s1'), grantId)
    expect(await promise(grantId)).toBe(false)
    expect((await account().listGrants('bank')).value).toHaveLength(2)
  })

  it('is noted and done later where the grant cannot be reached, and says so', async () => {
    const { account, begin, kinds } = await newAccount()
    await begin('s1')
    const grantId = newGrantId()
    await account().addGrant('bank', { grantId, clientId: 'app', endsAt: start + 86_400_000 })
    await grantOf(grantId).authorize(order)
    await account().confirmGrant('bank', grantId)
    const broken = {
      idFromString: (id: string) => env.GRANT.idFromString(id),
      get: () => ({ revoke: () => Promise.reject(new Error('out of reach')) }),
    }
    const answer = await runInDurableObject(account(), async (object) => {
      Object.assign(object, { env: { ...env, GRANT: broken } })
      const { value } = await object.endGrant('bank', by('s1'), grantId)
      Object.assign(object, { env })
      return value
    })
    expect(answer).toBe('ending')
    expect((await kinds())?.[0]).toBe('permission-ended')
    setClock(5)
    await runAlarm(account())
    expect((await grantOf(grantId).summary('bank')).value.status).toBe('revoked')
  })

  it('ends the grant at once, and is noted once however often it is asked', async () => {
    const { account, begin, kinds } = await newAccount()
    await begin('s1')
    const grantId = newGrantId()
    const entry = { grantId, clientId: 'app', endsAt: start + 86_400_000 }
    await account().addGrant('bank', entry)
    await grantOf(grantId).authorize(order)
    await account().confirmGrant('bank', grantId)
    const end = async (who: By) => (await account().endGrant('bank', who, grantId)).value
    expect(await end(by('s1', { browser: 'another' }))).toBe('signed-out')
    expect(await end(by('nobody'))).toBe('signed-out')
    expect(await end(by('s1', { kind: 'setup' }))).toBe('signed-out')
    expect((await account().endGrant('bank', by('s1'), newGrantId())).value).toBe('unknown')
    expect((await grantOf(grantId).summary('bank')).value.status).toBe('active')
    expect(countOf(await parallel(50, () => end(by('s1'))), 'ended')).toBe(50)
    expect((await grantOf(grantId).summary('bank')).value.status).toBe('revoked')
    expect((await kinds())?.filter((kind) => kind === 'permission-ended')).toHaveLength(1)
    expect((await account().listGrants('bank')).value).toMatchObject([{ endedAt: start }])
    expect((await holdingsOf(account())).values).not.toHaveProperty('ending')
  })
})

describe('a set-up link', () => {
  const link = (secretHash: string, kind: 'invite' | 'reset' = 'invite') => ({
    kind,
    secretHash,
    lifetime: 86_400_000,
  })
  const beginning = (of: string, secretHash = 'setup', epoch = 0) => ({
    link: of,
    epoch,
    setup: { secretHash, browser: 'browser' },
    lifetime: 900_000,
  })
  const setup = by('setup', { kind: 'setup' })

  it('begins once of 50 at the same time, and reading it burns nothing', async () => {
    const { account } = await newAccount({ code: false, password: false })
    expect((await account().makeSetupLink('bank', link('l1'))).value).toBe(start + 86_400_000)
    await parallel(50, () => account().readSetupLink('bank', 'l1'))
    const begun = await parallel(50, (index) =>
      account().beginSetup('bank', beginning('l1', `setup ${index}`)),
    )
    expect(
      countOf(
        begun.map(({ value }) => value),
        true,
      ),
    ).toBe(1)
    expect((await account().readSetupLink('bank', 'l1')).value).toBeUndefined()
  })

  it('is refused when another took its place, when its time is over, and when the password changed', async () => {
    const { account, begin, change } = await newAccount()
    await account().makeSetupLink('bank', link('l1'))
    await account().makeSetupLink('bank', link('l2'))
    const begins = async (of: string, epoch = 0) =>
      (await account().beginSetup('bank', beginning(of, 'setup', epoch))).value
    expect(await begins('l1')).toBe(false)
    await begin('s1')
    await change(setPassword('next'))
    expect(await begins('l2')).toBe(false)
    setClock(86_400)
    expect(await begins('l2', 1)).toBe(false)
    setClock(86_399)
    expect(await begins('l2', 1)).toBe(true)
  })

  it('leads to enrolling and nothing else, for 15 minutes', async () => {
    const { account, change, factors } = await newAccount({ code: false, password: false })
    await account().makeSetupLink('bank', link('l1'))
    await account().beginSetup('bank', beginning('l1'))
    expect((await change(setPassword(''), setup)).status).toBe('done')
    expect((await change(setCode, setup)).status).toBe('done')
    expect((await change({ kind: 'set-recovery', hashes: ['a'] }, setup)).status).toBe('done')
    expect(await factors()).toEqual({
      password: true, totp: true, passkeys: 0, recovery_codes: 1,
    }) // prettier-ignore
    await addPasskey(account(), 'phone')
    for (const kind of ['remove-code', 'end-other-sessions'] as const) {
      expect(await change({ kind }, setup), kind).toEqual({ status: 'signed-out' })
    }
    expect((await account().endGrant('bank', setup, 'a grant')).value).toBe('signed-out')
    // It opens no session, whatever it is called.
    expect(await change(setCode, by('setup'))).toEqual({ status: 'signed-out' })
    setClock(900)
    expect(await change(setCode, setup)).toEqual({ status: 'signed-out' })
    expect((await account().openSetup('bank', setup)).value).toBeUndefined()
  })

  it('with a reset takes everything away in the same turn', async () => {
    const { account, begin, factors, opens, kinds } = await newAccount()
    await addPasskey(account(), 'phone')
    await begin('s1')
    await account().makeSetupLink('bank', link('l1'))
    await account().beginSetup('bank', beginning('l1'))
    await account().makeSetupLink('bank', link('l2', 'reset'))
    expect(await factors()).toEqual({
      password: false, totp: false, passkeys: 0, recovery_codes: 0,
    }) // prettier-ignore
    expect(await opens('s1')).toBe(false)
    expect((await account().openSetup('bank', setup)).value).toBeUndefined()
    expect((await account().readSetupLink('bank', 'l2')).value).toMatchObject({
      kind: 'reset',
      credential: { epoch: 1 },
    })
    expect((await kinds())?.slice(0, 2)).toEqual(['operator-reset', 'link-used'])
    // Whoever comes afterwards, in whatever browser, is shown as new.
    const next = { secretHash: 's2', browser: 'browser', epoch: 1, proofs: proofs('password') }
    await account().startSession('bank', { ...next, idle: 1_000, absolute: 1_000, whence })
    expect((await kinds())?.[0]).toBe('new-device')
  })
})

describe('what an account answers', () => {
  const methods = (account: DurableObjectStub<Account>, issuer: string) => [
    () => account.view(issuer),
    () => account.change(issuer, by('s1'), { kind: 'end-other-sessions' }),
    () => account.endGrant(issuer, by('s1'), 'a grant'),
    () => account.noteFailure(issuer, { method: 'password' }),
    () => account.makeSetupLink(issuer, { kind: 'reset', secretHash: 'l', lifetime: 1 }),
    () => account.readSetupLink(issuer, 'l'),
    () =>
      account.beginSetup(issuer, {
        link: 'l',
        epoch: 0,
        setup: { secretHash: 's', browser: 'b' },
        lifetime: 1,
      }),
    () => account.openSetup(issuer, { secretHash: 's', browser: 'b' }),
    () => account.endSetup(issuer, { secretHash: 's', browser: 'b' }),
  ]
  const refusals = [
    undefined, { status: 'signed-out' }, 'signed-out', true, undefined, undefined, false, undefined, false,
  ] // prettier-ignore

  it('is unknown, and writes nothing, when it was never made', async () => {
    const account = accountOf(stubs.newAccountId())
    const answers = []
    for (const method of methods(account, 'bank')) answers.push(await method())
    expect(answers.map(({ value }) => value)).toEqual(refusals)
    expect(answers.map(({ rows }) => rows)).toEqual(refusals.map(() => 0))
    expect(await holdingsOf(account)).toEqual(nothing)
  })

  it('is unknown to another issuer, and stays as it was', async () => {
    const { account, begin } = await newAccount()
    await begin('s1')
    const before = await holdingsOf(account())
    const answers = []
    for (const method of methods(account(), 'other')) answers.push(await method())
    expect(answers.map(({ value }) => value)).toEqual(refusals)
    expect(await holdingsOf(account())).toEqual(before)
  })

  it('is whole for an account and grants stored before any of this was', async () => {
    const account = accountOf(stubs.newAccountId())
    await runInDurableObject(account, (_, { storage }) => {
      storage.kv.put('account', { ...alice, format: 1, enabled: true, password, claims: {} })
      const old = { grantId: 'g', clientId: 'app', status: 'authorized', createdAt: 1, endsAt: 2 }
      storage.kv.put('grant:g', old)
    })
    expect((await account.view('bank')).value).toMatchObject({
      grants: [{ grantId: 'g' }],
      sessions: [],
      activity: [],
    })
    expect((await account.overview('bank')).value?.factors).toEqual({
      password: true, totp: false, passkeys: 0, recovery_codes: 0,
    }) // prettier-ignore
  })
})
