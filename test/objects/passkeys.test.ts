import { evictDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readAssertion, verifyAssertion, verifyAttestation } from '../../src/people/passkeys.ts'
import type { By, Change } from '../../src/objects/account/changes.ts'
import type { Spend } from '../../src/objects/account/factors.ts'
import type { Level, Proof } from '../../src/types.ts'
import { createAuthenticator, toText } from '../support/authenticator.ts'
import { countOf, holdingsOf, made, parallel, setClock, start, stubsOf } from './support/objects.ts' // prettier-ignore

const stubs = stubsOf('bank')
const accountOf = (id: string) => made(stubs.account(id))
const password = { algorithm: 'PBKDF2-SHA-256', iterations: 1, salt: 'salt', hash: 'hash' } as const
const tenMinutes = 600_000

const proofs = (...methods: readonly Proof['method'][]): readonly Proof[] =>
  methods.map((method) => ({ method, at: Date.now() }))

const keyOf = (id: string) => ({
  id,
  publicKey: 'key',
  counter: 0,
  transports: [],
  backupEligible: false,
  backedUp: false,
  name: `The passkey ${id}`,
})

let challenges = 0
const addition = (id: string, changes: Partial<Change & { kind: 'add-passkey' }> = {}): Change => ({
  kind: 'add-passkey',
  passkey: keyOf(id),
  challenge: `challenge ${(challenges += 1)}`,
  until: Date.now() + tenMinutes,
  ...changes,
})

/** An account of somebody signed in with two factors in one browser. */
async function newAccount(
  has: { readonly password?: false; readonly code?: false } = {},
  minimum: Level = 1,
) {
  const id = stubs.newAccountId()
  const account = () => accountOf(id)
  await account().put({
    issuer: 'bank',
    username: 'alice',
    sub: 'sub-alice',
    ...(has.password === false ? {} : { password }),
    ...(has.code === false ? {} : { codeSealed: 'sealed' }),
  })
  const by: By = { kind: 'session', secretHash: 's1', browser: 'browser', minimum, whence: {} }
  const begin = async (secretHash: string, shown: readonly Proof[], spend?: Spend) => {
    const answer = await account().startSession('bank', {
      secretHash,
      browser: 'browser',
      epoch: 0,
      proofs: shown,
      idle: 1_800_000,
      absolute: 43_200_000,
      ...(spend === undefined ? {} : { spend }),
    })
    return answer.value.status
  }
  await begin('s1', proofs('password', 'code'))
  const change = async (wanted: Change, who: By = by) =>
    (await account().change('bank', who, wanted)).value.status
  const passkeys = async () => (await account().credential('bank')).value?.passkeys ?? []
  const ids = async () => (await passkeys()).map((passkey) => passkey.id).sort()
  return { id, account, by, begin, change, passkeys, ids }
}

