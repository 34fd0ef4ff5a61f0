import { evictDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { env, holdingsOf, nothing, parallel } from './support/objects.ts'

const directory = (name: string) => env.DIRECTORY.getByName(name)
const person = (
  username: string,
  sub = `sub-${username}`,
  accountId = `account of ${username}`,
) => ({
  username,
  sub,
  accountId,
})

describe('Directory', () => {
  it('answers nothing and writes nothing when nobody was ever registered', async () => {
    const empty = directory('empty')
    const answers = [
      await empty.hasClient('app'),
      await empty.listClients('', 100),
      await empty.findAccount('alice'),
      await empty.findForSignIn('alice'),
      await empty.listAccounts('', 100),
      await empty.removeClient('app'),
    ]
    expect(answers.map(({ rows }) => rows)).toEqual(answers.map(() => 0))
    expect(answers.map(({ value }) => value)).toEqual([false, [], undefined, undefined, [], true])
    expect(await holdingsOf(empty)).toEqual(nothing)
  })

  it('gives a name to one of 50 people who register it at the same time', async () => {
    const answers = await parallel(50, (index) =>
      directory('race').addAccount(person('alice', `sub ${index}`, `account ${index}`)),
    )
    const values = answers.map(({ value }) => value)
    expect(new Set(values.map((value) => JSON.stringify(value))).size).toBe(1)
    expect((await directory('race').findAccount('alice')).value).toEqual(values[0])
    expect((await directory('race').listAccounts('', 100)).value).toHaveLength(1)
  })

  it('gives a sub to one of 50 people', async () => {
    const answers = await parallel(50, (index) =>
      directory('subs').addAccount(person(`person ${index}`, 'the same sub')),
    )
    const taken = answers.filter(({ value }) => value === 'sub-taken')
    expect(taken).toHaveLength(49)
    expect((await directory('subs').listAccounts('', 100)).value).toHaveLength(1)
  })

  it('SP-SC-06 ATK-A1-21 never gives one name to a client and to a person', async () => {
    const names = directory('disjoint')
    await names.addAccount(person('alice', 'a-name'))
    expect((await names.addClient('a-name')).value).toBe(false)
    expect((await names.hasClient('a-name')).value).toBe(false)
    expect((await names.addClient('an-app')).value).toBe(true)
    expect((await names.addAccount(person('mallory', 'an-app'))).value).toBe('sub-taken')
    expect((await names.findAccount('mallory')).value).toBeUndefined()
    expect((await names.addAccount(person('mallory', 'her-own'))).value).toMatchObject({
      sub: 'her-own',
    })
  })

  it('SP-SC-06 gives a contested name to clients or to people, never to both', async () => {
    const names = directory('contested')
    const [people, clients] = await Promise.all([
      parallel(25, (index) => names.addAccount(person(`person ${index}`, 'contested'))),
      parallel(25, () => names.addClient('contested')),
    ])
    const persons = people.filter(({ value }) => value !== 'sub-taken').length
    const asClient = clients.some(({ value }) => value)
    expect(persons + (asClient ? 1 : 0)).toBe(1)
  })

  it('lists in order, page by page, what was registered and not removed', async () => {
    const names = directory('pages')
    const ids = Array.from({ length: 25 }, (_, index) => `app-${String(index).padStart(2, '0')}`)
    await parallel(25, (index) => names.addClient(ids[24 - index] ?? ''))
    await names.removeClient('app-07')
    const first = (await names.listClients('', 10)).value
    const second = (await names.listClients(first.at(-1) ?? '', 10)).value
    const third = (await names.listClients(second.at(-1) ?? '', 10)).value
    expect([...first, ...second, ...third]).toEqual(ids.filter((id) => id !== 'app-07'))
    expect((await names.hasClient('app-07')).value).toBe(false)
    expect((await names.hasClient('app-08')).value).toBe(true)
  })

  it('ATK-A1-33 answers the decoy for people who do not exist, and never lists or finds it', async () => {
    const names = directory('decoy')
    await names.addAccount(person('', '', 'the decoy'))
    await names.addAccount(person('alice'))
    const known = await names.findForSignIn('alice')
    const unknown = await names.findForSignIn('nobody')
    expect(known.value?.accountId).toBe('account of alice')
    expect(unknown.value?.accountId).toBe('the decoy')
    expect(unknown.rows).toBe(known.rows)
    expect((await names.findAccount('nobody')).value).toBeUndefined()
    expect((await names.listAccounts('', 100)).value).toEqual([person('alice')])
  })

  it('keeps names apart that SQL or JavaScript could take for others', async () => {
    const names = directory('odd')
    const odd = ["'; DROP TABLE clients; --", '__proto__', 'a%', 'a_', 'Ａ', 'a\u0000b']
    await parallel(odd.length, (index) => names.addAccount(person(odd[index] ?? '')))
    for (const name of odd) {
      expect((await names.findAccount(name)).value).toEqual(person(name))
    }
    expect((await names.findAccount('ab')).value).toBeUndefined()
    expect((await names.listAccounts('', 100)).value).toHaveLength(odd.length)
  })

  it('survives eviction', async () => {
    await directory('evicted').addClient('app')
    await directory('evicted').addAccount(person('alice'))
    await evictDurableObject(directory('evicted'))
    expect((await directory('evicted').hasClient('app')).value).toBe(true)
    expect((await directory('evicted').findAccount('alice')).value).toEqual(person('alice'))
  })
})
