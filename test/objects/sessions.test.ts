import { evictDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Spend } from '../../src/objects/account/factors.ts'
import type { NewSession } from '../../src/objects/account/sessions.ts'
import { countOf, holdingsOf, made, nothing, parallel, setClock, start, stubsOf } from './support/objects.ts' // prettier-ignore

const stubs = stubsOf('bank')
const accountOf = (id: string) => made(stubs.account(id))
const password = { algorithm: 'PBKDF2-SHA-256', iterations: 1, salt: 'salt', hash: 'hash' } as const
const alice = {
  issuer: 'bank',
  username: 'alice',
  sub: 'sub-alice',
  password,
  codeSealed: 'sealed',
}

const session = (secretHash: string, changes: Partial<NewSession> = {}): NewSession => ({
  secretHash,
  browser: 'browser',
  epoch: 0,
  proofs: [{ method: 'password', at: Date.now() }],
  idle: 1_800_000,
  absolute: 43_200_000,
  ...changes,
})
const bothProofs = () =>
  [
    { method: 'password', at: Date.now() },
    { method: 'code', at: Date.now() },
  ] as const
const cookie = (secretHash: string, browser = 'browser') => ({ secretHash, browser })

async function newAccount() {
  const id = stubs.newAccountId()
  await accountOf(id).put(alice)
  const account = () => accountOf(id)
  const begin = async (input: NewSession) => (await account().startSession('bank', input)).value
  const opens = async (secretHash: string, browser?: string) =>
    (await account().openSession('bank', cookie(secretHash, browser))).value !== undefined
  return { account, begin, opens }
}

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('a session', () => {
  it('opens in the browser it was started in, also after eviction, and in no other', async () => {
    const { account, begin, opens } = await newAccount()
    expect((await begin(session('s1'))).status).toBe('started')
    await evictDurableObject(account())
    expect(await opens('s1')).toBe(true)
    expect(await opens('s1', 'another browser')).toBe(false)
    expect(await opens('s2')).toBe(false)
    const open = (await account().openSession('bank', cookie('s1'))).value
    expect(open).toMatchObject({
      session: { proofs: [{ method: 'password' }], clients: [] },
      credential: { username: 'alice', epoch: 0, code: { sealed: 'sealed', lastStep: 0 } },
    })
  })

  it('ends when it rests too long, however often it was seen before, and at its time in any case', async () => {
    const { opens, begin } = await newAccount()
    await begin(session('s1', { idle: 600_000, absolute: 1_500_000 }))
    setClock(599)
    expect(await opens('s1')).toBe(true)
    setClock(1_198)
    expect(await opens('s1')).toBe(true)
    setClock(1_499)
    expect(await opens('s1')).toBe(true)
    setClock(1_500)
    expect(await opens('s1')).toBe(false)
    await begin(session('s2', { idle: 600_000 }))
    setClock(1_500 + 600)
    expect(await opens('s2')).toBe(false)
  })

  it('is written at most once a minute by being seen', async () => {
    const { account, begin } = await newAccount()
    await begin(session('s1'))
    const rows = async () => (await account().openSession('bank', cookie('s1'))).rows
    expect(await rows()).toBe(0)
    setClock(59)
    expect(await rows()).toBe(0)
    setClock(60)
    expect([await rows(), await rows()]).toEqual([1, 0])
  })

  it('ATK-A1-18 gives its place to the next one of its browser: the old secret is worth nothing', async () => {
    const { account, begin, opens } = await newAccount()
    const first = await begin(session('s1'))
    const proofs = [
      { method: 'password', at: start },
      { method: 'code', at: start + 60_000 },
    ] as const
    setClock(60)
    const second = await begin(session('s2', { replaces: 's1', proofs }))
    expect([await opens('s1'), await opens('s2')]).toEqual([false, true])
    // A step-up goes on with the same session under a new secret, and lasts no longer than it.
    expect(first.status === 'started' && second.status === 'started' && second.id).toBe(
      first.status === 'started' && first.id,
    )
    const open = (await account().openSession('bank', cookie('s2'))).value
    expect(open?.session).toMatchObject({ createdAt: start, endsAt: start + 43_200_000, proofs })
    setClock(120)
    const anew = [{ method: 'password', at: start + 120_000 }] as const
    await begin(session('s3', { replaces: 's2', proofs: anew }))
    const whole = (await account().openSession('bank', cookie('s3'))).value
    expect(whole?.session).toMatchObject({ endsAt: start + 120_000 + 43_200_000 })
  })

  it('ATK-A1-18 hands on what was proven in it while it lives, also to a second tab, and not afterwards', async () => {
    const { account, begin, opens } = await newAccount()
    const first = await begin(session('s1', { absolute: 600_000 }))
    const continues = first.status === 'started' ? first.id : ''
    const carried = [{ method: 'password', at: start }] as const
    const stepUp = (secretHash: string) =>
      begin(session(secretHash, { replaces: 's1', continues, proofs: [...carried, fresh()] }))
    const fresh = () => ({ method: 'code', at: Date.now() }) as const
    setClock(60)
    const tabs = [await stepUp('s2'), await stepUp('s3')]
    expect(tabs).toEqual([first, first])
    expect([await opens('s1'), await opens('s2'), await opens('s3')]).toEqual([false, false, true])
    const many = await parallel(50, (index) => stepUp(`many ${index}`))
    expect(new Set(many.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify(first)]),
    )
    expect((await account().view('bank')).value?.sessions).toHaveLength(1)
    expect(await opens('s3')).toBe(false)
    // It lasts no longer than the session it goes on with.
    setClock(600)
    expect((await account().view('bank')).value?.sessions).toEqual([])
    const before = await holdingsOf(account())
    expect(await stepUp('s4')).toEqual({ status: 'stale' })
    expect(await holdingsOf(account())).toEqual(before)
    expect((await begin(session('s5'))).status).toBe('started')
    expect(await account().endSession('bank', 's5')).toMatchObject({ value: true })
    expect(await stepUp('s6')).toEqual({ status: 'stale' })
  })

  it('ATK-A1-18 is not begun in a browser that was signed out by what was proven there before', async () => {
    const { account, begin } = await newAccount()
    const half = [{ method: 'password', at: start }] as const
    await begin(session('s1'))
    setClock(60)
    await account().endSession('bank', 's1')
    setClock(120)
    const proofs = [...half, { method: 'code', at: Date.now() }] as const
    const spend = { kind: 'code', sealed: 'sealed', step: 7 } as const
    const late = session('s2', { proofs, spend })
    const before = await holdingsOf(account())
    expect(await begin(late)).toEqual({ status: 'stale' })
    expect(await holdingsOf(account())).toEqual(before)
    // Another browser was not signed out, and another login may have seen the person long ago.
    expect((await begin({ ...late, browser: 'another' })).status).toBe('started')
    const vouched = [{ method: 'delegated', at: start, level: 2 }] as const
    expect((await begin(session('s3', { proofs: vouched }))).status).toBe('started')
    await account().endSession('bank', 's2')
    setClock(120 + 86_400)
    await begin(session('s4'))
    await account().endSession('bank', 's4')
    const { values } = await holdingsOf(account())
    expect(Object.keys(values).filter((key) => key.startsWith('left:'))).toEqual(['left:browser'])
  })

  it('is not started for a disabled account, with an old credential, or for another issuer', async () => {
    const { account, begin } = await newAccount()
    expect((await begin(session('s1', { epoch: 1 }))).status).toBe('stale')
    expect((await account().startSession('other', session('s1'))).value.status).toBe('stale')
    await account().setEnabled('bank', false)
    expect((await begin(session('s1', { epoch: 1 }))).status).toBe('stale')
    const { values } = await holdingsOf(account())
    expect(Object.keys(values).filter((key) => key.startsWith('session:'))).toEqual([])
    await account().setEnabled('bank', true)
    expect((await begin(session('s1', { epoch: 1 }))).status).toBe('started')
  })

  it('ends with a new password, a new code secret and the disabling of its account', async () => {
    for (const change of ['password', 'code', 'disable']) {
      const { account, begin, opens } = await newAccount()
      await begin(session('s1'))
      expect(await opens('s1')).toBe(true)
      const { password: _password, codeSealed: _sealed, ...names } = alice
      if (change === 'password') await account().put({ ...names, password })
      if (change === 'code') await account().put({ ...names, codeSealed: 'another' })
      if (change === 'disable') await account().setEnabled('bank', false)
      expect(await opens('s1')).toBe(false)
    }
  })

  it('is ended once, by its own secret', async () => {
    const { account, begin, opens } = await newAccount()
    await begin(session('s1'))
    await begin(session('s2'))
    expect((await account().endSession('other', 's1')).value).toBe(false)
    expect((await account().endSession('bank', 's1')).value).toBe(true)
    expect((await account().endSession('bank', 's1')).value).toBe(false)
    expect([await opens('s1'), await opens('s2')]).toEqual([false, true])
  })

  it('writes nothing to an account that was never made', async () => {
    const account = accountOf(stubs.newAccountId())
    expect((await account.startSession('bank', session('s1'))).value.status).toBe('stale')
    expect((await account.openSession('bank', cookie('s1'))).value).toBeUndefined()
    expect((await account.endSession('bank', 's1')).value).toBe(false)
    expect(await holdingsOf(account)).toEqual(nothing)
  })

  it('is one of few: ended ones are dropped, and then the longest unseen', async () => {
    const { account, begin, opens } = await newAccount()
    for (let index = 0; index < 40; index += 1) {
      setClock(index)
      await begin(session(`s${index}`))
    }
    const { values } = await holdingsOf(account())
    expect(Object.keys(values).filter((key) => key.startsWith('session:'))).toHaveLength(32)
    expect([await opens('s7'), await opens('s8'), await opens('s39')]).toEqual([false, true, true])
  })

  it('is what a grant rests on: without it, nothing is promised', async () => {
    const { account, begin } = await newAccount()
    await begin(session('s1'))
    const promise = { grantId: 'g1', clientId: 'app', endsAt: start + 1 }
    const add = async (standing: { epoch: number; session?: string }) =>
      (await account().addGrant('bank', promise, standing)).value
    expect(await add({ epoch: 0, session: 'of nobody' })).toBe(false)
    expect(await add({ epoch: 0, session: 's1' })).toBe(true)
    const open = (await account().openSession('bank', cookie('s1'))).value
    expect(open?.session.clients).toEqual(['app'])
    await account().endSession('bank', 's1')
    expect(await add({ epoch: 0, session: 's1' })).toBe(false)
  })
})