const use = (changes: Partial<Extract<Spend, { kind: 'passkey' }>> = {}): Spend => ({
  kind: 'passkey',
  id: 'p1',
  counter: 0,
  backedUp: false,
  challenge: `challenge ${(challenges += 1)}`,
  until: Date.now() + tenMinutes,
  ...changes,
})

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('adding a passkey', () => {
  it('keeps it with its name and time, also after eviction, and notes it', async () => {
    const { account, change, passkeys } = await newAccount()
    expect(await change(addition('p1'))).toBe('done')
    await evictDurableObject(account())
    expect(await passkeys()).toEqual([{ ...keyOf('p1'), addedAt: start }])
    const { values } = await holdingsOf(account())
    expect(values['activity']).toMatchObject([
      { kind: 'factor-added', method: 'passkey', at: start },
      { kind: 'new-device' },
    ])
  })

  it('answers a challenge once, among 50 that arrive together', async () => {
    const { change, ids } = await newAccount()
    const challenge = 'one challenge'
    const answers = await parallel(50, (index) => change(addition(`p${index}`, { challenge })))
    expect([countOf(answers, 'done'), countOf(answers, 'spent')]).toEqual([1, 49])
    expect(await ids()).toHaveLength(1)
  })

  it('is too late at the end of its challenge, and just in time before', async () => {
    const { change, ids } = await newAccount()
    const late = addition('p1')
    const timely = addition('p2')
    setClock(599)
    expect(await change(timely)).toBe('done')
    setClock(600)
    expect(await change(late)).toBe('spent')
    expect(await ids()).toEqual(['p2'])
  })

  it('keeps each once, and twenty in all', async () => {
    const { change, ids, passkeys } = await newAccount()
    await change(addition('p0'))
    const again = { passkey: { ...keyOf('p0'), publicKey: 'another key' } }
    expect(await change(addition('p0', again))).toBe('known')
    expect((await passkeys())[0]?.publicKey).toBe('key')
    const answers = await parallel(30, (index) => change(addition(`p${index + 1}`)))
    expect([countOf(answers, 'done'), countOf(answers, 'full')]).toEqual([19, 11])
    expect(await ids()).toHaveLength(20)
  })

  it.each([
    ['a password alone', proofs('password'), 'not-fresh'],
    ['two factors', proofs('password', 'code'), 'done'],
    ['a recovery code', proofs('password', 'recovery'), 'done'],
    ['a passkey', proofs('passkey'), 'done'],
  ] as const)('A1-21 by whoever showed %s: %s', async (_what, shown, status) => {
    const { account, begin, by, change, ids } = await newAccount({ code: false })
    await begin('s2', shown.map((proof) => ({ ...proof, at: Date.now() }))) // prettier-ignore
    const before = await holdingsOf(account())
    expect(await change(addition('p1'), { ...by, secretHash: 's2' })).toBe(status)
    if (status === 'done') expect(await ids()).toEqual(['p1'])
    else expect(await holdingsOf(account())).toEqual(before)
  })

  it('is refused with factors shown long ago, without a session, and from another browser', async () => {
    const { by, change, ids } = await newAccount()
    expect(await change(addition('p1'), { ...by, secretHash: 's2' })).toBe('signed-out')
    expect(await change(addition('p1'), { ...by, browser: 'another' })).toBe('signed-out')
    setClock(1_000)
    expect(await change(addition('p1'))).toBe('not-fresh')
    expect(await ids()).toEqual([])
  })

  it('A1-21 is done by an operator’s link, which changes nothing else', async () => {
    const { account, by, change, ids } = await newAccount({ code: false })
    const link = { kind: 'invite', secretHash: 'link', lifetime: tenMinutes } as const
    await account().makeSetupLink('bank', link)
    const setup = { secretHash: 'setup', browser: 'browser' }
    const begun = { link: 'link', epoch: 0, setup, lifetime: tenMinutes }
    expect((await account().beginSetup('bank', begun)).value).toBe(true)
    const bySetup: By = { ...by, kind: 'setup', ...setup }
    expect(await change(addition('p1'), bySetup)).toBe('done')
    expect(await change({ kind: 'rename-passkey', id: 'p1', name: 'x' }, bySetup)).toBe('signed-out')
    expect(await change({ kind: 'remove-passkey', id: 'p1' }, bySetup)).toBe('signed-out')
    expect(await change(addition('p2'), { ...bySetup, secretHash: 'other' })).toBe('signed-out')
    expect(await ids()).toEqual(['p1'])
  }) // prettier-ignore
})

describe('signing in with a passkey', () => {
  it('uses up one assertion once, among 50 that arrive together', async () => {
    const { begin, change, passkeys } = await newAccount()
    await change(addition('p1'))
    const spend = use({ counter: 0 })
    const answers = await parallel(50, (index) => begin(`n${index}`, proofs('passkey'), spend))
    expect([countOf(answers, 'started'), countOf(answers, 'spent')]).toEqual([1, 49])
    expect((await passkeys())[0]).toMatchObject({ lastUsedAt: start })
  })

  it('refuses a counter that stands still or goes back, and takes one that grows', async () => {
    const { begin, change, passkeys } = await newAccount()
    await change(addition('p1', { passkey: { ...keyOf('p1'), counter: 5 } }))
    for (const counter of [5, 4, 0]) {
      expect(await begin('n', proofs('passkey'), use({ counter }))).toBe('spent')
    }
    expect((await passkeys())[0]).toEqual({ ...keyOf('p1'), counter: 5, addedAt: start })
    expect(await begin('n', proofs('passkey'), use({ counter: 6 }))).toBe('started')
    expect((await passkeys())[0]).toMatchObject({ counter: 6 })
  })

  it('takes the same challenge from no second passkey, and not at its end', async () => {
    const { begin, change } = await newAccount()
    await change(addition('p1'))
    await change(addition('p2'))
    const spend = use({ challenge: 'one' })
    expect(await begin('n1', proofs('passkey'), spend)).toBe('started')
    expect(await begin('n2', proofs('passkey'), { ...spend, id: 'p2' } as Spend)).toBe('spent')
    const late = use()
    const timely = use()
    setClock(599)
    expect(await begin('n3', proofs('passkey'), timely)).toBe('started')
    setClock(600)
    expect(await begin('n4', proofs('passkey'), late)).toBe('spent')
  })

  it('records that the passkey is kept elsewhere now', async () => {
    const { begin, change, passkeys } = await newAccount()
    await change(addition('p1', { passkey: { ...keyOf('p1'), backupEligible: true } }))
    await begin('n1', proofs('passkey'), use({ backedUp: true }))
    expect((await passkeys())[0]).toMatchObject({ backupEligible: true, backedUp: true })
  })

  it('is over for a passkey that was removed, a disabled account and an old credential', async () => {
    const { account, begin, change } = await newAccount()
    await change(addition('p1'))
    expect(await change({ kind: 'remove-passkey', id: 'p1' })).toBe('done')
    expect(await begin('n1', proofs('passkey'), use())).toBe('spent')
    await change(addition('p1'))
    await account().setEnabled('bank', false)
    expect(await begin('n1', proofs('passkey'), use())).toBe('stale')
    await account().setEnabled('bank', true)
    expect(await begin('n1', proofs('passkey'), use())).toBe('stale')
  })
})

