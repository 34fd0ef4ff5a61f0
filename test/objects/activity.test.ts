import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { made, setClock, start, stubsOf } from './support/objects.ts'

const stubs = stubsOf('bank')
const day = 86_400

async function newAccount() {
  const id = stubs.newAccountId()
  const account = () => made(stubs.account(id))
  await account().put({ issuer: 'bank', username: 'alice', sub: 'sub-alice' })
  const activity = async () => (await account().view('bank')).value?.activity ?? []
  const fail = (method: 'password' | 'code' = 'password', device = '-/-') =>
    account().noteFailure('bank', { method, device })
  let made_ = 0
  const signIn = (browser: string) =>
    account().startSession('bank', {
      secretHash: `s${(made_ += 1)}`,
      browser,
      epoch: 0,
      proofs: [{ method: 'passkey', at: Date.now() }],
      idle: 1_000,
      absolute: 1_000,
      whence: { device: 'safari/ios', country: 'AT' },
    })
  return { account, activity, fail, signIn }
}

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('the activity of an account', () => {
  it('holds a sign-in with its method, device and country, the newest first', async () => {
    const { activity, signIn } = await newAccount()
    await signIn('one')
    setClock(5)
    await signIn('one')
    expect(await activity()).toEqual([
      {
        kind: 'sign-in',
        at: start + 5_000,
        method: 'passkey',
        device: 'safari/ios',
        country: 'AT',
      },
      { kind: 'new-device', at: start, method: 'passkey', device: 'safari/ios', country: 'AT' },
    ])
  })

  it('calls a browser new that is not among the last 20', async () => {
    const { activity, signIn } = await newAccount()
    for (let index = 0; index < 20; index += 1) await signIn(`browser ${index}`)
    await signIn('browser 0')
    expect((await activity())[0]?.kind).toBe('sign-in')
    // 0 was just seen, so that 1 is the one that is forgotten.
    await signIn('browser 20')
    await signIn('browser 0')
    expect((await activity())[0]?.kind).toBe('sign-in')
    await signIn('browser 1')
    expect((await activity())[0]?.kind).toBe('new-device')
  })

  it('counts the failures of an hour in one entry, by method', async () => {
    const { activity, fail } = await newAccount()
    for (let index = 0; index < 5; index += 1) await fail()
    await fail('code')
    expect(await activity()).toMatchObject([
      { kind: 'sign-in-failed', method: 'code', count: 1 },
      { kind: 'sign-in-failed', method: 'password', count: 5, since: start },
    ])
    setClock(3_599)
    await fail()
    setClock(3_600)
    await fail()
    expect(await activity()).toMatchObject([
      { method: 'password', count: 1, at: start + 3_600_000 },
      { method: 'password', count: 6, at: start + 3_599_000, since: start },
      { method: 'code' },
    ])
  })

  it('is not washed out by somebody who guesses for days', async () => {
    const { activity, fail, signIn } = await newAccount()
    await signIn('one')
    for (let hour = 0; hour < 100; hour += 1) {
      setClock(hour * 3_600)
      await fail()
    }
    const entries = await activity()
    expect(entries).toHaveLength(11)
    expect(entries.at(-1)?.kind).toBe('new-device')
  })

  it('writes no more once a hundred failures of an hour were counted', async () => {
    const { activity, fail } = await newAccount()
    for (let index = 0; index < 100; index += 1) await fail()
    expect((await activity())[0]?.count).toBe(100)
    expect((await fail()).rows).toBe(0)
    expect((await activity())[0]?.count).toBe(100)
  })

  it('keeps 50 entries, none older than 180 days', async () => {
    const { activity, signIn } = await newAccount()
    for (let index = 0; index < 60; index += 1) await signIn('one')
    expect(await activity()).toHaveLength(50)
    setClock(180 * day - 1)
    expect(await activity()).toHaveLength(50)
    setClock(180 * day)
    expect(await activity()).toEqual([])
  })

  it('holds what the operator does', async () => {
    const { account, activity } = await newAccount()
    await account().setEnabled('bank', false)
    await account().setEnabled('bank', false)
    await account().setEnabled('bank', true)
    const put = { issuer: 'bank', username: 'alice', sub: 'sub-alice' }
    await account().put({ ...put, codeSealed: 'sealed' })
    await account().put({ ...put, claims: { name: 'Alice' } })
    expect((await activity()).map(({ kind }) => kind)).toEqual([
      'operator-changed',
      'enabled',
      'disabled',
    ])
  })
})