describe('what a proof uses up', () => {
  const code = (step: number) => ({ kind: 'code', sealed: 'sealed', step }) as const satisfies Spend

  it('is a time step, once and never backwards, among 50 at the same time', async () => {
    const { begin } = await newAccount()
    const answers = await parallel(50, (index) => begin(session(`s${index}`, { spend: code(7) })))
    const statuses = answers.map(({ status }) => status)
    expect([countOf(statuses, 'started'), countOf(statuses, 'spent')]).toEqual([1, 49])
    expect((await begin(session('back', { spend: code(6) }))).status).toBe('spent')
    expect((await begin(session('next', { spend: code(8) }))).status).toBe('started')
  })

  it('is used up once by a double click, which comes to one session, within a minute and in its browser', async () => {
    const { account, begin, opens } = await newAccount()
    const click = session('s1', { spend: code(7) })
    const answers = await parallel(20, () => begin(click))
    const [first] = answers
    expect(first?.status).toBe('started')
    for (const answer of answers) expect(answer).toEqual(first)
    const before = await holdingsOf(account())
    setClock(59)
    expect(await begin(click)).toEqual(first)
    expect(await holdingsOf(account())).toEqual(before)
    expect((await begin({ ...click, browser: 'another' })).status).toBe('spent')
    setClock(60)
    expect((await begin(click)).status).toBe('spent')
    await account().endSession('bank', 's1')
    expect((await begin(click)).status).not.toBe('started')
    expect(await opens('s1')).toBe(false)
  })

  it('leaves everything as it was when it was used before', async () => {
    const { account, begin, opens } = await newAccount()
    await begin(session('s1', { spend: code(7) }))
    const before = await holdingsOf(account())
    expect((await begin(session('s2', { spend: code(7), replaces: 's1' }))).status).toBe('spent')
    expect(await holdingsOf(account())).toEqual(before)
    expect(await opens('s1')).toBe(true)
  })

  it('is never a code or a passkey the account does not have', async () => {
    const id = stubs.newAccountId()
    const { codeSealed: _sealed, ...withoutCode } = alice
    await accountOf(id).put(withoutCode)
    const until = start + 60_000
    const passkey = { kind: 'passkey', id: 'k', counter: 1, backedUp: false, challenge: 'c', until } as const // prettier-ignore
    for (const spend of [code(7), passkey, { kind: 'recovery', hash: 'h' } as const]) {
      const answer = await accountOf(id).startSession('bank', session('s1', { spend }))
      expect(answer.value.status).toBe('spent')
    }
  })

  it('is a code of the secret the account has now, and leaves a newer secret as it is', async () => {
    const { account, begin } = await newAccount()
    await begin(session('s1', { proofs: bothProofs() }))
    const by = {
      kind: 'session',
      secretHash: 's1',
      browser: 'browser',
      minimum: 2,
      whence: {},
    } as const
    await account().change('bank', by, { kind: 'set-code', sealed: 'a newer secret', step: 7 })
    const before = await holdingsOf(account())
    const late = { ...code(8), resealed: 'the old secret, sealed again' }
    expect(await begin(session('s2', { spend: late }))).toEqual({ status: 'spent' })
    expect(await holdingsOf(account())).toEqual(before)
    const own = { ...code(8), sealed: 'a newer secret' }
    expect((await begin(session('s3', { spend: own }))).status).toBe('started')
  })

  it('seals the secret anew where the Worker says so', async () => {
    const { account, begin } = await newAccount()
    await begin(session('s1', { spend: { ...code(9), resealed: 'sealed again' } }))
    expect((await account().credential('bank')).value?.code).toEqual({
      sealed: 'sealed again',
      lastStep: 9,
    })
  })
})