describe('removing a passkey', () => {
  it('takes one of two away, notes it, and knows it no more', async () => {
    const { account, change, ids } = await newAccount({ code: false })
    await begunWith(account, ['p1', 'p2'])
    expect(await change({ kind: 'remove-passkey', id: 'p1' })).toBe('done')
    expect(await ids()).toEqual(['p2'])
    expect(await change({ kind: 'remove-passkey', id: 'p1' })).toBe('unknown')
    const { values } = await holdingsOf(account())
    expect(values['activity']).toMatchObject([{ kind: 'factor-removed', method: 'passkey' }, {}, {}, {}]) // prettier-ignore
  })

  it.each([
    ['the only way to sign in', { password: false, code: false }, 1, 'last-factor'],
    ['the second factor of a password', { code: false }, 1, 'last-factor'],
    ['one way beside password and code', {}, 1, 'done'],
    ['what a phishing-resistant minimum needs', {}, 3, 'last-factor'],
  ] as const)('A1-21 of %s is judged by what is left', async (_what, has, minimum, status) => {
    const { account, change, ids } = await newAccount(has, minimum)
    await begunWith(account, ['p1'])
    expect(await change({ kind: 'remove-passkey', id: 'p1' })).toBe(status)
    expect(await ids()).toEqual(status === 'done' ? [] : ['p1'])
  })

  it('leaves one of two that are removed at the same time', async () => {
    const { account, change, ids } = await newAccount({ code: false })
    await begunWith(account, ['p1', 'p2'])
    const answers = await parallel(20, (index) =>
      change({ kind: 'remove-passkey', id: index % 2 === 0 ? 'p1' : 'p2' }),
    )
    expect(countOf(answers, 'done')).toBe(1)
    expect(countOf(answers, 'last-factor')).toBeGreaterThan(0)
    expect(await ids()).toHaveLength(1)
  })

  it('leaves a second factor when the code is removed at the same time', async () => {
    const { account, change, ids } = await newAccount()
    await begunWith(account, ['p1'])
    const answers = await Promise.all([
      change({ kind: 'remove-passkey', id: 'p1' }),
      change({ kind: 'remove-code' }),
    ])
    expect([...answers].sort()).toEqual(['done', 'last-factor'])
    const { code } = (await account().credential('bank')).value ?? {}
    expect((await ids()).length + (code === undefined ? 0 : 1)).toBe(1)
  })
})

describe('renaming a passkey', () => {
  it('changes the name alone, and nothing of another account', async () => {
    const { account, change, passkeys } = await newAccount()
    const other = await newAccount()
    await begunWith(account, ['p1'])
    expect(await change({ kind: 'rename-passkey', id: 'p1', name: 'Phone' })).toBe('done')
    expect(await passkeys()).toEqual([{ ...keyOf('p1'), name: 'Phone', addedAt: start }])
    expect(await other.change({ kind: 'rename-passkey', id: 'p1', name: 'x' })).toBe('unknown')
  })
})

/** Passkeys from before, whatever the account has now. */
async function begunWith(
  account: () => ReturnType<typeof accountOf>,
  ids: readonly string[],
): Promise<void> {
  const who = { kind: 'session', secretHash: 's1', browser: 'browser', minimum: 1, whence: {} }
  for (const id of ids) await account().change('bank', who as By, addition(id))
}

describe('passkeys in the runtime of production', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('are verified with %s', async (algorithm) => {
    const origin = 'https://as.bank.example'
    const challenge = toText(crypto.getRandomValues(new Uint8Array(32)))
    const expected = { rpId: 'as.bank.example', origin, challenge }
    const authenticator = await createAuthenticator(origin, { algorithm })
    const user = { id: toText(new Uint8Array(32)) }
    const answer = await authenticator.create({ challenge, rp: { id: expected.rpId }, user })
    const made = await verifyAttestation(JSON.stringify(answer), expected)
    if (!made.ok) throw new Error(made.refusal.detail)
    const passkey = { ...made.value, name: '', addedAt: 0 }
    const shown = await authenticator.get({ challenge, rpId: expected.rpId })
    const assertion = readAssertion(JSON.stringify(shown))
    if (assertion === undefined) throw new Error('unreadable')
    expect(await verifyAssertion(assertion, passkey, expected)).toMatchObject({ ok: true })
    const bent = { ...assertion, signature: assertion.signature.map((octet) => octet ^ 1) }
    expect(await verifyAssertion(bent, passkey, expected)).toMatchObject({ ok: false })
  })
})
