import { evictDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { copyKeys } from '../../src/objects/names.ts'
import { clientOf, enabledStanding, metadata, newClient, put } from './support/clients.ts'
import {
  countOf,
  env,
  holdingsOf,
  nothing,
  parallel,
  runAlarm,
  setClock,
  start,
} from './support/objects.ts'

const soon = start + 70_000
const copyOf = (clientId: string) => env.COPIES.get(copyKeys.client('bank', clientId), 'json')

beforeEach(() => setClock(0))
afterEach(() => vi.useRealTimers())

describe('Client.use', () => {
  it('ATK-A1-12 accepts one of 50 parallel uses of the same assertion', async () => {
    const client = await newClient('race')
    const answers = await parallel(50, () => client().use('assertion', soon))
    const uses = answers.map(({ value }) => value.use)
    expect([countOf(uses, 'fresh'), countOf(uses, 'used')]).toEqual([1, 49])
  })

  it('accepts 50 different assertions in parallel', async () => {
    const client = await newClient('many')
    const answers = await parallel(50, (index) => client().use(`assertion ${index}`, soon))
    expect(answers.every(({ value }) => value.use === 'fresh')).toBe(true)
  })

  it('writes one row for an assertion and none for a replay', async () => {
    const client = await newClient('rows')
    await client().use('first', soon)
    expect((await client().use('second', soon)).rows).toBe(1)
    expect((await client().use('second', soon)).rows).toBe(0)
    expect((await client().check()).rows).toBe(0)
  })

  it('ATK-A1-12 still knows a used assertion after it was evicted', async () => {
    const client = await newClient('evicted')
    expect((await client().use('assertion', soon)).value.use).toBe('fresh')
    await evictDurableObject(client())
    expect((await client().use('assertion', soon)).value.use).toBe('used')
    expect((await client().use('another', soon)).value.use).toBe('fresh')
  })

  it('ATK-A1-12 never accepts an assertion again at any time, sweeps included', async () => {
    const client = await newClient('window')
    const until = start + 610_000
    expect((await client().use('assertion', until)).value.use).toBe('fresh')
    for (let second = 0; second <= 1_800; second += 30) {
      setClock(second)
      await runAlarm(client())
      const { use } = (await client().use('assertion', until)).value
      expect(use).toBe(second <= 610 ? 'used' : 'late')
    }
    // The table is gone, and the client is not.
    const held = await holdingsOf(client())
    expect([held.tables, held.alarm]).toEqual([[], null])
    expect((await client().use('later', start + 1_900_000)).value.use).toBe('fresh')
  })

  it('ATK-A1-12 keeps used assertions while an id is deleted and made again', async () => {
    const client = await newClient('again')
    expect((await client().use('assertion', soon)).value.use).toBe('fresh')
    await client().remove()
    expect((await client().use('another', soon)).value.standing.status).toBe('unknown')
    await put('again')
    expect((await client().use('assertion', soon)).value.use).toBe('used')
    expect((await client().use('another', soon)).value.use).toBe('fresh')
  })
})

describe('Client.put', () => {
  it('creates once when 50 operators register the same id, and counts the changes', async () => {
    const created = await parallel(50, () => put('contested', { ifAbsent: true }))
    const answers = created.map(({ value }) => value.status)
    expect([countOf(answers, 'created'), countOf(answers, 'exists')]).toEqual([1, 49])
    await parallel(50, () => put('contested'))
    expect((await clientOf('contested').check()).value).toMatchObject({ version: 51 })
    const generations = new Set(created.map(({ value }) => value.client.generation))
    expect(generations.size).toBe(1)
  })

  it('copies to KV what it decided, and takes the copy back on deletion', async () => {
    const client = await newClient('copied')
    expect(await copyOf('copied')).toEqual((await client().load()).value)
    await client().setEnabled(false)
    expect(await copyOf('copied')).toMatchObject({ enabled: false, version: 2 })
    await client().remove()
    expect(await copyOf('copied')).toBeNull()
  })

  it('never enables a disabled client', async () => {
    const client = await newClient('still-disabled')
    await client().setEnabled(false)
    await put('still-disabled', { metadata: { ...metadata, client_name: 'Renamed' } })
    expect((await client().check()).value).toMatchObject({ status: 'disabled', version: 3 })
    await client().setEnabled(true)
    expect((await client().check()).value).toMatchObject({ status: 'enabled', version: 4 })
  })

  it('survives eviction', async () => {
    const client = await newClient('kept')
    const before = await client().load()
    await evictDurableObject(client())
    expect((await client().load()).value).toEqual(before.value)
  })
})

describe('the life of a client', () => {
  it('SP-PAR-10 refuses every use at once after it was disabled', async () => {
    const client = await newClient('disabled')
    await client().setEnabled(false)
    const answers = await parallel(50, (index) => client().use(`assertion ${index}`, soon))
    expect(answers.every(({ value }) => value.standing.status === 'disabled')).toBe(true)
    await client().setEnabled(true)
    expect((await client().use('enabled again', soon)).value.standing.status).toBe('enabled')
  })

  it('is another generation when its id is deleted and made again', async () => {
    const client = await newClient('reborn')
    const first = await enabledStanding(client())
    await put('reborn')
    expect((await enabledStanding(client())).generation).toBe(first.generation)
    await client().remove()
    expect((await client().check()).value).toEqual({ status: 'unknown' })
    await put('reborn')
    expect((await enabledStanding(client())).generation).not.toBe(first.generation)
  })

  it('SP-CR-11 ends its own tokens when it is disabled or deleted, and they do not revive', async () => {
    const client = await newClient('own-tokens')
    const alive = async (epoch: number) =>
      (await client().tokenAlive({ id: 'token', epoch, operator: false })).value
    const first = await enabledStanding(client())
    expect(await alive(first.epoch)).toBe(true)
    await client().setEnabled(false)
    expect(await alive(first.epoch)).toBe(false)
    await client().setEnabled(true)
    const second = await enabledStanding(client())
    expect([await alive(first.epoch), await alive(second.epoch)]).toEqual([false, true])
    await client().remove()
    expect(await alive(second.epoch)).toBe(false)
    await put('own-tokens')
    const third = await enabledStanding(client())
    expect([await alive(first.epoch), await alive(second.epoch)]).toEqual([false, false])
    expect(await alive(third.epoch)).toBe(true)
  })

  it('SP-RS-03 ends each of 50 tokens that are revoked side by side, and no other', async () => {
    const client = await newClient('revoking')
    const { epoch } = await enabledStanding(client())
    const alive = async (id: string) =>
      (await client().tokenAlive({ id, epoch, operator: false })).value
    await parallel(50, (index) => client().revokeToken(`token ${index}`, start + 300_000))
    await evictDurableObject(client())
    const answers = await parallel(50, (index) => alive(`token ${index}`))
    expect(answers.includes(true)).toBe(false)
    expect(await alive('token 50')).toBe(true)
    // Remembered for a minute after every clock should refuse them, then forgotten.
    setClock(359)
    await client().revokeToken('late', start + 600_000)
    expect(await alive('token 0')).toBe(false)
    setClock(360)
    await client().revokeToken('later', start + 600_000)
    const { values } = await holdingsOf(client())
    expect(values['revoked']).toMatchObject([{ id: 'late' }, { id: 'later' }])
  })
})

describe('an object without a client', () => {
  it('ATK-A1-12 answers unknown and writes nothing', async () => {
    const nobody = clientOf('nobody')
    const unknown = { status: 'unknown' }
    expect(await nobody.use('assertion', soon)).toMatchObject({
      rows: 0,
      value: { standing: unknown },
    })
    expect(await nobody.check()).toEqual({ rows: 0, value: unknown })
    expect(await nobody.load()).toEqual({ rows: 0, value: undefined })
    expect(await nobody.setEnabled(true)).toEqual({ rows: 0, value: undefined })
    expect(await nobody.remove()).toEqual({ rows: 0, value: false })
    expect(await nobody.openShards(4, 0)).toEqual({ rows: 0, value: false })
    const token = { id: 'token', epoch: 0, operator: false }
    expect(await nobody.tokenAlive(token)).toEqual({ rows: 0, value: false })
    await runAlarm(nobody)
    expect(await holdingsOf(nobody)).toEqual(nothing)
    expect(await copyOf('nobody')).toBeNull()
  })
})
