import { evictDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { clientIdForm } from '../../src/clients/ids.ts'
import { holdingsOf, made, nothing, parallel, stubsOf } from './support/objects.ts'

const stubs = stubsOf('bank')
const sector = 'app.example'

async function newAccount(username = 'alice') {
  const id = stubs.newAccountId()
  const account = () => made(stubs.account(id))
  await account().put({ issuer: 'bank', username, sub: `sub-${username}` })
  return account
}
type Find = Awaited<ReturnType<typeof newAccount>>

const subject = async (account: Find, of = sector, issuer = 'bank') =>
  (await account().pairwiseSubject(issuer, of)).value

describe('the pairwise subject of an account', () => {
  it('OIDC Core 8.1 is the same for ever: asked at once, asked late, after changes and evictions', async () => {
    const account = await newAccount()
    const subjects = await parallel(20, () => subject(account))
    const [first] = subjects
    expect(new Set(subjects).size).toBe(1)
    await evictDurableObject(account())
    expect(await subject(account)).toBe(first)
    const password = { algorithm: 'PBKDF2-SHA-256', iterations: 1, salt: 's', hash: 'h' } as const
    await account().put({ issuer: 'bank', username: 'alice', sub: 'sub-alice', password })
    await account().setEnabled('bank', false)
    expect(await subject(account)).toBe(first)
  })

  it('FAPI2 SP 6.7 can be taken for no client id, and tells neither sector nor account', async () => {
    const account = await newAccount()
    const first = (await subject(account)) ?? ''
    expect(first).toMatch(/^user-[A-Za-z0-9_-]{43}$/)
    expect(clientIdForm.test(first)).toBe(false)
  })

  it('OIDC Core 8.1 differs by sector and by person', async () => {
    const [one, two] = [await newAccount(), await newAccount()]
    const subjects = [
      await subject(one),
      await subject(one, 'www.app.example'),
      await subject(one, ''),
      await subject(two),
    ]
    expect(new Set(subjects).size).toBe(4)
  })

  it('rests on a salt made when it is first needed, also for accounts of before', async () => {
    const account = await newAccount()
    expect((await holdingsOf(account())).values).not.toHaveProperty('pairwise-salt')
    await subject(account)
    const { values } = await holdingsOf(account())
    expect(values['pairwise-salt']).toMatch(/^[A-Za-z0-9_-]{43}$/)
    await subject(account, 'other.example')
    expect((await holdingsOf(account())).values).toEqual(values)
  })

  it('is unknown at another issuer and where no account is, and writes nothing there', async () => {
    const account = await newAccount()
    const before = await holdingsOf(account())
    expect(await subject(account, sector, 'other')).toBeUndefined()
    expect(await holdingsOf(account())).toEqual(before)
    const id = stubs.newAccountId()
    const empty = () => made(stubs.account(id))
    expect(await subject(empty)).toBeUndefined()
    expect(await holdingsOf(empty())).toEqual(nothing)
  })
})
