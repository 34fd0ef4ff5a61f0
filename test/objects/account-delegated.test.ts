import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { holdingsOf, made, nothing, parallel, setClock, stubsOf } from './support/objects.ts'

const stubs = stubsOf('bank')
const ana = {
  issuer: 'bank',
  username: `delegated:${'a'.repeat(64)}`,
  sub: 'user-ana',
  claims: { name: 'Ana' },
  shownAs: 'Ana',
}

function newAccount() {
  const id = stubs.newAccountId()
  return () => made(stubs.account(id))
}

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('the account of a person of another login', () => {
  it('is made by the first sign-in, with nothing to sign in with here', async () => {
    const account = newAccount()
    const { value } = await account().welcome(ana)
    expect(value).toMatchObject({ username: 'Ana', sub: 'user-ana', enabled: true, passkeys: [] })
    expect(value).not.toHaveProperty('password')
    expect(value).not.toHaveProperty('code')
    const person = await account().person('bank')
    expect(person.value).toMatchObject({ sub: 'user-ana', claims: { name: 'Ana' } })
  })

  it('is one when the first sign-in comes twenty times at once', async () => {
    const account = newAccount()
    const answers = await parallel(20, () => account().welcome(ana))
    expect(answers.filter(({ rows }) => rows > 0)).toHaveLength(1)
  })

  it('takes over what is new, writes nothing when nothing is, and keeps its sub and its epoch', async () => {
    const account = newAccount()
    const first = (await account().welcome(ana)).value
    expect((await account().welcome(ana)).rows).toBe(0)
    const renamed = { ...ana, sub: 'user-other', claims: { name: 'Ana Lima' }, shownAs: 'Ana Lima' }
    const second = (await account().welcome(renamed)).value
    expect(second).toEqual({ ...first, username: 'Ana Lima' })
    expect((await account().person('bank')).value?.claims).toEqual({ name: 'Ana Lima' })
    const { shownAs: _shownAs, ...unnamed } = renamed
    expect((await account().welcome(unnamed)).value?.username).toBe(ana.username)
  })

  it('is not touched while it is disabled', async () => {
    const account = newAccount()
    await account().welcome(ana)
    await account().setEnabled('bank', false)
    const { value, rows } = await account().welcome({ ...ana, claims: { name: 'Another' } })
    expect([value?.enabled, rows]).toEqual([false, 0])
    await account().setEnabled('bank', true)
    expect((await account().person('bank')).value?.claims).toEqual({ name: 'Ana' })
  })

  it('is another issuer’s to nobody', async () => {
    const account = newAccount()
    await account().welcome(ana)
    const { value, rows } = await account().welcome({ ...ana, issuer: 'shop' })
    expect([value, rows]).toEqual([undefined, 0])
    const empty = newAccount()
    expect((await empty().overview('bank')).value).toBeUndefined()
    expect(await holdingsOf(empty())).toEqual(nothing)
  })

  it('is listed under its name, with what people call it', async () => {
    const account = newAccount()
    await account().welcome(ana)
    const { value } = await account().overview('bank')
    expect(value).toMatchObject({ username: ana.username, shown_as: 'Ana', sub: 'user-ana' })
  })
})
