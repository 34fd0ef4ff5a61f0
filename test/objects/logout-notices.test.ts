import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { holdingsOf, made, runAlarm, setClock, start, stubsOf } from './support/objects.ts'

const stubs = stubsOf('bank')

async function newAccount() {
  const id = stubs.newAccountId()
  const account = () => made(stubs.account(id))
  await account().put({ issuer: 'bank', username: 'alice', sub: 'sub-alice' })
  return account
}
type Find = Awaited<ReturnType<typeof newAccount>>

const proof = (at: number) => ({ method: 'password', at }) as const
const session = (secretHash: string, replaces?: string) => ({
  secretHash,
  browser: 'browser',
  epoch: 0,
  proofs: [proof(start)],
  idle: 600_000,
  absolute: 3_600_000,
  ...(replaces === undefined ? {} : { replaces }),
})

const give = (account: Find, secretHash: string, clientId = 'app') => {
  const grant = { grantId: stubs.newGrantId(), clientId, endsAt: start + 86_400_000 }
  return account().addGrant('bank', grant, { epoch: 0, session: secretHash, generation: 'g1' })
}

const owed = async (account: Find) =>
  Object.entries((await holdingsOf(account())).values)
    .filter(([key]) => key.startsWith('notice:'))
    .map(([, value]) => value as { readonly clients: readonly string[]; readonly session: string })

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('the clients of an ended session', () => {
  it('are owed a notice, at once, when grants were given in it', async () => {
    const account = await newAccount()
    const { value } = await account().startSession('bank', session('one'))
    expect((await give(account, 'one')).value).toBe(true)
    expect((await give(account, 'one', 'second')).value).toBe(true)
    expect(await owed(account)).toEqual([])
    await account().endSession('bank', 'one')
    expect(await owed(account)).toMatchObject([
      {
        session: value.status === 'started' ? value.id : '',
        clients: ['app', 'second'],
        generations: { app: 'g1', second: 'g1' },
        tries: 0,
      },
    ])
    expect((await holdingsOf(account())).alarm).toBe(start)
  })

  it('are none where none was given, and nobody is woken', async () => {
    const account = await newAccount()
    await account().startSession('bank', session('one'))
    await account().endSession('bank', 'one')
    expect(await owed(account)).toEqual([])
    expect((await holdingsOf(account())).alarm).toBeNull()
  })

  it('are owed nothing for a session that had ended by itself, or was never there', async () => {
    const account = await newAccount()
    await account().startSession('bank', session('one'))
    await give(account, 'one')
    setClock(601)
    await account().endSession('bank', 'one')
    await account().endSession('bank', 'unknown')
    expect(await owed(account)).toEqual([])
  })

  it('are not told of a step-up, and are of the end of what came of it', async () => {
    const account = await newAccount()
    await account().startSession('bank', session('one'))
    await give(account, 'one')
    await account().startSession('bank', session('two', 'one'))
    expect(await owed(account)).toEqual([])
    await account().endSession('bank', 'one')
    expect(await owed(account)).toEqual([])
    await account().endSession('bank', 'two')
    expect(await owed(account)).toMatchObject([{ clients: ['app'] }])
  })

  it.each([
    ['a new password', (account: Find) => account().put({ issuer: 'bank', username: 'alice', sub: 'sub-alice', password: { algorithm: 'PBKDF2-SHA-256', iterations: 1, salt: 's', hash: 'h' } })],
    ['disabling', (account: Find) => account().setEnabled('bank', false)],
    ['a reset', (account: Find) => account().makeSetupLink('bank', { kind: 'reset', secretHash: 'x', lifetime: 1_000 })],
  ] as const)('are owed a notice of every session by %s of the operator', async (_what, end) => {
    const account = await newAccount()
    for (const secret of ['one', 'two']) {
      await account().startSession('bank', session(secret))
      await give(account, secret)
    }
    await end(account)
    expect(await owed(account)).toHaveLength(2)
    expect((await holdingsOf(account())).alarm).toBe(start)
  }) // prettier-ignore

  it('all hear of a session that two tabs stepped up, whichever of them each was given a grant in', async () => {
    const account = await newAccount()
    const { value } = await account().startSession('bank', session('one'))
    const continues = value.status === 'started' ? value.id : ''
    for (const [tab, client] of [
      ['two', 'first'],
      ['three', 'second'],
    ] as const) {
      const proofs = [proof(start), { method: 'code', at: start } as const]
      const started = await account().startSession('bank', { ...session(tab, 'one'), continues, proofs }) // prettier-ignore
      expect(started.value).toEqual({ status: 'started', id: continues })
      await give(account, tab, client)
    }
    await account().setEnabled('bank', false)
    const [notice, ...others] = await owed(account)
    expect(others).toEqual([])
    expect(notice).toMatchObject({
      session: continues,
      generations: { first: 'g1', second: 'g1' },
      tries: 0,
    })
    expect([...(notice?.clients ?? [])].sort()).toEqual(['first', 'second'])
  })

  it('are struck off by the alarm when they are gone or did not register for it', async () => {
    const account = await newAccount()
    await account().startSession('bank', session('one'))
    await give(account, 'one')
    await account().endSession('bank', 'one')
    await runAlarm(account())
    expect(await owed(account)).toEqual([])
    // What is left to do is the promised grant.
    expect((await holdingsOf(account())).alarm).toBe(start + 600_000)
  })
})
